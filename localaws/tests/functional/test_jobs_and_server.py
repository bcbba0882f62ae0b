"""A job and the server it runs in: none outlives the other, and the next server says what happened."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3

from localaws.core.account_keys import read_control_token, read_keys
from tests.functional.conftest import DEV, REGION
from tests.functional.job_site import JobSite, trust
from tests.functional.processes import wait_until_gone, wait_until_running
from tests.functional.server_process import page
from tests.functional.test_codebuild import finished, whole_log

# A program with a child that left its session: both must end with the server.
SCRIPT = """
import os, subprocess, time
child = subprocess.Popen(['sleep', 'MARK'], start_new_session=True)
time.sleep(300)
"""


@contextmanager
def running(state: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], Callable[..., Any]]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "localaws", "start", "--port", "0", "--state", str(state), "--account", DEV, *options],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "listening on " in line)
        endpoint = line.split("listening on ")[1].split(",")[0]

        def client(service: str) -> Any:
            session = boto3.session.Session(DEV, read_keys(state)[DEV], region_name=REGION)
            return session.client(service, endpoint_url=endpoint)

        yield process, client
    finally:
        process.kill()
        process.wait()


def test_a_killed_server_takes_its_jobs_along_and_the_next_one_fails_them(tmp_path: Path, unique: str) -> None:
    with running(tmp_path) as (process, client):
        site = make_site(client, unique)
        mark = f"4711.{uuid.uuid4().int % 10**12}"
        site.start_processing(unique, SCRIPT.replace("MARK", mark))
        wait_until_running(mark)
        process.send_signal(signal.SIGKILL)
        wait_until_gone(mark)
    with running(tmp_path) as (_, client):
        job = client("sagemaker").describe_processing_job(ProcessingJobName=unique)
    assert job["ProcessingJobStatus"] == "Failed"
    assert "localaws was stopped while the job ran" in job["FailureReason"]


def next_day(state: Path, client: Callable[..., Any]) -> None:
    endpoint = client("s3").meta.endpoint_url
    page(endpoint, str(read_control_token(state)), "/_localaws/clock", {"advance_seconds": 86400})


def test_a_clock_that_was_moved_stays_so_when_the_server_is_killed(tmp_path: Path) -> None:
    moved = datetime.now(UTC) + timedelta(days=1)
    with running(tmp_path) as (_, client):
        next_day(tmp_path, client)
    with running(tmp_path) as (_, client):
        endpoint = client("s3").meta.endpoint_url
        told = page(endpoint, str(read_control_token(tmp_path)), "/_localaws/clock")["now"]
    assert datetime.fromisoformat(told) >= moved


def test_a_clock_moved_forward_costs_no_line_of_output(tmp_path: Path, unique: str) -> None:
    with running(tmp_path) as (_, client):
        site = make_site(client, unique)
        next_day(tmp_path, client)
        site.process(unique, "print('tomorrow')")
        assert list(site.logs("processing", unique).values()) == [["tomorrow"]]


def test_a_clock_moved_forward_costs_no_line_of_a_build(tmp_path: Path, unique: str) -> None:
    with running(tmp_path) as (_, client):
        next_day(tmp_path, client)
        build = finished(client, start_build(client, unique, "echo tomorrow"))
        assert "tomorrow" in whole_log(client, build)


def test_a_killed_server_takes_the_commands_of_its_builds_along(tmp_path: Path, unique: str) -> None:
    with running(tmp_path) as (process, client):
        mark = f"4715.{uuid.uuid4().int % 10**12}"
        build = start_build(client, unique, f"sleep {mark} & setsid sleep {mark} & wait")
        wait_until_running(mark)
        process.send_signal(signal.SIGKILL)
        wait_until_gone(mark)
    with running(tmp_path) as (_, client):
        assert client("codebuild").batch_get_builds(ids=[build["id"]])["builds"][0]["buildStatus"] == "FAILED"


def start_build(client: Callable[..., Any], name: str, command: str) -> dict[str, Any]:
    role = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust("codebuild.amazonaws.com"))
    client("codebuild").create_project(
        name=name,
        source={
            "type": "NO_SOURCE",
            "buildspec": json.dumps({"version": "0.2", "phases": {"build": {"commands": [command]}}}),
        },
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole=role["Role"]["Arn"],
    )
    build: dict[str, Any] = client("codebuild").start_build(projectName=name)["build"]
    return build


def build_log(client: Callable[..., Any], build: dict[str, Any]) -> list[str]:
    found = client("codebuild").batch_get_builds(ids=[build["id"]])["builds"][0]
    streams = client("logs").describe_log_groups()["logGroups"]
    return whole_log(client, found) if streams and found["logs"].get("streamName") else []


def make_site(client: Callable[..., Any], name: str) -> JobSite:
    client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    policy = trust("sagemaker.amazonaws.com")
    role = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    return JobSite(client, name, role)
