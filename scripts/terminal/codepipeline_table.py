"""How an execution of the CodePipeline is shown on stderr: a live table on a terminal, else a line for each change.

It is told how things stand, and given a way to read the log of the build that runs; it asks AWS nothing itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from scripts.decisions.codepipeline_view import NOT_STARTED, REJECTED, SKIPPED, ActionRow, HeldUp, WaitingApproval
from scripts.terminal.harmless import on_one_line
from scripts.terminal.heartbeat import Heartbeat, hushed

LOG_LINES = 6
_COLOURS = {
    "Succeeded": "green",
    "Failed": "red",
    REJECTED: "red",
    "InProgress": "yellow",
    NOT_STARTED: "dim",
    SKIPPED: "dim",
}
ReadLog = Callable[[str, int], list[str]]
"""The last lines of a build, by its id."""


class ExecutionView(Protocol):
    """Shows one execution while the ``with`` block that it opens lasts."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def update(
        self, status: str, rows: list[ActionRow], approval: WaitingApproval | None, obstacle: HeldUp | None
    ) -> None:
        """How the execution stands now."""


def execution_view(title: str, read_log: ReadLog) -> ExecutionView:
    """The live table where stderr is a terminal, else the lines."""
    console = Console(stderr=True)
    return _LiveTable(title, read_log, console) if console.is_terminal else _Lines()


class _Lines:
    """One line on stderr for each change of an action's status."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], str] = {}
        self._obstacle: HeldUp | None = None
        self._heartbeat = Heartbeat("the CodePipeline", on_terminal=False)

    def __enter__(self) -> Self:
        self._heartbeat.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._heartbeat.__exit__(None, None, None)

    def update(
        self, status: str, rows: list[ActionRow], approval: WaitingApproval | None, obstacle: HeldUp | None
    ) -> None:
        for row in rows:
            if row.status != NOT_STARTED and self._seen.get(row.key) != row.status:
                self._seen[row.key] = row.status
                took = f" {row.seconds:.0f} s" if row.seconds is not None else ""
                note = f"  {row.note}" if row.note and row.status in ("Failed", REJECTED) else ""
                self._heartbeat.line(on_one_line(f"{row.status:<12}{row.pipeline_stage} / {row.action}{took}{note}"))
        if obstacle != self._obstacle:
            self._obstacle = obstacle
            if obstacle:
                self._heartbeat.line(on_one_line(f"{'Queued':<12}{_queued(obstacle)}"))
        self._heartbeat.subject = awaited(rows, approval, obstacle)


class _LiveTable:
    """A table that is drawn again, with the end of the log of the build that runs."""

    def __init__(self, title: str, read_log: ReadLog, console: Console) -> None:
        self._title = title
        self._read_log = read_log
        self._live = Live(console=console, refresh_per_second=4, transient=False)
        self._begun = time.monotonic()
        self._hushed = hushed()  # the table moves, and says itself how long it has taken

    def __enter__(self) -> Self:
        self._hushed.__enter__()
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()
        self._hushed.__exit__(None, None, None)

    def update(
        self, status: str, rows: list[ActionRow], approval: WaitingApproval | None, obstacle: HeldUp | None
    ) -> None:
        elapsed = f"{time.monotonic() - self._begun:.0f} s"
        parts: list[Table | Text] = [action_table(f"{self._title}  {status}, {elapsed}", rows)]
        running = next((row for row in rows if row.status == "InProgress" and row.external_id), None)
        if running and running.provider == "CodeBuild":
            said = self._read_log(str(running.external_id), LOG_LINES)
            parts.append(
                Text("\n".join(f"  {line[:160]}" for line in said), style="dim", no_wrap=True, overflow="crop")
            )
        if obstacle:
            parts.append(Text(_queued(obstacle), style="yellow"))
        if approval:
            parts.append(Text(f"Waiting for an approval: {approval.custom_data}", style="bold yellow"))
        self._live.update(Group(*parts))


def action_table(title: str, rows: list[ActionRow]) -> Table:
    """The pipeline stages and actions of one execution."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for heading, justify in (("pipeline stage", "left"), ("action", "left"), ("status", "left"), ("time", "right")):
        table.add_column(heading, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    table.add_column("note", overflow="ellipsis", max_width=70)
    before = ""
    for row in rows:
        took = f"{row.seconds:.0f} s" if row.seconds is not None else ""
        colour = _COLOURS.get(row.status, "")
        shown = row.pipeline_stage if row.pipeline_stage != before else ""
        table.add_row(shown, row.action, Text(row.status, style=colour), took, row.note.split("\n")[0])
        before = row.pipeline_stage
    return table


def awaited(rows: list[ActionRow], approval: WaitingApproval | None, obstacle: HeldUp | None) -> str:
    """What an execution waits for now, in a few words."""
    if obstacle:
        return f"its turn {_queued(obstacle)}"
    if approval:
        return f"an answer to {approval.pipeline_stage} / {approval.action}"
    running = [f"{row.pipeline_stage} / {row.action}" for row in rows if row.status == "InProgress"]
    return ", ".join(running) or "the CodePipeline's next action"


def _queued(obstacle: HeldUp) -> str:
    return f"before {obstacle.pipeline_stage}, behind execution {obstacle.ahead}"
