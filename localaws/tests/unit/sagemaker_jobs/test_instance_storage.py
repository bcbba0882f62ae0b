from __future__ import annotations

import pytest
from moto.core.utils import get_service_model
from moto.ec2.models.instance_types import INSTANCE_TYPES

from localaws.services.sagemaker.jobs.instance_storage import local_gigabytes

_MODEL = get_service_model("sagemaker")
SAGEMAKERS = sorted({*_MODEL.shape_for("ProcessingInstanceType").enum, *_MODEL.shape_for("TransformInstanceType").enum})


@pytest.mark.aws_rule(
    "Which instance types have local storage, and how much, is what EC2's DescribeInstanceTypes says of them",
    page="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceTypeInfo.html",
)
def test_the_table_says_of_every_type_what_ec2_says() -> None:
    known = {name: INSTANCE_TYPES.get(name.removeprefix("ml.")) for name in SAGEMAKERS}
    told = {
        name: one["InstanceStorageInfo"]["TotalSizeInGB"] if one.get("InstanceStorageSupported") else None
        for name, one in known.items()
        if one is not None
    }
    assert len(told) > 150
    assert {name: local_gigabytes(name) for name in told} == told
