"""Whatever others wrote, a terminal is not steered by it, and nothing of it is lost."""

from __future__ import annotations

import io
import sys
import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.errors import ModelPackageError
from scripts.terminal.command_line import run
from scripts.terminal.harmless import Harmless, harmless, on_one_line, steer
from scripts.terminal.progress import Progress
from scripts.terminal.tables import table

HOSTILE = "ok\x1b[1A\x1b[2K\rall checks passed\x1b]0;owned\x07\x9b2J\u202e"
SHOWN = r"ok\x1b[1A\x1b[2K\rall checks passed\x1b]0;owned\x07\x9b2J\u202e"

any_text = st.text(st.characters(codec=None, categories=None))


@given(any_text)
def test_no_control_character_is_left(text: str) -> None:
    left = {each for each in harmless(text) if unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp")}
    assert left <= {"\n", "\t"}
    assert not any("\u202a" <= each <= "\u202e" or "\u2066" <= each <= "\u2069" for each in harmless(text))


@given(any_text)
def test_a_row_stays_a_row(text: str) -> None:
    assert len(on_one_line(text).splitlines()) <= 1


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs", "M"])))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


@given(any_text)
def test_a_stream_of_any_encoding_takes_any_text(text: str) -> None:
    under = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    Harmless(under).write(text)


def _hostile_result(_: Sequence[str]) -> int:
    print(HOSTILE)
    return 0


def _hostile_error(_: Sequence[str]) -> int:
    raise ModelPackageError(f"no {HOSTILE}", found=[HOSTILE], next_command=f"make {HOSTILE}")


@pytest.mark.parametrize("main", [_hostile_result, _hostile_error])
def test_results_and_errors_of_every_verb_are_harmless(main: object, capsys: pytest.CaptureFixture[str]) -> None:
    run(main, [])  # type: ignore[arg-type]
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err
    assert SHOWN in shown.out + shown.err


def test_progress_is_painted_and_what_it_tells_is_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(colour=True)
    with progress.step(HOSTILE):
        progress.line(HOSTILE)
        progress.event(HOSTILE, "CREATE_FAILED", HOSTILE)
    shown = capsys.readouterr().err
    assert "\x1b[31mCREATE_FAILED" in shown
    assert shown.count(SHOWN) == 3
    assert SHOWN.replace("\\r", " | ") in shown  # lines of a reason
    assert "\x1b[1A" not in shown


def test_a_cell_is_no_second_row() -> None:
    assert table([["a", f"b\n  passed  everything{HOSTILE}"]], widest=200) == [rf"a  b\n  passed  everything{SHOWN}"]


def test_what_the_program_means_reaches_the_terminal() -> None:
    under = io.StringIO()
    steer(Harmless(under), "\r\x1b[K")
    steer(under, "\x1b[0m")
    assert under.getvalue() == "\r\x1b[K\x1b[0m"


def test_streams_are_given_back() -> None:
    before = sys.stdout, sys.stderr
    run(lambda _: 0, [])
    assert (sys.stdout, sys.stderr) == before
