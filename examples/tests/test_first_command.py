"""What a new user does, in a copy of this repository: deploy preprod, again, then prod, all on the embedded AWS.

The environment is the tests' own instead of a new .venv; everything else is what `make deploy` runs.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
MOST_CALLS_WHEN_NOTHING_CHANGED = 15


class Clone:
    """A copy of the tracked files, with an embedded AWS of its own on a port that is taken when it starts."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self._environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "LOCALAWS_PORT": str(port),
            # What a user may have in the shell, and must not matter.
            "AWS_PROFILE": "somebody",
            "AWS_SESSION_TOKEN": "of another account",
        }
        files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
        archive = subprocess.run(
            ["tar", "-cf", "-", "--null", "-T", "-"], cwd=ROOT, input=files, capture_output=True, check=True
        )
        subprocess.run(["tar", "-xf", "-"], cwd=folder, input=archive.stdout, check=True)

    def local_cloud(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "scripts.verbs.local", *arguments],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    def verb(self, module: str, *arguments: str) -> dict[str, Any]:
        """What a verb answers as JSON; it must succeed."""
        command = [sys.executable, "-m", f"scripts.verbs.{module}", *arguments, "--output", "json"]
        done = self.local_cloud("run", "--", *command)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout)

    def address(self) -> dict[str, Any]:
        return json.loads((self.folder / ".localaws/address.json").read_text())


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        clone = Clone(tmp_path_factory.mktemp("clone with a blank"), taken.getsockname()[1])
        yield clone
        clone.local_cloud("reset")


@pytest.fixture(scope="module")
def preprod(clone: Clone) -> dict[str, Any]:
    return clone.verb("deploy", "--stage", "preprod")


def test_the_first_command_ends_in_verified_predictions(preprod: dict[str, Any]) -> None:
    assert preprod["changed"]
    assert all(check["passed"] for check in preprod["checks"])


def test_deploying_again_changes_nothing_in_a_few_calls(clone: Clone, preprod: dict[str, Any]) -> None:
    again = clone.verb("deploy", "--stage", "preprod")
    assert not again["changed"]
    assert again["aws_calls"] <= MOST_CALLS_WHEN_NOTHING_CHANGED


def test_prod_gets_the_release_that_preprod_verified(clone: Clone, preprod: dict[str, Any]) -> None:
    prod = clone.verb("deploy", "--stage", "prod")
    assert prod["release_id"] == preprod["release_id"]
    assert all(check["passed"] for check in prod["checks"])


def test_the_address_is_another_than_the_port_that_was_taken(clone: Clone, preprod: dict[str, Any]) -> None:
    assert not clone.address()["endpoint_url"].endswith(f":{clone._environment['LOCALAWS_PORT']}")


def test_local_env_points_a_client_at_either_account(clone: Clone, preprod: dict[str, Any]) -> None:
    for arguments, account in (([], "111111111111"), (["--stage", "preprod"], "222222222222")):
        exports = clone.local_cloud("env", *arguments).stdout
        asked = subprocess.run(
            ["sh", "-c", f"{exports}\naws sts get-caller-identity --query Account --output text"],
            env={"PATH": clone._environment["PATH"], "AWS_PROFILE": "somebody", "HOME": str(clone.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert asked.stdout.strip() == account, asked.stderr


def test_a_server_that_was_killed_is_started_again_with_its_state(clone: Clone, preprod: dict[str, Any]) -> None:
    time.sleep(2)  # moto's part of the state is written within a second after a change
    os.kill(clone.address()["process"], signal.SIGKILL)
    again = clone.verb("deploy", "--stage", "preprod")
    assert not again["changed"]


def test_down_keeps_the_state_and_reset_forgets_it(clone: Clone, preprod: dict[str, Any]) -> None:
    assert clone.local_cloud("down").returncode == 0
    assert (clone.folder / ".localaws/state").exists()
    assert clone.local_cloud("env").returncode == 14  # it does not run, and the next command says how it would
    assert clone.local_cloud("reset").returncode == 0
    assert not (clone.folder / ".localaws").exists()
