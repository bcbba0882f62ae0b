"""Follows one execution of the CodePipeline until it ends or waits for an approval, and shows how it goes.

On a terminal a live table with the log of the build that runs; elsewhere a line for each change. It only reads.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from scripts.decisions.codepipeline_view import (
    ENDED,
    NOT_STARTED,
    ActionRow,
    WaitingApproval,
    action_rows,
    failure,
    waiting_approval,
)
from scripts.errors import ExecutionError
from scripts.gateways.codepipelines import CodePipelines

POLL_SECONDS = 1.0
LOG_LINES = 6
_COLOURS = {"Succeeded": "green", "Failed": "red", "InProgress": "yellow", NOT_STARTED: "dim"}


@dataclass(frozen=True)
class Followed:
    """How an execution stood when following ended: its status, its rows, and the approval it waits for, if any."""

    execution_id: str
    status: str
    rows: list[ActionRow]
    approval: WaitingApproval | None


def follow(
    codepipeline: CodePipelines,
    execution_id: str,
    *,
    past_approvals: bool = False,
    answered: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Followed:
    """Follow until the end, or until an approval waits unless ``past_approvals``.

    ``answered`` is the token of an approval that has its answer, which CodePipeline may be yet to act on.

    Raises ExecutionError, with each failed action's reason and last lines, where the execution failed or was stopped.
    """
    structure = codepipeline.structure()
    console = Console(stderr=True)
    show = _live(console) if console.is_terminal else _lines()
    with show:
        while True:
            status = codepipeline.status(execution_id)
            details = codepipeline.actions(execution_id)
            rows = action_rows(structure, details)
            approval = waiting_approval(structure, codepipeline.state(), details)
            if approval and (approval.execution_id != execution_id or approval.token == answered):
                approval = None
            show.update(codepipeline, execution_id, status, rows, approval)
            if status in ENDED or (approval and not past_approvals):
                break
            sleep(POLL_SECONDS)
    if status in ENDED and status != "Succeeded":
        raise _failed(codepipeline, execution_id, status, rows)
    return Followed(execution_id, status, rows, approval)


def _failed(codepipeline: CodePipelines, execution_id: str, status: str, rows: list[ActionRow]) -> ExecutionError:
    found = failure(rows)
    for row in rows:
        if row.status == "Failed" and row.provider == "CodeBuild" and row.external_id:
            found += [f"  {line}" for line in codepipeline.build_log(row.external_id, 12)]
    return ExecutionError(
        f"execution {execution_id} of {codepipeline.name} ended {status}",
        found=found,
        next_command="mend it and push, or: aws codepipeline retry-stage-execution",
    )


class _lines:  # noqa: N801 (a way of showing, chosen like a function)
    """One line on stderr for each change of an action's status."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], str] = {}

    def __enter__(self) -> _lines:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(
        self, _: CodePipelines, execution_id: str, status: str, rows: list[ActionRow], approval: WaitingApproval | None
    ) -> None:
        for row in rows:
            if row.status != NOT_STARTED and self._seen.get(row.key) != row.status:
                self._seen[row.key] = row.status
                took = f" {row.seconds:.0f} s" if row.seconds is not None else ""
                note = f"  {row.note}" if row.note and row.status == "Failed" else ""
                print(f"{row.status:<12}{row.pipeline_stage} / {row.action}{took}{note}", file=sys.stderr, flush=True)


class _live:  # noqa: N801
    """A table that is drawn again, with the end of the log of the build that runs."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, refresh_per_second=4, transient=False)

    def __enter__(self) -> _live:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def update(
        self,
        codepipeline: CodePipelines,
        execution_id: str,
        status: str,
        rows: list[ActionRow],
        approval: WaitingApproval | None,
    ) -> None:
        parts: list[Table | Text] = [action_table(f"{codepipeline.name}  {execution_id}  {status}", rows)]
        running = next((row for row in rows if row.status == "InProgress" and row.external_id), None)
        if running and running.provider == "CodeBuild":
            lines = codepipeline.build_log(str(running.external_id), LOG_LINES)
            parts.append(Text("\n".join(f"  {line[:160]}" for line in lines), style="dim"))
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
