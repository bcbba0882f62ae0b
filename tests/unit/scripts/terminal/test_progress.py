"""What is shown of work that is going on, and what is left out."""

from __future__ import annotations

import pytest

from scripts.terminal.progress import BriefProgress, Progress


def test_a_brief_progress_shows_what_goes_wrong_alone(capsys: pytest.CaptureFixture[str]) -> None:
    progress = BriefProgress(colour=False)
    for status in ("CREATE_IN_PROGRESS", "CREATE_COMPLETE", "CREATE_FAILED", "ROLLBACK_COMPLETE"):
        progress.event("Key", status, "why")
    shown = capsys.readouterr().err
    assert "CREATE_COMPLETE" not in shown
    assert "CREATE_FAILED" in shown
    assert "ROLLBACK_COMPLETE" in shown
    assert "IN_PROGRESS" not in shown


def test_an_ordinary_progress_shows_each_event_with_its_note(capsys: pytest.CaptureFixture[str]) -> None:
    Progress(colour=False).event("Key", "CREATE_IN_PROGRESS", "User Initiated")
    assert "CREATE_IN_PROGRESS           Key   User Initiated" in capsys.readouterr().err
