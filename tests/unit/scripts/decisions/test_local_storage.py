"""No volume key goes to instance types with disks of their own, and one goes to all others."""

from __future__ import annotations

import pytest

from scripts.decisions.local_storage import has_local_storage

pytestmark = pytest.mark.aws_rule(
    "Instance types with local storage take no VolumeKmsKeyId",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformResources.html",
)


@pytest.mark.parametrize(
    "name",
    ["ml.m5d.large", "ml.r5d.24xlarge", "ml.c6id.large", "ml.g4dn.xlarge", "ml.g5.xlarge", "ml.p4d.24xlarge"],
)
def test_with_disks_of_their_own(name: str) -> None:
    assert has_local_storage(name)


@pytest.mark.parametrize(
    "name",
    ["ml.m5.large", "ml.c5.xlarge", "ml.r5.large", "ml.m4.10xlarge", "ml.p3.2xlarge", "ml.inf2.xlarge"],
)
def test_with_volumes_alone(name: str) -> None:
    assert has_local_storage(name) is False


def test_of_a_family_that_is_younger_than_the_table_ec2_decides() -> None:
    assert has_local_storage("ml.x99.large") is None
    assert has_local_storage("ml.x99.large", {"ml.x99.large": True}) is True
    assert has_local_storage("no-type") is None
