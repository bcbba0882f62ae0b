"""A model that a deployment replaced outlives the executions that use it, and is deleted once none does."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.functional.conftest import PREPROD
from tests.functional.scripts.site import BUCKETS, DEADLINE, SCORE, Site

WAITING = """
import os, time, boto3
s3 = boto3.client("s3")
while s3.list_objects_v2(Bucket="{bucket}", Prefix="hold/" + os.environ["MODEL_NAME"])["KeyCount"]:
    time.sleep(0.1)
"""


def models(site: Site) -> set[str]:
    """Names of the site's models: those that its executions were given."""
    sagemaker = site.client("sagemaker", account=PREPROD)
    given = {name for arn in executions(site) for name in [parameters(sagemaker, arn)["ModelName"]]}
    return given & {each["ModelName"] for each in sagemaker.list_models(MaxResults=100)["Models"]}


def executions(site: Site) -> list[str]:
    """ARNs, newest first."""
    return [str(each["PipelineExecutionArn"]) for each in site.executions()]


def parameters(sagemaker: Any, arn: str) -> dict[str, str]:
    answer = sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)
    return {each["Name"]: each["Value"] for each in answer["PipelineParameters"]}


@pytest.mark.aws_rule(
    "A replaced resource is deleted in the stack's cleanup unless its UpdateReplacePolicy says Retain",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-updatereplacepolicy.html",
)
def test_a_replaced_model_outlives_its_executions_and_is_deleted_later(ready_site: Site) -> None:
    site, sagemaker = ready_site, ready_site.client("sagemaker", account=PREPROD)
    # It runs while an object of its model's name is there: a job sees no file of this machine.
    s3, bucket = ready_site.client("s3", account=PREPROD), BUCKETS["preprod"]
    site.write_script(WAITING.format(bucket=bucket) + SCORE)
    site.json("deploy", "--stage", "preprod")
    given = parameters(sagemaker, executions(site)[0])
    first = given["ModelName"]
    s3.put_object(Bucket=bucket, Key=f"hold/{first}")
    running = sagemaker.start_pipeline_execution(
        PipelineName=f"{site.stack}", PipelineParameters=[{"Name": n, "Value": v} for n, v in given.items()]
    )["PipelineExecutionArn"]
    for number in range(2):  # the model before the live one stays in any case
        site.register()
        said = site.run("deploy", "--stage", "preprod")
        assert said.returncode == 0, said.stderr
        assert (f"kept model {first}" in said.stderr) == (number == 1), said.stderr
        assert first in models(site)
    s3.delete_object(Bucket=bucket, Key=f"hold/{first}")
    deadline = time.monotonic() + DEADLINE
    while sagemaker.describe_pipeline_execution(PipelineExecutionArn=running)["PipelineExecutionStatus"] == "Executing":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    described = sagemaker.describe_pipeline_execution(PipelineExecutionArn=running)
    assert described["PipelineExecutionStatus"] == "Succeeded"
    assert "deleted model" in site.run("verify", "--stage", "preprod").stderr
    left = models(site)
    assert first not in left
    assert len(left) == 2
    assert site.run("destroy", "--stage", "preprod", "--yes").returncode == 0
    assert {each["ModelName"] for each in sagemaker.list_models(MaxResults=100)["Models"]} & left == set()
