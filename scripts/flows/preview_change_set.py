"""Has CloudFormation make the change set that a plan would execute, and deletes it again: what ``plan`` shows."""

from __future__ import annotations

from dataclasses import replace

from scripts.decisions.change_set import ResourceChange
from scripts.decisions.deployment_plan import DeploymentPlan
from scripts.decisions.stacks import PREVIEWS
from scripts.flows.deploy_plan import stack_request
from scripts.flows.stage_context import StageContext


def preview_change_set(context: StageContext, plan: DeploymentPlan) -> tuple[ResourceChange, ...]:
    """The change set of a stack that exists, made and deleted again.

    A package that is not registered yet stands in it under the ARN it will most likely get.
    """
    if plan.readiness != "update" or not plan.changes_stack:
        return ()
    planned = stack_request(plan, plan.package.arn if plan.package else _next_arn(context, plan))
    # The reader passes no role (the stack has one), and may make no change set that could be executed.
    request = replace(planned, change_set=f"{PREVIEWS}{planned.change_set}", role_arn=None)
    change_set = context.stacks.make_change_set(request)
    if not change_set.empty:
        context.stacks.delete_change_set(request.name, request.change_set)
    return change_set.changes


def _next_arn(context: StageContext, plan: DeploymentPlan) -> str:
    group, names = plan.promotion.group, plan.names
    versions = context.registry.versions(group) if context.registry.has_group(group) else []
    number = max((each.version for each in versions), default=0) + 1
    return f"arn:{names.partition}:sagemaker:{names.region}:{names.account}:model-package/{group.lower()}/{number}"
