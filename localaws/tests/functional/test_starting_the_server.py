"""``localaws start`` where it cannot start: each cause has a sentence and an exit code, and changes nothing."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

from tests.functional.conftest import DEV
from tests.functional.test_jobs_and_server import running


def _start(*arguments: str) -> tuple[int, str]:
    ended = subprocess.run(
        [sys.executable, "-m", "localaws", "start", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended.returncode, ended.stderr


def test_wrong_accounts_and_ports_are_refused(tmp_path: Path) -> None:
    for arguments in (["--account", "123"], ["--port", "70000"]):
        code, error = _start("--state", str(tmp_path), *arguments)
        assert (code, "12 digits" in error or "65535" in error) == (2, True)
    assert not list(tmp_path.iterdir())


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, error = _start("--state", str(tmp_path), "--port", str(port))
    assert (code, f"cannot listen on 127.0.0.1:{port}" in error) == (3, True)


def test_state_that_cannot_be_read_is_named_and_kept(tmp_path: Path) -> None:
    for name, content in (("moto.pickle", b"\x80\x04rubbish"), ("localaws.sqlite", b"no database at all" * 100)):
        state = tmp_path / name
        state.mkdir()
        (state / name).write_bytes(content)
        code, error = _start("--state", str(state), "--port", "0")
        assert (code, f"{state} cannot be read" in error) == (4, True), error
        assert (state / name).read_bytes() == content


def test_a_state_directory_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, error = _start("--state", str(tmp_path / "file"), "--port", "0")
    assert (code, f"the state directory {tmp_path / 'file'} cannot be used" in error) == (4, True)


def test_two_servers_never_share_a_state_directory(tmp_path: Path) -> None:
    with running(tmp_path) as (process, _):
        code, error = _start("--state", str(tmp_path), "--port", "0", "--account", DEV)
        assert (code, f"another localaws server (process {process.pid}) is using it" in error) == (4, True)


def test_what_cannot_be_kept_does_not_keep_all_else_from_being_kept(tmp_path: Path) -> None:
    with running(tmp_path) as (process, client):
        client("lambda").list_functions()  # moto's Lambda holds weak references
        client("elasticbeanstalk").create_application(ApplicationName="a")  # and this what no pickle can hold
        client("ssm").put_parameter(Name="kept", Value="1", Type="String")
        process.terminate()
        process.wait(20)
    with running(tmp_path) as (_, client):
        assert client("ssm").get_parameter(Name="kept")["Parameter"]["Value"] == "1"
