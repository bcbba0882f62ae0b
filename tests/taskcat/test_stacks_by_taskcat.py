"""taskcat creates the stacks of .taskcat.yml on the embedded AWS and deletes them, through its Python API.

taskcat and localaws need different versions of jsonschema, so localaws is the command of another environment, which
LOCALAWS names.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from taskcat.testing import CFNTest

ROOT = Path(__file__).parents[2]
DEADLINE = 60.0
ACCOUNT, REGION = "012345670123", "ap-southeast-2"
DEFINITION = (
    '{"Version": "2020-12-01", "Parameters": [], "Steps": [{"Name": "Refuse", "Type": "Fail", "Arguments": {}}]}'
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address and secret key of the account."""
    localaws = os.environ.get("LOCALAWS") or str(ROOT / ".venv-test" / "bin" / "localaws")
    state = tmp_path_factory.mktemp("localaws")
    arguments = ["--port", "0", "--state", str(state), "--account", ACCOUNT]
    process = subprocess.Popen([localaws, "start", *arguments], cwd=state, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "listening on" in line, f"{localaws} did not start: {line}"
        secret = json.loads((state / "keys.json").read_text())[ACCOUNT]
        yield line.split("listening on ")[1].split(",")[0], secret
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(autouse=True)
def aws(server: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of every AWS client in this process: localaws, and nothing of the user's."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_ENDPOINT_URL": server[0],
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": server[1],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What taskcat uploads: the templates alone, not a whole clone with its environments."""
    shutil.copytree(ROOT / "cloudformation", tmp_path / "project" / "cloudformation")
    shutil.copy(ROOT / ".taskcat.yml", tmp_path / "project")
    return tmp_path / "project"


class _Progress:
    """Asks five times a second; taskcat's own display does every ten seconds what is refreshed once a minute."""

    def report_test_progress(self, stacker: Any) -> None:
        def running() -> Any:
            for stack in stacker.stacks:
                stack.refresh()
            return stacker.status()["IN_PROGRESS"]

        _poll(running, lambda stacks: not stacks)


def _test_of(project: Path, name: str) -> Any:
    test = CFNTest.from_file(project_root=str(project), input_file=".taskcat.yml")
    test.test_names = name
    test.printer = _Progress()
    return test


def _poll(read: Callable[[], Any], done: Callable[[Any], bool]) -> None:
    end = time.monotonic() + DEADLINE
    while not done(answer := read()):
        assert time.monotonic() < end, answer
        time.sleep(0.2)


def _statuses() -> dict[str, str]:
    pages = boto3.client("cloudformation").get_paginator("list_stacks").paginate()
    return {each["StackName"]: each["StackStatus"] for page in pages for each in page["StackSummaries"]}


def _prepare_release() -> None:
    """What `make promote` leaves in a stage, as its promoter: a model package and a definition."""
    bucket = boto3.client("ssm").get_parameter(Name="/taskcat/sagemaker_ml_artifacts_s3_bucket")["Parameter"]["Value"]
    role = f"arn:aws:iam::{ACCOUNT}:role/harbour-taskcat-promoter"
    keys = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="taskcat")["Credentials"]
    promoter = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    s3, sagemaker = promoter.client("s3"), promoter.client("sagemaker")
    definition = "pipeline/berths/definition-taskcat.json"
    s3.put_object(Bucket=bucket, Key=definition, Body=DEFINITION, IfNoneMatch="*")
    s3.put_object(Bucket=bucket, Key="model-artifacts/model.tar.gz", Body=b"never unpacked")
    sagemaker.create_model_package_group(ModelPackageGroupName="berth-demand")
    sagemaker.create_model_package(
        ModelPackageGroupName="berth-demand",
        ModelApprovalStatus="Approved",
        InferenceSpecification={
            "Containers": [
                {
                    "Image": f"141502667606.dkr.ecr.{REGION}.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3",
                    "ModelDataUrl": f"s3://{bucket}/model-artifacts/model.tar.gz",
                }
            ],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )


def test_the_stacks_are_created_and_deleted(project: Path) -> None:
    # One after the other: taskcat 0.9.58 gives the tests of one run a single list of tags, in which keys repeat.
    with _test_of(project, "foundation") as (foundation,), _test_of(project, "toolchain") as (toolchain,):
        assert [foundation.status, toolchain.status] == ["CREATE_COMPLETE"] * 2
        with _test_of(project, "roles") as (roles,), _test_of(project, "codepipeline") as (codepipeline,):
            assert [roles.status, codepipeline.status] == ["CREATE_COMPLETE"] * 2
            _prepare_release()
            with _test_of(project, "batch-inference") as (batch,):
                assert batch.status == "CREATE_COMPLETE"
                outputs = {each.key: each.value for each in batch.outputs}
                assert boto3.client("sagemaker").describe_model(ModelName=outputs["ModelName"])
                assert list(_statuses().values()) == ["CREATE_COMPLETE"] * 5
    _poll(_statuses, lambda statuses: list(statuses.values()) == ["DELETE_COMPLETE"] * 5)
