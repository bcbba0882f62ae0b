"""Questions are put on stderr and only to a person; the end of the input is no answer, and never consent."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from scripts.errors import UsageError
from scripts.terminal.questions import ask_for, ask_reason, confirm


class Person(io.StringIO):
    """A terminal on which these lines are typed."""

    def isatty(self) -> bool:
        return True


Types = Callable[[str], None]


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Types:
    return lambda text: monkeypatch.setattr("sys.stdin", Person(text))


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))


def test_a_question_is_on_stderr_and_its_answer_has_no_spaces_around_it(
    types: Types, capsys: pytest.CaptureFixture[str]
) -> None:
    types("  berths \n")
    assert ask_for("Name of the pipeline", "", "PIPELINE") == "berths"
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "Name of the pipeline: ")


def test_an_empty_answer_is_the_default_which_the_question_shows(
    types: Types, capsys: pytest.CaptureFixture[str]
) -> None:
    types("\n")
    assert ask_for("Schedule", "1 day", "SCHEDULE") == "1 day"
    assert capsys.readouterr().err == "Schedule [1 day]: "


@pytest.mark.parametrize("typed", ["\n", "  \n", ""])
def test_what_has_no_default_must_be_answered(types: Types, typed: str) -> None:
    types(typed)
    with pytest.raises(UsageError, match="PIPELINE is needed") as refused:
        ask_for("Name", "", "PIPELINE")
    assert refused.value.next_command == "the same command with PIPELINE=..."


@pytest.mark.usefixtures("nobody")
def test_where_nobody_can_answer_a_default_holds_and_all_else_says_how_to_give_it() -> None:
    assert ask_for("Schedule", "1 day", "SCHEDULE") == "1 day"
    with pytest.raises(UsageError, match="PIPELINE is not given") as refused:
        ask_for("Name", "", "PIPELINE")
    assert refused.value.found == ["Name"]
    with pytest.raises(UsageError, match="no reason was given") as refused:
        ask_reason("Reason", 'make approve SUMMARY="why"')
    assert refused.value.next_command == 'make approve SUMMARY="why"'
    with pytest.raises(UsageError, match="asks for confirmation") as refused:
        confirm("Delete?", "yes", "ARGS=--yes")
    assert refused.value.next_command == "the same command with ARGS=--yes"


def test_a_reason_is_what_was_typed(types: Types) -> None:
    types("the figures are good \n")
    assert ask_reason("Reason", "again") == "the figures are good"


def test_only_the_word_itself_is_consent(types: Types) -> None:
    types("preprod\n")
    confirm("Delete?", "preprod")


@pytest.mark.parametrize("typed", ["yes\n", "PREPROD\n", "\n", ""])
def test_anything_else_is_no_consent(types: Types, typed: str) -> None:
    types(typed)
    with pytest.raises(UsageError, match="not confirmed; nothing was done"):
        confirm("Delete?", "preprod")


def test_an_input_that_ends_leaves_the_error_on_a_line_of_its_own(
    types: Types, capsys: pytest.CaptureFixture[str]
) -> None:
    types("")
    assert ask_reason("Reason", "again") == ""
    assert capsys.readouterr().err == "Reason: \n"
