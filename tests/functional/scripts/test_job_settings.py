"""Rules that bind two settings, quotas, and waiting for them: what the verbs refuse, leave out, and say meanwhile."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.decisions.job_limits import definition_limits
from tests.functional.conftest import DEV, PREPROD, PROD
from tests.functional.scripts.site import DEADLINE, PIPELINE, EmbeddedAws, Site, wait_until
from tests.functional.server_process import Address

RETRIED = PIPELINE.replace(
    '"Type": "Processing", "Arguments": arguments}',
    '"Type": "Processing", "Arguments": arguments, "RetryPolicies": [{"ExceptionType": ["SageMaker.RESOURCE_LIMIT"],'
    ' "IntervalSeconds": 1, "BackoffRate": 1.0, "ExpireAfterMin": 60}]}',
)
# A transform step whose arguments are the stage's transform settings; it is checked, and never runs.
SCORED = """
def get_pipeline(**_):
    get = lambda name: {"Get": f"Parameters.{name}"}
    names = ["ModelName", "SplitType", "BatchStrategy", "InputDataUrl", "OutputDataUrl", "InferenceInstanceType"]
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": get("InputDataUrl")}}
    arguments = {
        "ModelName": get("ModelName"),
        "BatchStrategy": get("BatchStrategy"),
        "TransformInput": {"DataSource": source, "SplitType": get("SplitType")},
        "TransformOutput": {"S3OutputPath": get("OutputDataUrl")},
        "TransformResources": {"InstanceType": get("InferenceInstanceType"), "InstanceCount": 1},
    }
    return {"Version": "2020-12-01", "Parameters": [{"Name": name, "Type": "String"} for name in names],
            "Steps": [{"Name": "Score", "Type": "Transform", "Arguments": arguments}]}
"""
WITH_DISKS, LARGE = "ml.r5d.large", "ml.c5.9xlarge"


def increase_quota(site: Site, name: str) -> None:
    service = site.client("service-quotas", account=PREPROD)
    pages = service.get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker")
    (code,) = (each["QuotaCode"] for page in pages for each in page["Quotas"] if each["QuotaName"] == name)
    service.request_service_quota_increase(ServiceCode="sagemaker", QuotaCode=code, DesiredValue=1)


def follow_advice(site: Site, stderr: str) -> None:
    """Run the command that the refusal names, as an administrator of the stage's account does."""
    line = next(line for line in stderr.splitlines() if line.strip().startswith("next:"))
    keys = {"AWS_ACCESS_KEY_ID": PREPROD, "AWS_SECRET_ACCESS_KEY": site.address.secret(PREPROD)}
    arguments = shlex.split(line.partition("next:")[2], comments=True)
    assert arguments[:2] == ["aws", "service-quotas"]
    done = subprocess.run(
        [sys.executable, "-m", "awscli", *arguments[1:]],
        env={**site.environment, **keys},
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )
    assert done.returncode == 0, done.stderr


def test_a_key_that_cannot_be_sent_is_left_out_and_told_and_a_quota_of_0_is_refused_before_anything_is_done(
    ready_site: Site,
) -> None:
    ready_site.edit_stage(
        "preprod", "processing:\n  instance_type: ml.m5.large", f"processing:\n  instance_type: {WITH_DISKS}"
    )
    for verb in ("plan", "deploy"):
        refused = ready_site.run(verb, "--stage", "preprod")
        assert refused.returncode == 3, refused.stderr
        assert f"is too small: {WITH_DISKS} for processing job usage: 0, 1 needed by step Score" in refused.stderr
    assert not ready_site.stack_exists()
    assert ready_site.promoted() == []
    small = quotas_by_doctor(ready_site)
    assert small["status"] == "wrong"
    assert f"is too small: {WITH_DISKS} for processing job usage: 0" in small["found"]
    follow_advice(ready_site, refused.stderr)
    assert quotas_by_doctor(ready_site)["status"] == "ok"
    told = "\n".join(ready_site.json("plan", "--stage", "preprod")["notes"])
    assert f"step Score: no key for its volume: {WITH_DISKS} has local storage" in told
    deployed = ready_site.json("deploy", "--stage", "preprod")
    cluster = described_job(ready_site, deployed["execution_arn"])["ProcessingResources"]["ClusterConfig"]
    assert cluster["InstanceType"] == WITH_DISKS
    assert "VolumeKmsKeyId" not in cluster
    assert "encryption     step Score: no key for its volume" in ready_site.run("status", "--stage", "preprod").stdout
    smaller = ready_site.run("run", "--stage", "preprod", "--parameters", "ProcessingInstanceType=ml.m5.large")
    assert smaller.returncode == 0, smaller.stderr
    assert "its volume is encrypted, but not with the stage's key" in smaller.stderr


def quotas_by_doctor(site: Site) -> dict[str, Any]:
    told = json.loads(site.run("doctor", "--stage", "preprod", "--output", "json").stdout)["findings"]
    return next(each for each in told if each["what"] == "quotas")


def described_job(site: Site, execution_arn: str) -> Any:
    sagemaker = site.client("sagemaker", account=PREPROD)
    (step,) = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=execution_arn)["PipelineExecutionSteps"]
    name = step["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]
    return sagemaker.describe_processing_job(ProcessingJobName=name)


def test_a_run_may_not_choose_what_the_deployed_pipeline_cannot_send_and_waiting_is_shown_while_it_lasts(
    ready_site: Site,
) -> None:
    ready_site.write_pipeline(RETRIED)
    ready_site.json("deploy", "--stage", "preprod")
    started = len(ready_site.executions())
    refused = ready_site.run("run", "--stage", "preprod", "--parameters", "ProcessingInstanceType=ml.g5.xlarge")
    assert refused.returncode == 3, refused.stderr
    assert "takes no VolumeKmsKeyId" in refused.stderr
    assert "make deploy STAGE=preprod" in refused.stderr
    assert len(ready_site.executions()) == started
    quota = f"{LARGE} for processing job usage"
    waits = f"Score waits to be tried again: quota {quota}: 0, 1 needed by step Score: too small; attempt "
    chosen = ("--stage", "preprod", "--parameters", f"ProcessingInstanceType={LARGE}")
    assert ready_site.kill_when("run", waits, *chosen) != 0
    status = ready_site.json("status", "--stage", "preprod")["stages"][0]["waits"]
    assert waits in status[0]
    assert "next try about " in status[0]
    assert "gives up at " in status[0]
    assert ready_site.kill_when("logs", waits, "--stage", "preprod") != 0
    increase_quota(ready_site, quota)
    wait_until(lambda: ready_site.executions()[0]["PipelineExecutionStatus"] == "Succeeded")
    assert ready_site.json("status", "--stage", "preprod")["stages"][0]["waits"] == []


def job_request(chosen: dict[str, Any]) -> dict[str, Any]:
    source: dict[str, Any] = {}
    target: dict[str, Any] = {"S3OutputPath": "s3://bucket/out/"}
    source |= {name: chosen[name] for name in ("ContentType", "SplitType") if chosen[name] is not None}
    target |= {name: chosen[name] for name in ("Accept", "AssembleWith") if chosen[name] is not None}
    location = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in/"}}
    resources = {"InstanceType": chosen["InstanceType"], "InstanceCount": chosen["InstanceCount"]}
    members = ("BatchStrategy", "MaxPayloadInMB", "MaxConcurrentTransforms")
    processing = ("InputFilter", "OutputFilter", "JoinSource")
    return {
        "ModelName": "no-such-model",
        "TransformInput": {"DataSource": location, **source},
        "TransformOutput": target,
        "TransformResources": resources | ({"VolumeKmsKeyId": "alias/any"} if chosen["Key"] else {}),
        "DataProcessing": {name: chosen[name] for name in processing if chosen[name] is not None},
        **{name: chosen[name] for name in members if chosen[name] is not None},
    }


TYPES = st.sampled_from(
    [None, "text/csv", "text/csv; charset=utf-8", "application/json", "application/jsonlines", "image/png"]
)
PATHS = st.sampled_from(
    [None, "$", "$[1:]", "$[0,5:]", "$[-1]", "$.id", "$['id','x']", "$.a.b[0]", "$[01]", "$..id", "$.a b"]
)
SETTINGS = st.fixed_dictionaries(
    {
        "ContentType": TYPES,
        "Accept": TYPES,
        "SplitType": st.sampled_from([None, "None", "Line", "RecordIO", "TFRecord"]),
        "AssembleWith": st.sampled_from([None, "None", "Line"]),
        "BatchStrategy": st.sampled_from([None, "MultiRecord", "SingleRecord"]),
        "MaxPayloadInMB": st.sampled_from([None, 0, 1, 6, 25, 100, 101]),
        "MaxConcurrentTransforms": st.sampled_from([None, 0, 1, 4, 17, 101]),
        "InputFilter": PATHS,
        "OutputFilter": PATHS,
        "JoinSource": st.sampled_from([None, "None", "Input"]),
        "InstanceType": st.sampled_from(["ml.m5.large", "ml.g5.xlarge", "ml.trn1.2xlarge", "ml.inf2.xlarge"]),
        "InstanceCount": st.sampled_from([1, 2, 100, 101]),
        "Key": st.booleans(),
    }
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SETTINGS)
def test_what_plan_accepts_the_cloud_accepts_and_what_the_cloud_refuses_plan_refuses(
    embedded_aws: EmbeddedAws, chosen: dict[str, Any]
) -> None:
    """A job that passes the rules fails for its model, which there is none of: whatever else is said is a rule's."""
    request = job_request(chosen)
    step = {"Name": "Score", "Type": "Transform", "Arguments": request}
    found = [each for each in definition_limits({"Steps": [step]}) if each.refused]
    with pytest.raises(ClientError) as refused:
        embedded_aws.client("sagemaker").create_transform_job(TransformJobName="any", **request)
    said = refused.value.response["Error"]["Message"]
    assert bool(found) is ("Could not find model" not in said), (said, [str(each) for each in found])


CLUSTERS = st.fixed_dictionaries(
    {
        "InstanceType": st.sampled_from(
            ["ml.m5.large", "ml.r5d.large", "ml.g4dn.xlarge", "ml.g5.xlarge", "ml.t3.medium"]
        ),
        "VolumeSizeInGB": st.sampled_from([1, 75, 76, 125, 126, 250, 251, 16384]),
        "Key": st.booleans(),
    }
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CLUSTERS)
def test_processing_jobs_are_judged_alike(embedded_aws: EmbeddedAws, chosen: dict[str, Any]) -> None:
    cluster = {name: chosen[name] for name in ("InstanceType", "VolumeSizeInGB")} | {"InstanceCount": 1}
    request = {
        "ProcessingResources": {"ClusterConfig": cluster | ({"VolumeKmsKeyId": "alias/any"} if chosen["Key"] else {})},
        "AppSpecification": {"ImageUri": "012345670123.dkr.ecr.ap-southeast-2.amazonaws.com/python:3"},
        "RoleArn": "arn:aws:iam::012345670123:role/nobody",
    }
    step = {"Name": "Clean", "Type": "Processing", "Arguments": request}
    with pytest.raises(ClientError) as refused:
        embedded_aws.client("sagemaker").create_processing_job(ProcessingJobName="any", **request)
    said = refused.value.response["Error"]["Message"]
    assert bool(definition_limits({"Steps": [step]})) is ("Could not assume role" not in said), said


def test_make_check_refuses_what_the_settings_alone_decide(tmp_path: Path) -> None:
    """By files alone: there is no AWS at this address."""
    keys = dict.fromkeys((DEV, PREPROD, PROD), "none")
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    site = Site(tmp_path, Address("http://127.0.0.1:1", tmp_path), lambda *_, **__: None)
    site.write_pipeline(SCORED)
    assert checked(site).returncode == 0, checked(site).stderr
    site.edit_stage("prod", "split_type: Line", "split_type: None")
    refused = checked(site)
    assert refused.returncode == 19
    assert f"prod, pipeline {site.pipeline}: step Score: BatchStrategy MultiRecord needs a SplitType" in refused.stderr
    assert "transform.batch_strategy" in refused.stderr


def checked(site: Site) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scripts.repository.check_job_settings"]
    return subprocess.run(
        command, cwd=site.folder, env=site.environment, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
