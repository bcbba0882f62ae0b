"""What a new user does, in a copy of this repository: deploy preprod, again, look at prod, all on the embedded AWS.

The environment is the tests' own instead of a new .venv; everything else is what `make deploy` runs. The copy has no
`localaws/`: the embedded AWS is the one that is installed.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.functional.clones import Clone

MOST_CALLS_WHEN_NOTHING_CHANGED = 26


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        clone = Clone(tmp_path_factory.mktemp("clone with a blank"), taken.getsockname()[1])
        yield clone
        clone.local("reset")


@pytest.fixture(scope="module")
def preprod(clone: Clone) -> dict[str, Any]:
    return clone.json("deploy", "--stage", "preprod")


def test_the_first_command_ends_in_verified_predictions(preprod: dict[str, Any]) -> None:
    assert preprod["changed"]
    assert all(check["passed"] for check in preprod["checks"])


def test_deploying_again_changes_nothing_in_a_few_calls(clone: Clone, preprod: dict[str, Any]) -> None:
    again = clone.json("deploy", "--stage", "preprod")
    assert not again["changed"]
    assert again["aws_calls"] <= MOST_CALLS_WHEN_NOTHING_CHANGED


def test_prod_is_not_deployed_by_hand_and_everybody_sees_what_it_would_get(
    clone: Clone, preprod: dict[str, Any]
) -> None:
    refused = clone.run("deploy", "--stage", "prod")
    assert refused.returncode == 22, refused.stderr
    assert "make approve" in refused.stderr
    assert clone.json("plan", "--stage", "prod")["release"]["to"] == preprod["release_id"]


def test_a_prod_that_is_opened_gets_the_release_that_preprod_verified(clone: Clone, preprod: dict[str, Any]) -> None:
    file = clone.folder / "stages/prod.yml"
    file.write_text(file.read_text().replace("deployed_by_hand: false", "deployed_by_hand: true"))
    prod = clone.json("deploy", "--stage", "prod")
    assert prod["release_id"] == preprod["release_id"]
    assert all(check["passed"] for check in prod["checks"])


def test_the_address_is_another_than_the_port_that_was_taken(clone: Clone, preprod: dict[str, Any]) -> None:
    assert not clone.address()["endpoint_url"].endswith(f":{clone.environment['LOCALAWS_PORT']}")


def test_local_env_points_a_client_at_either_account(clone: Clone, preprod: dict[str, Any]) -> None:
    for arguments, account in (([], "111111111111"), (["--stage", "preprod"], "222222222222")):
        exports = clone.local("env", *arguments).stdout
        asked = subprocess.run(
            ["sh", "-c", f"{exports}\naws sts get-caller-identity --query Account --output text"],
            env={"PATH": clone.environment["PATH"], "AWS_PROFILE": "somebody", "HOME": str(clone.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert asked.stdout.strip() == account, asked.stderr


def test_a_server_that_was_killed_is_started_again_with_its_state(clone: Clone, preprod: dict[str, Any]) -> None:
    time.sleep(2)  # moto's part of the state is written within a second after a change
    os.kill(clone.address()["process"], signal.SIGKILL)
    again = clone.json("deploy", "--stage", "preprod")
    assert not again["changed"]


def test_down_keeps_the_state_and_reset_forgets_it(clone: Clone, preprod: dict[str, Any]) -> None:
    assert clone.local("down").returncode == 0
    assert (clone.folder / ".localaws/state").exists()
    assert clone.local("env").returncode == 14  # it does not run, and the next command says how it would
    assert clone.local("reset").returncode == 0
    assert not (clone.folder / ".localaws").exists()
