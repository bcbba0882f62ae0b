"""How a verb ends: a message with what was found and what to do next, and an exit code."""

from __future__ import annotations

import errno
from collections.abc import Sequence

import pytest

from scripts.errors import ModelPackageError
from scripts.terminal.command_line import argument_parser, run, verb_parser


def ended_by(error: BaseException) -> int:
    def main(arguments: Sequence[str]) -> int:
        raise error

    return run(main, [])


def test_an_error_tells_what_was_found_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    error = ModelPackageError("nothing is Approved", found=["version 1: Rejected", "two\nlines"], next_command="make x")
    assert ended_by(error) == 7
    assert capsys.readouterr().err == (
        "No deployable model package: nothing is Approved\n"
        "  found: version 1: Rejected\n  found: two\n  found: lines\n  next:  make x\n"
    )


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_as_such(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended_by(OSError(number, "full", "release.json")) == 15
    assert "df -h" in capsys.readouterr().err


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_file_that_cannot_be_written_is_named(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended_by(OSError(number, "no", "release.json")) == 15
    assert "ls -ld . release.json" in capsys.readouterr().err


def test_control_c_ends_with_130_and_says_that_it_can_be_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended_by(KeyboardInterrupt()) == 130
    assert "Run the same command again" in capsys.readouterr().err


def test_a_defect_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        ended_by(ZeroDivisionError())
    with pytest.raises(PermissionError):
        ended_by(PermissionError(errno.EACCES, "denied"))


def test_a_wrong_argument_of_a_verb_names_the_make_target(capsys: pytest.CaptureFixture[str]) -> None:
    def main(arguments: Sequence[str]) -> None:
        verb_parser("build-variable", "A verb.").parse_args(arguments)

    assert run(main, ["--output", "xml"]) == 2
    assert "next:  make build-variable ARGS=--help" in capsys.readouterr().err


def test_a_wrong_argument_of_a_module_without_a_target_names_the_module(capsys: pytest.CaptureFixture[str]) -> None:
    def main(arguments: Sequence[str]) -> None:
        argument_parser("scripts.repository.check", "A check.").parse_args(arguments)

    assert run(main, ["--output", "xml"]) == 2
    assert "next:  python -m scripts.repository.check --help" in capsys.readouterr().err


def test_help_names_the_module_that_runs_and_the_target_that_runs_it() -> None:
    said = verb_parser("build-variable", "A verb.").format_help()
    assert "usage: python -m scripts.verbs.build_variable " in said
    assert "`make build-variable`" in said
