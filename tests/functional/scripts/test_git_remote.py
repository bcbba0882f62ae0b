"""A push reaches this clone's own embedded AWS, or nobody's."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from scripts.local_cloud.git_remote import STOPPED, point_remote_nowhere, point_remote_to
from scripts.workspace.git import remote_url, set_remote_url
from tests.functional.scripts.test_local import Clone, is_alive

PUSHED = "http://127.0.0.1:4566/git-codecommit.ap-southeast-2.amazonaws.com/v1/repos/harbour"


HELPER = "!/somewhere/localaws git-credential --state '/a folder/state'"


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    git(tmp_path, "remote", "add", "origin", "https://git.example.com/team")
    return tmp_path


def test_a_server_at_another_port_takes_the_remote_with_it(repository: Path) -> None:
    git(repository, "remote", "add", "localaws", PUSHED)
    point_remote_to("http://127.0.0.1:40123", HELPER, repository)
    assert git(repository, "remote", "get-url", "localaws") == PUSHED.replace("4566", "40123")
    point_remote_nowhere(repository)
    assert git(repository, "remote", "get-url", "localaws") == PUSHED.replace("127.0.0.1:4566", STOPPED)
    point_remote_to("http://127.0.0.1:4566", HELPER, repository)
    assert git(repository, "remote", "get-url", "localaws") == PUSHED
    assert git(repository, "remote", "get-url", "origin") == "https://git.example.com/team"


def test_no_remote_is_made_and_another_host_is_left_alone(repository: Path) -> None:
    point_remote_to("http://127.0.0.1:40123", HELPER, repository)
    assert git(repository, "remote") == "origin"
    git(repository, "remote", "add", "localaws", "https://git.example.com/localaws")
    point_remote_to("http://127.0.0.1:40123", HELPER, repository)
    assert git(repository, "remote", "get-url", "localaws") == "https://git.example.com/localaws"


def test_worktrees_of_one_clone_have_a_remote_each(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    git(repository, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "--allow-empty", "-m", "x")
    set_remote_url(repository, "localaws", PUSHED)
    second = tmp_path_factory.mktemp("worktrees") / "second"
    git(repository, "worktree", "add", "-q", str(second))
    point_remote_to("http://127.0.0.1:40002", HELPER, second)  # it has none, and must not move the other's
    assert remote_url(repository, "localaws") == PUSHED
    set_remote_url(second, "localaws", PUSHED.replace("4566", "40002"))
    point_remote_to("http://127.0.0.1:40001", HELPER, repository)
    for folder, port in ((repository, "40001"), (second, "40002")):
        assert git(folder, "remote", "get-url", "--all", "--push", "localaws") == PUSHED.replace("4566", port)


def test_a_folder_without_git_has_no_remote(tmp_path: Path) -> None:
    point_remote_to("http://127.0.0.1:40123", HELPER, tmp_path)
    point_remote_nowhere(tmp_path)


@pytest.fixture
def clone(repository: Path) -> Iterator[Clone]:
    clone = Clone(repository)
    yield clone
    clone.start("reset").communicate(timeout=60)


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="Linux alone says which folder a process runs in")
def test_after_a_cleaned_working_tree_the_server_begins_anew_at_its_port(clone: Clone) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        clone.environment["LOCALAWS_PORT"] = str(free.getsockname()[1])
    start = "from scripts.local_cloud.server import running_endpoint, start; print(running_endpoint() or start())"
    command = [sys.executable, "-c", f"from pathlib import Path; Path('.localaws').mkdir(exist_ok=True); {start}"]
    run = partial(subprocess.run, command, cwd=clone.folder, env=clone.environment, text=True, timeout=60)
    first = run(capture_output=True, check=True)
    process = json.loads((clone.folder / ".localaws/address.json").read_text())["process"]
    assert run(capture_output=True, check=True).stdout == first.stdout
    shutil.rmtree(clone.folder / ".localaws")
    again = run(capture_output=True, check=True)
    assert again.stdout == first.stdout
    assert "begins anew" in again.stderr
    assert not is_alive(process)


def test_stopping_leads_the_remote_nowhere(clone: Clone) -> None:
    git(clone.folder, "remote", "add", "localaws", PUSHED)
    process = clone.start("down")
    process.communicate(timeout=60)
    assert STOPPED in git(clone.folder, "remote", "get-url", "localaws")
