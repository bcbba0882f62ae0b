"""The command ``localaws`` beside a running server: what a person types in another terminal."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.functional.server_process import ServerProcess

ACCOUNTS = ["210987654321", "123456789012"]
REGION = "ap-southeast-2"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    server = ServerProcess(tmp_path_factory.mktemp("aws"), ACCOUNTS, REGION)
    yield server
    server.stop()


def localaws(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "localaws", *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def state(server: ServerProcess) -> tuple[str, str]:
    return "--state", str(server.folder / "state")


def test_the_printed_environment_makes_the_aws_cli_the_chosen_accounts(server: ServerProcess) -> None:
    exports = localaws("env", *state(server), "--account", ACCOUNTS[1], "--region", REGION).stdout
    script = f"{exports}\naws sts get-caller-identity --query Account --output text; echo $AWS_REGION"
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    # What a shell may hold of another AWS is unset by the very lines.
    shell = {
        "PATH": path,
        "AWS_PROFILE": "mine",
        "AWS_SESSION_TOKEN": "x",
        "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1",
    }
    exports_again = subprocess.run(
        [sys.executable, "-m", "localaws", "env", *state(server)], env=shell, capture_output=True, text=True, check=True
    ).stdout
    assert "AWS_ENDPOINT_URL_STS" in exports_again.splitlines()[0]
    asked = subprocess.run(
        ["sh", "-c", script],
        env=shell | {"AWS_ENDPOINT_URL_STS": server.endpoint_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.stdout.split() == [ACCOUNTS[1], REGION], asked.stderr


def test_the_management_account_comes_first(server: ServerProcess) -> None:
    assert localaws("accounts", *state(server)).stdout.split() == ACCOUNTS


def test_the_clock_moves_forward_by_what_is_asked(server: ServerProcess) -> None:
    before = datetime.fromisoformat(localaws("clock", *state(server)).stdout.strip())
    after = datetime.fromisoformat(localaws("clock", *state(server), "--advance", "6h").stdout.strip())
    assert timedelta(hours=6) <= after - before < timedelta(hours=7)


def test_mail_is_shown_to_whom_it_was_sent(server: ServerProcess) -> None:
    sns = server.client("sns", ACCOUNTS[0])
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    for address in ("ann@example.com", "ben@example.com"):
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address)
    shown = localaws("mail", *state(server), "--to", "ann@example.com").stdout
    assert "to ann@example.com" in shown
    assert "ben@example.com" not in shown
    assert localaws("mail", *state(server), "--to", "nobody@example.com").stdout == "No mail.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["env", "--account", "12"], "must have 12 digits"),
        (["env", "--region", "eu west"], "must look like us-east-1"),
        (["clock", "--advance", "-5"], "must look like 90s"),
        (["clock", "--advance", "soon"], "must look like 90s"),
        (["start", "--port", "http"], "a number from 0 to 65535"),
        (["stop"], "invalid choice"),
        ([], "COMMAND"),
    ],
)
def test_a_wrong_argument_is_named(arguments: list[str], message: str) -> None:
    done = localaws(*arguments)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize("command", ["env", "accounts", "clock", "mail"])
def test_without_a_server_the_next_command_is_named(tmp_path: Path, command: str) -> None:
    done = localaws(command, cwd=tmp_path)
    assert done.returncode == 5
    assert "localaws start --state .localaws" in done.stderr


def test_an_account_that_the_server_does_not_have_is_refused(server: ServerProcess) -> None:
    done = localaws("env", *state(server), "--account", "555555555555")
    assert done.returncode == 6
    assert ACCOUNTS[0] in done.stderr


def test_a_server_that_was_killed_is_not_taken_for_a_running_one(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, ACCOUNTS, REGION)
    server.kill()
    assert localaws("accounts", *state(server)).returncode == 5


def test_a_reset_stops_the_server_and_forgets_its_state(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, ACCOUNTS, REGION)
    done = localaws("reset", *state(server))
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "state").exists()
    assert server.ended()


def test_a_reset_removes_nothing_that_is_not_a_state_directory(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    done = localaws("reset", "--state", str(tmp_path))
    assert done.returncode == 6
    assert (tmp_path / "thesis.txt").exists()
