"""Environments are built once, whole or not at all."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from localaws.services.sagemaker.jobs.python_environments import PythonEnvironments

REQUEST = ["xgboost", ["xgboost==1.7.*"]]


def build(folder: Path) -> None:
    (folder / "bin").mkdir()
    (folder / "bin/python").write_text("")
    (folder / "bin/tool").write_text(f"#!{folder}/bin/python\n")


def nothing() -> None:
    pass


def test_what_was_built_is_built_once_and_found_by_the_next_server(tmp_path: Path) -> None:
    built: list[Path] = []

    def counted(folder: Path) -> None:
        built.append(folder)
        build(folder)

    python = PythonEnvironments(tmp_path).provide(REQUEST, counted, nothing)
    assert python.is_file()
    assert PythonEnvironments(tmp_path).provide(REQUEST, counted, nothing) == python
    assert len(built) == 1
    assert PythonEnvironments(tmp_path).provide([*REQUEST, "else"], counted, nothing) != python
    assert len(built) == 2


def test_its_commands_name_the_interpreter_where_it_ends_up(tmp_path: Path) -> None:
    python = PythonEnvironments(tmp_path).provide(REQUEST, build, nothing)
    assert python.with_name("tool").read_text() == f"#!{python}\n"


def test_a_build_that_fails_leaves_nothing_and_is_tried_again(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        build(folder)
        raise OSError("no space left")

    environments = PythonEnvironments(tmp_path)
    with pytest.raises(OSError, match="no space left"):
        environments.provide(REQUEST, fail, nothing)
    assert list(tmp_path.iterdir()) == []
    assert environments.provide(REQUEST, build, nothing).is_file()


def test_what_a_killed_server_left_is_removed(tmp_path: Path) -> None:
    kept = PythonEnvironments(tmp_path).provide(REQUEST, build, nothing)
    half = tmp_path / "building-x"
    half.mkdir()
    PythonEnvironments(tmp_path)
    assert not half.exists()
    assert kept.is_file()


def test_jobs_at_once_share_one_build_and_a_waiting_one_can_be_stopped(tmp_path: Path) -> None:
    environments = PythonEnvironments(tmp_path)
    begun, go_on, built = threading.Event(), threading.Event(), []

    def slow(folder: Path) -> None:
        built.append(folder)
        begun.set()
        assert go_on.wait(60)
        build(folder)

    def stopped() -> None:
        raise InterruptedError

    found: list[Path] = []
    jobs = [
        threading.Thread(target=lambda: found.append(environments.provide(REQUEST, slow, nothing))) for _ in range(3)
    ]
    for job in jobs:
        job.start()
    assert begun.wait(60)
    with pytest.raises(InterruptedError):
        environments.provide(REQUEST, slow, stopped)
    go_on.set()
    for job in jobs:
        job.join()
    assert len(built) == 1
    assert len(set(found)) == 1
    assert len(found) == 3
