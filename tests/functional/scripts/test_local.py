"""The embedded AWS of a clone: found again after a kill, and never started for a command that is refused anyway."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.functional.conftest import DEV, REGION
from tests.functional.scripts.site import ROOT, wait_until, write_stages
from tests.functional.server_process import Address


class Clone:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        write_stages(folder, "churn", "churn")
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "LOCALAWS_PORT": "0",
        }

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "scripts.verbs.local", *arguments],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def refusal(self, *arguments: str, **environment: str) -> tuple[int, str]:
        """Exit code and message of a command that must end before anything is started."""
        process = self.start(*arguments, **environment)
        _, said = process.communicate(timeout=30)
        assert not (self.folder / ".localaws/address.json").exists()
        return process.returncode, said


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    clone = Clone(tmp_path)
    yield clone
    clone.start("down").communicate(timeout=30)


@pytest.mark.parametrize("stage", ["", "prode", "it's", "../x"])
def test_a_stage_that_does_not_exist_starts_nothing(clone: Clone, stage: str) -> None:
    code, said = clone.refusal("run", "--", "python", "-m", "scripts.verbs.deploy", "--stage", stage)
    assert code == 2
    assert "stages: preprod, prod" in said


def test_help_starts_nothing(clone: Clone) -> None:
    code, _ = clone.refusal("run", "--", sys.executable, "-m", "scripts.verbs.deploy", "--stage", "", "--help")
    assert code == 0


def test_an_invalid_stage_file_starts_nothing(clone: Clone) -> None:
    path = clone.folder / "stages/preprod.yml"
    path.write_text(path.read_text().replace("schedule: 1 day", "schedule: rate(1 days)"))
    code, said = clone.refusal("run", "--", "python", "-m", "scripts.verbs.deploy", "--stage=preprod")
    assert code == 3
    assert '"1 day"' in said


def test_a_tree_that_cannot_be_pushed_starts_nothing_for_a_bootstrap(clone: Clone) -> None:
    shutil.copytree(ROOT / "cloudformation", clone.folder / "cloudformation", dirs_exist_ok=True)
    git = {"GIT_CEILING_DIRECTORIES": str(clone.folder.parent)}
    code, said = clone.refusal("run", "--", "python", "-m", "scripts.verbs.bootstrap", "--yes", **git)
    assert code == 2
    assert "it is no git repository" in said
    assert "next:  git init && git add --all" in said


@pytest.mark.parametrize("port", ["abc", "-1", "65536", "4566 "])
def test_a_port_that_is_none_is_refused(clone: Clone, port: str) -> None:
    code, said = clone.refusal("up", LOCALAWS_PORT=port)
    assert code == 3
    assert "LOCALAWS_PORT" in said


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_server_whose_starter_was_cut_off_is_found_again(clone: Clone, how: signal.Signals) -> None:
    starter = clone.start("up")
    address = clone.folder / ".localaws/address.json"
    wait_until(lambda: address.exists() and bool(address.read_text()))
    starter.send_signal(how)
    starter.communicate(timeout=30)
    process = json.loads(address.read_text())["process"]
    stopper = clone.start("down")
    _, said = stopper.communicate(timeout=60)
    assert "is stopped" in said
    assert not is_alive(process)


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z" if Path("/proc/self").exists() else True


def test_without_stage_files_nothing_is_started_and_the_way_back_is_named(clone: Clone) -> None:
    for path in (clone.folder / "stages").glob("*.yml"):
        path.unlink()
    code, said = clone.refusal("up")
    assert code == 3
    assert "has no stage file" in said
    assert "Traceback" not in said


def test_a_server_is_not_started_again_for_another_account_under_a_job_that_runs(clone: Clone) -> None:
    clone.start("up").communicate(timeout=60)  # the foundation is in no template here; the server stays
    address = json.loads((clone.folder / ".localaws/address.json").read_text())
    running = Address(address["endpoint_url"], clone.folder / ".localaws/state")
    sagemaker, iam = (client_of(running, service) for service in ("sagemaker", "iam"))
    trust = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="job", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    cluster = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
    sagemaker.create_processing_job(
        ProcessingJobName="sleeper",
        RoleArn=role,
        AppSpecification={
            "ImageUri": f"{DEV}.dkr.ecr.{REGION}.amazonaws.com/any:1",
            "ContainerEntrypoint": ["/bin/sleep", "600"],
        },
        ProcessingResources={"ClusterConfig": cluster},
    )
    other = {"AWS_PROD_ACCOUNT_NUMBER": "444444444444"}
    refused = clone.start("up", **other)
    _, said = refused.communicate(timeout=30)
    assert refused.returncode == 14, said
    for word in ("sleeper", "444444444444", "unset AWS_PROD_ACCOUNT_NUMBER"):
        assert word in said
    assert is_alive(address["process"])
    sagemaker.stop_processing_job(ProcessingJobName="sleeper")
    wait_until(lambda: job_status(sagemaker, "sleeper") == "Stopped")
    clone.start("up", **other).communicate(timeout=60)
    assert not is_alive(address["process"])  # nothing ran there any more


def job_status(sagemaker: Any, name: str) -> str:
    return str(sagemaker.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"])


def client_of(address: Address, service: str) -> Any:
    session = boto3.session.Session(DEV, address.secret(DEV), region_name=REGION)
    return session.client(service, endpoint_url=address.endpoint_url)
