"""Follows one execution of the CodePipeline until it ends or waits for an approval, and shows how it goes.

On a terminal a live table with the log of the build that runs; elsewhere a line for each change. It only reads.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from scripts.decisions.codepipeline_view import (
    ENDED,
    NOT_STARTED,
    REJECTED,
    ActionRow,
    HeldUp,
    WaitingApproval,
    action_rows,
    failed_stage,
    failure,
    held_up,
    rejection,
    rolled_back_by,
    waiting_approval,
)
from scripts.errors import ApprovalError, DeploymentError, ExecutionError
from scripts.gateways.codepipelines import CodePipelines

POLL_SECONDS = 1.0
LOG_LINES = 6
LAST_LINES = 12
_COLOURS = {"Succeeded": "green", "Failed": "red", REJECTED: "red", "InProgress": "yellow", NOT_STARTED: "dim"}


@dataclass(frozen=True)
class Followed:
    """How an execution stood when following ended: its status, its rows, and what it waits for, if anything.

    ``approval`` is its own, or, where it is ``held_up``, the one of the execution ahead.
    """

    execution_id: str
    status: str
    rows: list[ActionRow]
    approval: WaitingApproval | None
    held_up: HeldUp | None = None


def follow(
    codepipeline: CodePipelines,
    execution_id: str,
    *,
    past_approvals: bool = False,
    answered: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Followed:
    """Follow until the end, or until nothing goes on without an approval's answer, unless ``past_approvals``.

    ``answered`` is the token of an approval that has its answer, which CodePipeline may be yet to act on.

    Raises ExecutionError, with each failed action's reason and last lines, where the execution failed or was stopped;
    ApprovalError where its approval was answered with no.
    """
    structure = codepipeline.structure()
    console = Console(stderr=True)
    show = _live(console) if console.is_terminal else _lines()
    with show:
        while True:
            status = codepipeline.status(execution_id)
            details, state = codepipeline.actions(execution_id), codepipeline.state()
            rows = action_rows(structure, details, state)
            approval, obstacle = _waits_for(codepipeline, structure, state, details, execution_id, answered)
            show.update(codepipeline, execution_id, status, rows, approval, obstacle)
            if status in ENDED or (approval and not past_approvals):
                break
            sleep(POLL_SECONDS)
    if status in ENDED and status != "Succeeded":
        raise _failed(codepipeline, execution_id, status, rows)
    return Followed(execution_id, status, rows, approval, obstacle)


def _waits_for(
    codepipeline: CodePipelines,
    structure: dict[str, Any],
    state: dict[str, Any],
    details: list[dict[str, Any]],
    execution_id: str,
    answered: str | None,
) -> tuple[WaitingApproval | None, HeldUp | None]:
    """The approval without which the execution does not go on: its own, or that of the one it is queued behind."""
    approval, obstacle = waiting_approval(structure, state, details), held_up(state, execution_id)
    if approval is None or approval.token == answered:
        return None, obstacle
    if obstacle and approval.execution_id == obstacle.ahead:
        return waiting_approval(structure, state, codepipeline.actions(obstacle.ahead)), obstacle
    return (approval, None) if approval.execution_id == execution_id else (None, obstacle)


def _failed(codepipeline: CodePipelines, execution_id: str, status: str, rows: list[ActionRow]) -> DeploymentError:
    refused = rejection(rows)
    if refused:
        return ApprovalError(
            f"execution {execution_id} of {codepipeline.name} was rejected; nothing after the approval was done",
            found=[f"{refused.pipeline_stage} / {refused.action}: {refused.note}"],
            next_command="mend what was found wanting and push, or: make codepipeline ARGS=--retry   (asks again)",
        )
    found = failure(rows)
    for row in rows:
        if row.status == "Failed" and row.provider == "CodeBuild" and row.external_id:
            found += [f"  {line}" for line in codepipeline.build_log(row.external_id, LAST_LINES)]
    rollback = rolled_back_by(codepipeline.executions(), execution_id)
    if rollback:
        found.append(f"{failed_stage(rows)} is rolled back to what succeeded there before, by execution {rollback}")
    return ExecutionError(
        f"execution {execution_id} of {codepipeline.name} ended {status}",
        found=found,
        next_command="mend it and push, or: make codepipeline ARGS=--retry   (runs what failed again)",
    )


class _lines:  # noqa: N801 (a way of showing, chosen like a function)
    """One line on stderr for each change of an action's status."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], str] = {}
        self._obstacle: HeldUp | None = None

    def __enter__(self) -> _lines:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(
        self,
        _: CodePipelines,
        execution_id: str,
        status: str,
        rows: list[ActionRow],
        approval: WaitingApproval | None,
        obstacle: HeldUp | None,
    ) -> None:
        for row in rows:
            if row.status != NOT_STARTED and self._seen.get(row.key) != row.status:
                self._seen[row.key] = row.status
                took = f" {row.seconds:.0f} s" if row.seconds is not None else ""
                note = f"  {row.note}" if row.note and row.status in ("Failed", REJECTED) else ""
                print(f"{row.status:<12}{row.pipeline_stage} / {row.action}{took}{note}", file=sys.stderr, flush=True)
        if obstacle != self._obstacle:
            self._obstacle = obstacle
            if obstacle:
                print(f"{'Queued':<12}{_queued(obstacle)}", file=sys.stderr, flush=True)


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
        obstacle: HeldUp | None,
    ) -> None:
        parts: list[Table | Text] = [action_table(f"{codepipeline.name}  {execution_id}  {status}", rows)]
        running = next((row for row in rows if row.status == "InProgress" and row.external_id), None)
        if running and running.provider == "CodeBuild":
            said = codepipeline.build_log(str(running.external_id), LOG_LINES)
            parts.append(
                Text("\n".join(f"  {line[:160]}" for line in said), style="dim", no_wrap=True, overflow="crop")
            )
        if obstacle:
            parts.append(Text(_queued(obstacle), style="yellow"))
        if approval:
            parts.append(Text(f"Waiting for an approval: {approval.custom_data}", style="bold yellow"))
        self._live.update(Group(*parts))


def _queued(obstacle: HeldUp) -> str:
    return f"before {obstacle.pipeline_stage}, behind execution {obstacle.ahead}"


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
