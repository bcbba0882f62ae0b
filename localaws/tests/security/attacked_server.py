"""A server as a user starts it, with things around it that no job and no build may reach, and runs that attack them.

What a machine cannot do is skipped with the sentence that ``localaws start`` prints for it, never silently.
"""

from __future__ import annotations

import json
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

import localaws
from localaws.isolation.trials import level
from tests.functional.job_site import CODE, JobSite, trust
from tests.functional.server_process import ServerProcess

ACCOUNT, REGION = "111111111111", "eu-west-1"
SECRET_VALUE = "a-secret-of-the-users-shell"
PYTHON = "python3"
_ATTACKS = Path(__file__).with_name("attacks.py")
_LONGEST = 120.0


def require(namespace: str) -> None:
    """Skip a test where this machine cannot make such a namespace."""
    if namespace not in level().namespaces:
        pytest.skip("; ".join(level().weaknesses))


class AttackedServer:
    """``home`` is a home directory with a secret in it; somebody else listens on ``listeners``."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.home = folder / "home"
        (self.home / ".ssh").mkdir(parents=True)
        (self.home / ".ssh/id_ed25519").write_text("the private key")
        (self.home / "message").write_text("what stands in a file of the user")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HOME", str(self.home))
            patch.setenv("SECRET_OF_THE_SHELL", SECRET_VALUE)
            self.process = ServerProcess(folder, [ACCOUNT], REGION, *options)
        self.state = folder / "state"
        self.number = self.process.pid
        self._cleanup = ExitStack()
        tcp = self._cleanup.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.other_port = tcp.getsockname()[1]
        self.socket_file = Path(f"/tmp/localaws-test-{uuid.uuid4().hex[:12]}")
        self.abstract_socket = f"localaws-test-{uuid.uuid4().hex}"
        for address in (str(self.socket_file), f"\0{self.abstract_socket}"):
            listener = self._cleanup.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(address)
            listener.listen()
        self._cleanup.callback(self.socket_file.unlink)

    def close(self) -> None:
        self.process.stop()
        self._cleanup.close()

    @cached_property
    def site(self) -> JobSite:
        self.client("s3").create_bucket(Bucket="site", CreateBucketConfiguration={"LocationConstraint": REGION})
        document = trust("sagemaker.amazonaws.com", "codebuild.amazonaws.com")
        role = self.client("iam").create_role(RoleName="attacker", AssumeRolePolicyDocument=document)
        return JobSite(self.client, "site", role["Role"]["Arn"])

    def client(self, service: str) -> Any:
        return self.process.client(service, ACCOUNT)

    @property
    def attack(self) -> str:
        """What the attacking program is told."""
        return json.dumps(
            {
                "secret_file": str(self.home / ".ssh/id_ed25519"),
                "home": str(self.home),
                "state": str(self.state),
                "written_file": str(self.home / "written"),
                "package": str(Path(localaws.__file__).parent),
                "secret_value": SECRET_VALUE[2:],
                "file_of_another_run": "of-another-run",
                "server": self.number,
                "other_port": self.other_port,
                "socket_file": str(self.socket_file),
                "abstract_socket": self.abstract_socket,
                "endpoint_url": self.process.endpoint_url,
            }
        )

    def attacked_by_job(self, name: str, **options: Any) -> dict[str, Any]:
        """What a processing job got that made every attack."""
        entry = {"ContainerEntrypoint": [PYTHON, CODE, "/opt/ml/processing/input/given/given.json"]}
        image = {"ImageUri": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/any:1", **entry}
        inputs = {"input/given": self.site.put("given/given.json", self.attack)}
        job = self.site.process(name, _ATTACKS.read_text(), AppSpecification=image, inputs=inputs, **options)
        assert job["ProcessingJobStatus"] == "Completed", job
        return results(line for lines in self.site.logs("processing", name).values() for line in lines)

    def attacked_by_build(self, name: str) -> dict[str, Any]:
        self.site.put("build/attacks.py", _ATTACKS.read_text())
        self.site.put("build/given.json", self.attack)
        commands = [f"{PYTHON} attacks.py given.json"]
        source = {"type": "S3", "location": f"{self.site.bucket}/build/"}
        build = self.build(name, commands, source=source)
        assert build["buildStatus"] == "SUCCEEDED", self.output(build)
        return results(self.output(build))

    def start_build(self, name: str, commands: list[str], spec: Any = None, **members: Any) -> dict[str, Any]:
        buildspec = json.dumps({"version": "0.2", "phases": {"build": {"commands": commands}}, **(spec or {})})
        request = {
            "artifacts": {"type": "NO_ARTIFACTS"},
            "environment": {
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            "serviceRole": self.site.role,
            **members,
        }
        source = {"type": "NO_SOURCE", **members.get("source", {}), "buildspec": buildspec}
        self.client("codebuild").create_project(name=name, **{**request, "source": source})
        build: dict[str, Any] = self.client("codebuild").start_build(projectName=name)["build"]
        return build

    def build(self, name: str, commands: list[str], spec: Any = None, **members: Any) -> dict[str, Any]:
        return self.finished(self.start_build(name, commands, spec, **members))

    def finished(self, build: dict[str, Any]) -> dict[str, Any]:
        codebuild, deadline = self.client("codebuild"), time.monotonic() + _LONGEST
        while time.monotonic() < deadline:
            found: dict[str, Any] = codebuild.batch_get_builds(ids=[build["id"]])["builds"][0]
            if found["buildComplete"]:
                return found
            time.sleep(0.05)
        raise AssertionError(f"the build has not ended: {found}")

    def output(self, build: dict[str, Any]) -> list[str]:
        logs = build["logs"]
        events = self.client("logs").get_log_events(
            logGroupName=logs["groupName"], logStreamName=logs["streamName"], startFromHead=True
        )["events"]
        lines = [event["message"].rstrip("\n") for event in events]
        return [line for line in lines if not line.startswith("[Container]")]


def results(lines: Any) -> dict[str, Any]:
    (line,) = [line for line in lines if line.startswith("ATTACKS ")]
    found: dict[str, Any] = json.loads(line.removeprefix("ATTACKS "))
    return found


@contextmanager
def attacked_server(folder: Path, *options: str) -> Iterator[AttackedServer]:
    server = AttackedServer(folder, *options)
    try:
        yield server
    finally:
        server.close()


def a_mark() -> str:
    """A number of seconds that no other process of this machine sleeps for."""
    return f"4711.{uuid.uuid4().int % 10**12:012d}"


def environment_of(process: int) -> bytes:
    return Path(f"/proc/{process}/environ").read_bytes()
