"""What somebody changes past the deployment is told by name, put back by the next deployment, and then it is quiet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.functional.scripts.drift_by_hand import CHANGED, DELETED, Hand, Stage, delete_definition, delete_release_file
from tests.functional.scripts.site import BUCKETS, PROJECT, EmbeddedAws, Site

DRIFT = 23


@pytest.fixture(scope="module")
def stage(embedded_aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    folder: Path = tmp_path_factory.mktemp("site")
    site = Site(folder, embedded_aws.address, embedded_aws.client)
    site.register()
    site.put_input()
    done = site.run("deploy", "--stage", "preprod")
    assert done.returncode == 0, done.stderr[-3000:]
    return Stage(site)


# Several at once, which a verb tells one by one: each verb is a process of its own.
@pytest.mark.parametrize("hands", [CHANGED, DELETED], ids=["changed", "deleted"])
def test_what_was_done_by_hand_is_told_and_put_back(stage: Stage, hands: dict[Hand, str]) -> None:
    for hand in hands:
        hand(stage)
    drift = stage.site.run("drift", "--stage", "preprod")
    shown = stage.site.run("status", "--stage", "preprod").stdout
    planned = stage.site.run("plan", "--stage", "preprod")
    assert drift.returncode == DRIFT, drift.stderr
    for told in hands.values():
        assert told in drift.stderr
        assert told in shown
        assert told in planned.stdout, planned.stderr
    done = stage.site.run("deploy", "--stage", "preprod")
    assert done.returncode == 0, done.stderr
    assert "changed by hand" in done.stdout
    for told in hands.values():
        assert told in done.stderr
    assert stage.site.run("drift", "--stage", "preprod").returncode == 0
    assert stage.site.json("deploy", "--stage", "preprod")["changed"] is False


def test_a_lost_file_of_the_release_comes_back(stage: Stage) -> None:
    for hand in (delete_definition, delete_release_file):
        hand(stage)
    lost = stage.site.run("drift", "--stage", "preprod")
    assert (lost.returncode, "batch-inference.yml does not exist" in lost.stderr) == (8, True), lost.stderr
    done = stage.site.run("deploy", "--stage", "preprod")
    assert done.returncode == 0, done.stderr
    assert "batch-inference.yml  AWS::S3::Object: it is gone" in done.stderr
    assert stage.site.run("drift", "--stage", "preprod").returncode == 0
    assert stage.site.json("deploy", "--stage", "preprod")["changed"] is False


def test_without_a_hand_change_there_is_no_drift(stage: Stage) -> None:
    answer = stage.site.json("drift", "--stage", "preprod")
    assert (answer["drift"], answer["differences"]) == (False, [])


def test_code_under_another_name_is_refused_by_name_and_nothing_runs(stage: Stage) -> None:
    (key,) = [each for each in stage.keys(f"pipeline/{stage.site.pipeline}/code-") if each.endswith("preprocess.py")]
    s3, bucket = stage.client("s3"), BUCKETS["preprod"]
    before = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    runs = len(stage.site.executions())
    s3.put_object(Bucket=bucket, Key=key, Body=b"print('tampered')\n")
    verified = stage.site.run("verify", "--stage", "preprod")
    assert (verified.returncode, key in verified.stderr) == (DRIFT, True), verified.stderr
    deployed = stage.site.run("deploy", "--stage", "preprod")
    assert (deployed.returncode, key in deployed.stderr) == (8, True), deployed.stderr
    assert len(stage.site.executions()) == runs
    s3.delete_object(Bucket=bucket, Key=key)
    assert stage.site.run("deploy", "--stage", "preprod").returncode == 0
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == before


def test_a_widened_role_is_told_and_bootstrap_puts_it_back(stage: Stage) -> None:
    iam = stage.client("iam")
    outputs = stage.client("cloudformation").describe_stacks(StackName=f"{PROJECT}-foundation-preprod")
    arns = {each["OutputKey"]: each["OutputValue"] for each in outputs["Stacks"][0]["Outputs"]}
    role = arns["JobRoleArn"].rpartition("/")[2]
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    iam.put_role_policy(RoleName=role, PolicyName="More", PolicyDocument=document)
    told = "JobRole  AWS::IAM::Role: Policies.More"
    drift = stage.site.run("drift", "--stage", "preprod")
    assert (drift.returncode, told in drift.stderr, "make bootstrap" in drift.stderr) == (DRIFT, True, True)
    for verb in ("plan", "status"):
        assert told in stage.site.run(verb, "--stage", "preprod").stdout
    verified = stage.site.run("verify", "--stage", "preprod")
    assert verified.returncode == 0, verified.stderr
    assert f"drift: {told}" in verified.stderr
    mended = stage.site.run("bootstrap", "--yes", "--no-toolchain")
    assert mended.returncode == 0, mended.stderr
    assert f"put back: {told}" in mended.stderr
    assert stage.site.run("drift", "--stage", "preprod").returncode == 0
