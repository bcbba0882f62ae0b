"""Follows one execution of the CodePipeline until it ends or waits for an approval. It only reads.

How that looks on a terminal is ``terminal.codepipeline_table``'s matter.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scripts.decisions.codepipeline_retry import not_rolled_back, rolls_back, why_not_retried
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
ROLLBACK_POLLS = 10  # until a rollback that CodePipeline owes is listed


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
        raise _failed(codepipeline, execution_id, status, rows, sleep)
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


def _failed(
    codepipeline: CodePipelines, execution_id: str, status: str, rows: list[ActionRow], sleep: Callable[[float], None]
) -> DeploymentError:
    refused = rejection(rows)
    if refused:
        obstacle = retry_obstacle(codepipeline, execution_id, refused.pipeline_stage)
        return ApprovalError(
            f"execution {execution_id} of {codepipeline.name} was rejected; no action after the approval ran",
            found=[f"{refused.pipeline_stage} / {refused.action}: {refused.note}"],
            next_command=_way_on(codepipeline, obstacle, "asks for approval again"),
        )
    found = failure(rows)
    for row in rows:
        if row.status == "Failed" and row.provider == "CodeBuild" and row.external_id:
            found += [f"  {line}" for line in codepipeline.build_log(row.external_id, LAST_LINES)]
    stage = failed_stage(rows)
    rollback = _rollback(codepipeline, execution_id, stage, sleep) if stage else None
    if rollback:
        follow_it = codepipeline.command("codepipeline", f"'--execution {rollback}'")
        found.append(f"{stage} is rolled back to its last success, by execution {rollback}   ({follow_it} follows it)")
    elif stage:
        found += filter(None, [not_rolled_back(codepipeline.structure(), stage)])
    obstacle = f"{stage} is rolled back" if rollback else None
    if stage and not rollback:
        obstacle = retry_obstacle(codepipeline, execution_id, stage)
    return ExecutionError(
        f"execution {execution_id} of {codepipeline.name} ended {status}",
        found=found,
        next_command=_way_on(codepipeline, obstacle if stage else f"it ended {status}", "retries the failed actions"),
    )


def retry_obstacle(codepipeline: CodePipelines, execution_id: str, pipeline_stage: str) -> str | None:
    """Why the failed pipeline stage of an execution cannot be retried now; None where it can."""
    return why_not_retried(
        execution_id,
        pipeline_stage,
        codepipeline.state(),
        codepipeline.version(execution_id),
        codepipeline.structure(),
    )


def _way_on(codepipeline: CodePipelines, obstacle: str | None, retried: str) -> str:
    if obstacle is None:
        return f"{codepipeline.command('codepipeline', '--retry')}   # {retried}; or fix the cause and push"
    return (
        f"{codepipeline.command('codepipeline')}   # a new execution, since {obstacle}; where the cause is in the "
        "repository: fix it and push instead"
    )


def _rollback(
    codepipeline: CodePipelines, execution_id: str, pipeline_stage: str, sleep: Callable[[float], None]
) -> str | None:
    """The execution that rolls back what this one did in a pipeline stage. It begins a moment after the failure."""
    tries = (
        ROLLBACK_POLLS
        if rolls_back(codepipeline.structure(), pipeline_stage, codepipeline.succeeded_in(pipeline_stage))
        else 1
    )
    for number in range(tries):
        if number:
            sleep(POLL_SECONDS)
        found = rolled_back_by(codepipeline.executions(), execution_id)
        if found:
            return found
    return None
