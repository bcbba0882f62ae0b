"""An execution of the CodePipeline as it is shown where stderr is no terminal."""

from __future__ import annotations

import pytest

from scripts.decisions.codepipeline_view import ActionRow, HeldUp, WaitingApproval
from scripts.terminal.codepipeline_table import action_table, awaited, execution_view


def row(action: str, status: str, note: str = "", seconds: float | None = None) -> ActionRow:
    return ActionRow("Preprod", action, "CodeBuild", status, seconds, note, "build:1")


def no_log(build_id: str, count: int) -> list[str]:
    raise AssertionError("lines show no log, and reading it costs a call")


def test_each_change_of_an_action_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with execution_view("ours", no_log) as view:
        view.update("InProgress", [row("Promote", "InProgress"), row("Verify", "Waiting")], None, None)
        view.update("InProgress", [row("Promote", "InProgress"), row("Verify", "Waiting")], None, None)
        view.update("Failed", [row("Promote", "Failed", "no room", 12.0), row("Verify", "Waiting")], None, None)
    assert capsys.readouterr().err.splitlines() == [
        "InProgress  Preprod / Promote",
        "Failed      Preprod / Promote 12 s  no room",
    ]


def test_an_execution_that_is_queued_says_so_once_and_behind_which(capsys: pytest.CaptureFixture[str]) -> None:
    with execution_view("ours", no_log) as view:
        for obstacle in (HeldUp("Prod", "e-1"), HeldUp("Prod", "e-1"), None):
            view.update("InProgress", [], None, obstacle)
    assert capsys.readouterr().err == "Queued      before Prod, behind execution e-1\n"


def test_a_table_names_a_pipeline_stage_once() -> None:
    table = action_table("ours", [row("Promote", "Succeeded"), row("Verify", "InProgress")])
    assert list(table.columns[0].cells) == ["Preprod", ""]


def test_what_an_execution_waits_for_is_its_turn_a_person_or_what_runs() -> None:
    rows = [row("Promote", "Succeeded"), row("Verify", "InProgress")]
    approval = WaitingApproval("e-1", "ApproveProd", "Approve", "t", "", None)
    assert awaited(rows, None, None) == "Preprod / Verify"
    assert awaited(rows, approval, None) == "an answer to ApproveProd / Approve"
    assert awaited(rows, approval, HeldUp("Prod", "e-0")) == "its turn before Prod, behind execution e-0"
    assert awaited([], None, None) == "the CodePipeline's next action"
