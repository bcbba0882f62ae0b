"""``localaws start`` where it cannot start: each cause has a sentence and an exit code, and changes nothing."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

from localaws.core.state_file import digest_of
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
        assert f"localaws reset --state {state}" in error
        assert (state / name).read_bytes() == content


def test_from_a_damaged_state_the_last_good_one_is_a_word_away(tmp_path: Path) -> None:
    for _ in range(2):  # the second start reads what the first has kept, and notes it as good
        with running(tmp_path) as (_, client):
            client("ssm").put_parameter(Name="kept", Value="1", Type="String", Overwrite=True)
    content = (tmp_path / "localaws.sqlite").read_bytes()
    for suffix in ("-wal", "-shm"):
        (tmp_path / f"localaws.sqlite{suffix}").unlink(missing_ok=True)
    (tmp_path / "localaws.sqlite").write_bytes(content[: len(content) // 2])
    code, error = _start("--state", str(tmp_path), "--port", "0")
    assert code == 4
    assert "--last-good" in error
    with running(tmp_path, "--last-good") as (_, client):
        assert client("ssm").get_parameter(Name="kept")["Parameter"]["Value"] == "1"
    assert (tmp_path / "localaws.sqlite.damaged-1").read_bytes() == content[: len(content) // 2]


def test_the_first_word_of_a_server_with_a_damaged_state_is_no_listening(tmp_path: Path) -> None:
    with running(tmp_path) as (_, client):
        client("kms").create_key()
    connection = sqlite3.connect(tmp_path / "localaws.sqlite")
    connection.execute("UPDATE chunks SET content = ?", (b"cos\nsystem\n(S'touch ran'\ntR.",))
    connection.execute("UPDATE chunks SET digest = ?", (digest_of(b"cos\nsystem\n(S'touch ran'\ntR."),))
    connection.commit()
    connection.close()
    ended = subprocess.run(
        [sys.executable, "-m", "localaws", "start", "--state", str(tmp_path), "--port", "0"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (4, "")
    assert "os.system, which is no data" in ended.stderr
    assert not (tmp_path / "ran").exists()


def test_a_last_good_state_that_is_not_there_is_said(tmp_path: Path) -> None:
    code, error = _start("--state", str(tmp_path), "--port", "0", "--last-good")
    assert (code, "no state of this directory was opened cleanly" in error) == (4, True)


def test_a_state_directory_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, error = _start("--state", str(tmp_path / "file"), "--port", "0")
    assert (code, f"the state directory {tmp_path / 'file'} cannot be used" in error) == (4, True)


def _with_files_up_to(size: int, command: list[str]) -> list[str]:
    """The command on a disk without room: no file of it can grow beyond ``size``."""
    limited = f"import os, resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"
    return [sys.executable, "-c", f"{limited}; os.execv({sys.executable!r}, {command!r})"]


def test_a_full_disk_is_neither_damage_nor_a_taken_port(tmp_path: Path) -> None:
    with running(tmp_path) as (_, client):
        client("ssm").put_parameter(Name="kept", Value="1", Type="String")
    command = [sys.executable, "-m", "localaws", "start", "--state", str(tmp_path), "--port", "0", "--account", DEV]
    refused = subprocess.run(
        _with_files_up_to(20_000, command), capture_output=True, text=True, timeout=60, check=False
    )  # room for the lock and not for SQLite's index of the write-ahead log
    assert (refused.returncode, refused.stdout) == (4, ""), refused.stderr
    assert f"{tmp_path} cannot be worked with: localaws.sqlite: " in refused.stderr
    assert "make room" in refused.stderr
    assert "reset" not in refused.stderr
    # With room for that, and none for a copy of the state, it starts and answers what needs no writing.
    with subprocess.Popen(_with_files_up_to(200_000, command), stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline().startswith("localaws: listening")
        server.terminate()
    assert not list(tmp_path.glob("*.partial"))
    with running(tmp_path) as (_, client):
        assert client("ssm").get_parameter(Name="kept")["Parameter"]["Value"] == "1"


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
