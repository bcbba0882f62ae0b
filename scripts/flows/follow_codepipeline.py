"""Follows one execution of the CodePipeline until it ends or waits for an approval. It only reads.

How that looks on a terminal is ``terminal.codepipeline_table``'s matter.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scripts.decisions.codepipeline_view import (
    ENDED,
    ActionRow,
    HeldUp,
    WaitingApproval,
    action_rows,
    failed_stage,
    failure,
    held_up,
    rejection,
    rolled_back_by,
    skipped,
    waiting_approval,
    why_skipped,
)
from scripts.errors import ApprovalError, DeploymentError, ExecutionError
from scripts.gateways.codepipelines import CodePipelines
from scripts.terminal.codepipeline_table import execution_view

POLL_SECONDS = 1.0
LAST_LINES = 12


@dataclass(frozen=True)
class Followed:
    """How an execution stood when following ended: its status, its rows, and what it waits for, if anything.

    ``approval`` is its own, or, where it is ``held_up``, the one of the execution ahead. ``skipped``: why an execution
    with nothing to release deployed nothing.
    """

    execution_id: str
    status: str
    rows: list[ActionRow]
    approval: WaitingApproval | None
    held_up: HeldUp | None = None
    skipped: str | None = None


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
    with execution_view(f"{codepipeline.name}  {execution_id}", codepipeline.build_log) as view:
        while True:
            status = codepipeline.status(execution_id)
            details, state = codepipeline.actions(execution_id), codepipeline.state()
            rows = action_rows(structure, details, state)
            if status == "Succeeded":
                rows = skipped(rows)
            approval, obstacle = _waits_for(codepipeline, structure, state, execution_id, answered)
            view.update(status, rows, approval, obstacle)
            if status in ENDED or (approval and not past_approvals):
                break
            sleep(POLL_SECONDS)
    if status in ENDED and status != "Succeeded":
        raise _failed(codepipeline, execution_id, status, rows)
    return Followed(execution_id, status, rows, approval, obstacle, why_skipped(details))


def _waits_for(
    codepipeline: CodePipelines,
    structure: dict[str, Any],
    state: dict[str, Any],
    execution_id: str,
    answered: str | None,
) -> tuple[WaitingApproval | None, HeldUp | None]:
    """The approval without which the execution does not go on: its own, or that of the one it is queued behind."""
    approval, obstacle = waiting_approval(structure, state, []), held_up(state, execution_id)
    if approval is None or approval.token == answered:
        return None, obstacle
    is_ahead = obstacle is not None and approval.execution_id == obstacle.ahead
    if not is_ahead and approval.execution_id != execution_id:
        return None, obstacle
    # Read after the state: what was read before may lack the action, and with it its texts' variables.
    told = waiting_approval(structure, state, codepipeline.actions(approval.execution_id))
    return told, obstacle if is_ahead else None


def _failed(codepipeline: CodePipelines, execution_id: str, status: str, rows: list[ActionRow]) -> DeploymentError:
    refused, retry = rejection(rows), codepipeline.command("codepipeline", "--retry")
    if refused:
        return ApprovalError(
            f"execution {execution_id} of {codepipeline.name} was rejected; no action after the approval ran",
            found=[f"{refused.pipeline_stage} / {refused.action}: {refused.note}"],
            next_command=f"{retry}   # asks for approval again; or fix the cause and push",
        )
    found = failure(rows)
    for row in rows:
        if row.status == "Failed" and row.provider == "CodeBuild" and row.external_id:
            found += [f"  {line}" for line in codepipeline.build_log(row.external_id, LAST_LINES)]
    rollback = rolled_back_by(codepipeline.executions(), execution_id)
    if rollback:
        found.append(f"{failed_stage(rows)} is rolled back to its last success, by execution {rollback}")
    return ExecutionError(
        f"execution {execution_id} of {codepipeline.name} ended {status}",
        found=found,
        next_command=f"{retry}   # retries the failed actions; or fix the cause and push",
    )
