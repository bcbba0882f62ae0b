"""All stages of a pipeline side by side, in a terminal's width: what ``status`` says where no stage is named. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scripts.decisions.status import StageStatus

WIDTH = 80
_LABEL = 12
Row = tuple[str, Callable[[StageStatus], str]]


def overview_lines(stages: Sequence[StageStatus], width: int = WIDTH) -> list[str]:
    """One block a pipeline, one column a stage; no line is wider than ``width``."""
    lines: list[str] = []
    for pipeline in dict.fromkeys(each.pipeline for each in stages):
        lines += ([""] if lines else []) + _block([each for each in stages if each.pipeline == pipeline], width)
    return lines


def _block(stages: Sequence[StageStatus], width: int) -> list[str]:
    column = (width - _LABEL) // len(stages) - 2
    cells = [("pipeline", [each.stage for each in stages])]
    cells += [(label, [said(each) for each in stages]) for label, said in _ROWS]
    shown = [(label, row) for label, row in cells if any(row)]
    lines = [
        f"{label:<{_LABEL}}" + "  ".join(f"{_cut(cell, column):<{column}}" for cell in row) for label, row in shown
    ]
    title = stages[0].pipeline
    return [title[:width], *(line.rstrip()[:width] for line in lines)]


def _release(stage: StageStatus) -> str:
    if stage.problem:
        return stage.problem
    return stage.release_id or "nothing is deployed"


def _verified(stage: StageStatus) -> str:
    if stage.release_id is None:
        return ""
    if stage.verified is None:
        return "passed, not as it is now" if stage.passed_once else "not verified"
    return "yes" if stage.verified else "FAILED"


def _model(stage: StageStatus) -> str:
    if stage.release_id is None:
        return ""
    return f"version {stage.model_version}" if stage.model_version is not None else "unknown"


def _since(stage: StageStatus) -> str:
    if stage.live_since is None:
        return ""
    return f"{_time(stage.live_since)} ({stage.live_for} ago)" if stage.live_for else _time(stage.live_since)


def _rows(number: int) -> Callable[[StageStatus], str]:
    return lambda stage: rows_line(stage.executions[number]) if len(stage.executions) > number else ""


def _run(number: int) -> Callable[[StageStatus], str]:
    def said(stage: StageStatus) -> str:
        if len(stage.executions) <= number:
            return "none yet" if number == 0 and stage.release_id else ""
        return run_line(stage.executions[number])

    return said


def run_line(run: dict[str, Any]) -> str:
    """``11-26 01:00 Succeeded, 34 s``."""
    seconds = run.get("seconds")
    return f"{_time(run['started'])[5:]} {run['status']}" + (f", {seconds:,.0f} s" if seconds is not None else "")


def rows_line(run: dict[str, Any]) -> str:
    """``1,200 rows, 3 rejected``; nothing where nobody has counted them."""
    rows, rejected = run.get("rows"), run.get("rejected")
    if rows is None:
        return ""
    return f"{rows:,} rows" + (f", {rejected:,} rejected" if rejected else "")


def _next(stage: StageStatus) -> str:
    if stage.release_id is None:
        return ""
    return _time(stage.next_run) if stage.next_run else "off" if stage.schedule_off else "none"


def _drift(stage: StageStatus) -> str:
    if stage.release_id is None:
        return ""
    known = [each for each in stage.drift if not each.startswith("unknown: ")]
    return f"{len(known)} not as released" if known else "unknown" if stage.drift else "none"


def _alarms(stage: StageStatus) -> str:
    if not stage.alarms:
        return ""
    ringing = sum(each["state"] == "ALARM" for each in stage.alarms)
    fine = sum(each["state"] == "OK" for each in stage.alarms)
    silent = len(stage.alarms) - fine - ringing
    parts = [f"{ringing} RINGING"] if ringing else []
    parts += [f"{fine} of {len(stage.alarms)} OK", *([f"{silent} no data"] if silent else [])]
    return ", ".join(parts)


_ROWS: Sequence[Row] = (
    ("release", _release),
    ("verified", _verified),
    ("model", _model),
    ("live since", _since),
    ("last run", _run(0)),
    ("", _rows(0)),
    ("  before", _run(1)),
    ("", _rows(1)),
    ("  before", _run(2)),
    ("", _rows(2)),
    ("next run", _next),
    ("drift", _drift),
    ("alarms", _alarms),
    ("changing", lambda stage: stage.changing or ""),
    ("approval", lambda stage: stage.waiting or ""),
    ("rejected", lambda stage: stage.rejected or ""),
)


def _time(text: str) -> str:
    return text[:16].replace("T", " ")


def _cut(text: str, width: int) -> str:
    shown = "".join(each if each.isprintable() else " " for each in text)
    return shown if len(shown) <= width else f"{shown[: max(width - 3, 0)]}..."
