"""The distribution: a wheel of this folder in a fresh environment serves another project, from any directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from localaws.core.account_keys import read_keys

FOLDER = Path(__file__).parents[2]
ACCOUNT, REGION = "314159265358", "us-west-2"

# A project that has nothing to do with batch inference: photographs are put into a bucket, and a queue hears of it.
TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Album: {Type: String, AllowedPattern: "[a-z]+"}
Resources:
  Arrivals:
    Type: AWS::SQS::Queue
  MayArrive:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Arrivals]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: events.amazonaws.com}
            Action: sqs:SendMessage
            Resource: !GetAtt Arrivals.Arn
  Photographs:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub "${Album}-${AWS::AccountId}"
      NotificationConfiguration: {EventBridgeConfiguration: {EventBridgeEnabled: true}}
  Arrived:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [aws.s3], detail: {bucket: {name: [!Ref Photographs]}}}
      Targets: [{Id: queue, Arn: !GetAtt Arrivals.Arn}]
Outputs:
  Bucket: {Value: !Ref Photographs}
  Queue: {Value: !Ref Arrivals}
"""


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**own, **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--wheel-dir"]
    run(*pip(Path(sys.executable)), "wheel", *options, folder, FOLDER, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel, and with what it needs as it is pinned."""
    folder = tmp_path_factory.mktemp("fresh") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    install = [*pip(folder / "bin/python"), "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    run(*install, "--require-hashes", "-r", FOLDER / "requirements/run.txt", cwd=folder.parent)
    run(*install, "--no-deps", wheel, cwd=folder.parent)
    return folder


def pip(python: Path) -> list[str | Path]:
    """The pip beside this environment's base interpreter, for ``python``'s environment."""
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    return [base, "-m", "pip", "--python", python]


def test_the_wheel_holds_the_code_its_pages_and_nothing_of_the_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    source = FOLDER / "src"
    wanted = {
        str(path.relative_to(source))
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted <= names
    assert all(name.startswith(("localaws/", "localaws-")) for name in names)


def test_everything_that_it_imports_is_among_what_it_requires(environment: Path, tmp_path: Path) -> None:
    run(*pip(environment / "bin/python"), "check", cwd=tmp_path)
    modules = [
        ".".join(path.relative_to(FOLDER / "src").with_suffix("").parts).removesuffix(".__init__")
        for path in (FOLDER / "src").rglob("*.py")
        if path.name not in ("container_entry.py", "__main__.py")
        and not path.match("toolkits/*_image.py")  # each runs beside the libraries of its image, never in localaws
    ]
    code = f"import importlib; [importlib.import_module(name) for name in {modules!r}]"
    run(environment / "bin/python", "-c", code, cwd=tmp_path)


@pytest.fixture(scope="module")
def started(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address and secret of a server that the command starts, in a directory that has nothing of this repository."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    command = [str(environment / "bin/localaws"), "start", "--port", "0", "--account", ACCOUNT]
    own = {"PATH": "/usr/bin:/bin", "HOME": str(elsewhere)}
    process = subprocess.Popen(command, cwd=elsewhere, env=own, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("localaws: listening on "), line
        yield line.split()[3].rstrip(","), read_keys(elsewhere / ".localaws")[ACCOUNT]
    finally:
        process.terminate()
        process.wait(20)


def test_another_projects_stack_is_deployed_and_works(started: tuple[str, str]) -> None:
    endpoint_url, secret = started
    session = boto3.session.Session(
        aws_access_key_id=ACCOUNT, aws_secret_access_key=secret, region_name=REGION, aws_session_token=None
    )

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=endpoint_url, config=Config(retries={"mode": "standard"}))

    cloudformation = client("cloudformation")
    album = [{"ParameterKey": "Album", "ParameterValue": "holidays"}]
    cloudformation.create_stack(StackName="photos", TemplateBody=TEMPLATE, Parameters=album)
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="photos", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    (stack,) = cloudformation.describe_stacks(StackName="photos")["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    assert outputs["Bucket"] == f"holidays-{ACCOUNT}"
    client("s3").put_object(Bucket=outputs["Bucket"], Key="beach.jpg", Body=b"sand")
    received = client("sqs").receive_message(QueueUrl=outputs["Queue"], WaitTimeSeconds=10)["Messages"]
    assert json.loads(received[0]["Body"])["detail"]["object"]["key"] == "beach.jpg"
