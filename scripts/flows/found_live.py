"""Records a release that is live and that nobody has recorded as deployed: what the CodePipeline itself went back to.

Its rollback of the pipeline stage Prod runs CloudFormation's actions and the verification alone. A stage that was
deployed before there was a ledger is found in the same way.
"""

from __future__ import annotations

from scripts.decisions.ledger import Event, live_by
from scripts.decisions.stacks import Stack
from scripts.flows.holders import execution_id
from scripts.flows.ledger_entries import newest_first, record
from scripts.flows.stage_context import StageContext


def record_found_live(context: StageContext, stack: Stack) -> None:
    """As a rollback where the ledger knows an earlier deployment of it, else as a deployment."""
    live, release_id = live_by(newest_first(context)), stack.parameters["ReleaseId"]
    if live is not None and live.release_id == release_id:
        return
    entries = list(newest_first(context))
    before = any(each.is_live_maker and each.release_id == release_id for each in entries)
    event = Event(
        "rollback" if before else "deployment",
        release_id=release_id,
        from_release=next((each.release_id for each in entries if each.is_live_maker), None),
        reason="found live by its verification",
        execution=execution_id(),
        parameters=stack.parameters,
    )
    record(context, context.verifier_objects, event)
