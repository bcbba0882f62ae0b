"""Reads what ``status`` says of a stage: what is live there, and how it goes.

A stage without a foundation is a status, not a failure; every other failed read is one.
"""

from __future__ import annotations

from scripts.decisions.status import StageStatus
from scripts.errors import FoundationError
from scripts.flows.stage_context import StageContext
from scripts.flows.verification_records import standing_now
from scripts.gateways.monitoring import alarms, rule

SHOWN_EXECUTIONS = 5


def read_status(context: StageContext) -> StageStatus:

    stage, account = context.stage, context.settings.account
    try:
        context.require_foundation()
    except FoundationError as error:
        return StageStatus(stage, account, problem=f"{error.problem}; next: {error.next_command}")
    stack = context.stacks.describe(context.names.batch_stack)
    if stack is None or "ReleaseId" not in stack.parameters:
        return StageStatus(stage, account, stack_status=stack.status if stack else None)
    release_id = stack.parameters["ReleaseId"]
    verification = standing_now(context, release_id, stack)
    schedule = rule(context.account, stack.outputs["RuleName"]) if "RuleName" in stack.outputs else None
    return StageStatus(
        stage=stage,
        account=account,
        stack_status=stack.status,
        release_id=release_id,
        model_package=stack.parameters.get("ModelPackageName"),
        verified=True if verification.stands else False if verification.failed else None,
        passed_once=verification.passed_once,
        doubts=verification.doubts,
        schedule=f"{schedule.expression} {schedule.state}" if schedule else None,
        executions=tuple(
            {
                "arn": each.arn,
                "name": each.display_name,
                "status": each.status,
                "started": each.started.isoformat(timespec="seconds") if each.started else "",
            }
            for each in context.pipelines.newest(context.names.sagemaker_pipeline, SHOWN_EXECUTIONS)
        ),
        alarms=tuple(
            vars(each) for each in alarms(context.account, context.stacks.resources(stack.id, "AWS::CloudWatch::Alarm"))
        ),
    )
