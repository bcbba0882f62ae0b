"""A stage in another partition of AWS: deployed, run and verified with its ARNs, addresses and roles, IAM enforced."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.conftest import PREPROD
from tests.functional.scripts.site import PIPELINE, EmbeddedAws, Site


@pytest.mark.parametrize(
    ("region", "partition"),
    [("cn-north-1", "aws-cn"), ("eusc-de-east-1", "aws-eusc")],
)
def test_a_stage_of_another_partition_is_deployed_and_verified(tmp_path: Path, region: str, partition: str) -> None:
    (tmp_path / "aws").mkdir()
    aws = EmbeddedAws(tmp_path / "aws", "--enforce-iam", region=region)
    try:
        site = Site(tmp_path, aws.address, aws.client, region=region)
        aws.prepare(site)
        site.write_pipeline(PIPELINE.replace("ap-southeast-2", region))
        site.register()
        site.put_input()
        done = site.run("deploy", "--stage", "preprod")
        assert done.returncode == 0, done.stderr
        assert "is live in preprod and verified" in done.stdout
        assert f"arn:{partition}:sagemaker:{region}:{PREPROD}:model-package/" in done.stdout
        assert f"arn:{partition}:sagemaker:{region}:{PREPROD}:pipeline/" in done.stdout
        assert "arn:aws:" not in done.stdout + done.stderr
        identity = aws.client("sts", account=PREPROD).get_caller_identity()
        assert identity["Arn"] == f"arn:{partition}:iam::{PREPROD}:root"
    finally:
        aws.stop()
