"""Records what approvers have answered since the last time: yes and no, by whom and why, as CodePipeline tells it.

A stage's ledger is written by roles that no approver has, and after a no nothing runs that has one. So the promotion
that comes next writes down all answers before its own, each with the time at which it was given.
"""

from __future__ import annotations

from scripts.decisions.ledger import Event
from scripts.decisions.release import FIRST_STAGE
from scripts.decisions.release_approval import Answer, answers
from scripts.errors import DeploymentError
from scripts.flows.holders import execution_id
from scripts.flows.ledger_entries import newest_first, record
from scripts.flows.stage_context import StageContext
from scripts.gateways.artifacts import Objects
from scripts.gateways.codepipelines import CodePipelines
from scripts.terminal.progress import Progress


def record_answers(context: StageContext, objects: Objects, progress: Progress) -> None:
    """In the CodePipeline alone, for a stage behind an approval. What cannot be read is told, and holds nothing up."""
    if execution_id() is None or context.stage == FIRST_STAGE:
        return
    kinds = ("approval", "rejection")
    last = next((each.at for each in newest_first(context) if each.kind in kinds), None)
    codepipeline = CodePipelines(context.dev, context.names.codepipeline)
    try:
        stage = f"Approve{context.stage.capitalize()}"
        found = answers(stage, codepipeline.action_history(), codepipeline.state(), last)
    except DeploymentError as error:
        progress.line(f"! who approved is not in the ledger: {error.problem}")
        return
    if found:
        record(context, objects, *map(_event, found))


def _event(answer: Answer) -> Event:
    return Event(
        "approval" if answer.granted else "rejection",
        release_id=answer.release_id,
        reason=answer.reason,
        execution=answer.execution_id,
        by=answer.by,
        at=answer.at,
    )
