"""Carries a planned release into a stage's account, as ``promote`` does: package, files, and its ledger entries.

In the CodePipeline a deployment begins here: its execution keeps the lock of the stage until the verification gives it
back, and the deployment is recorded, since CloudFormation's actions, which follow, record nothing.
"""

from __future__ import annotations

from scripts.decisions.deployment_plan import DeploymentPlan
from scripts.flows.deploy_plan import deployment_event, promotion_event, record_intention, upload
from scripts.flows.holders import execution_id
from scripts.flows.ledger_entries import record_once
from scripts.flows.one_at_a_time import held_by_execution, require_unchanged
from scripts.flows.promote_package import promote
from scripts.flows.record_answers import record_answers
from scripts.flows.stage_context import StageContext
from scripts.terminal.progress import Progress


def carry(context: StageContext, plan: DeploymentPlan, progress: Progress) -> str:
    """The ARN of the promoted model package. Raises StackError where somebody else changes the stage."""
    objects = context.promoter_objects
    with held_by_execution(context, "promote", objects, progress):
        require_unchanged(context, plan.stack)
        record_answers(context, objects, progress)
        if plan.promotes:
            record_once(context, objects, promotion_event(plan))
        arn = promote(context, plan.promotion, plan.package, progress, again=plan.lost_bytes)
        upload(context, plan.uploads)
        record_intention(context, plan)
        if execution_id() and plan.changes_stack:
            record_once(context, objects, deployment_event(plan, arn))
    return arn
