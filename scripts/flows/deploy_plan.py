"""Carries out a deployment plan: promote, upload, change the stack with live events, verify.

Each part finds what an interrupted run has left and goes on from there. Nothing here decides what is deployed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from scripts.decisions.change_set import ResourceChange
from scripts.decisions.deployment_plan import DeploymentPlan, Upload
from scripts.decisions.names import release_key
from scripts.decisions.stacks import Stack
from scripts.errors import StackError
from scripts.flows.change_stack import execute_and_follow, follow_stack
from scripts.flows.promote_package import promote
from scripts.flows.stage_context import StageContext
from scripts.flows.verify_release import Verification, verify
from scripts.gateways.stacks import StackRequest
from scripts.terminal.progress import Progress


@dataclass(frozen=True)
class Deployment:
    """What a deployment has done."""

    package_arn: str
    stack: Stack
    changes: tuple[ResourceChange, ...]
    verification: Verification | None


def deploy(context: StageContext, plan: DeploymentPlan, progress: Progress) -> Deployment:
    """Execute the plan."""
    with progress.step("Promote the model package"):
        package_arn = promote(context, plan.promotion, plan.package, progress)
    changes: tuple[ResourceChange, ...] = ()
    if plan.changes_stack:
        with progress.step("Upload definition and release"):
            upload(context, plan.uploads)
            record_intention(context, plan)
        with progress.step(f"Deploy stack {plan.names.batch_stack}"):
            changes = _change_stack(context, plan, package_arn, progress)
    verification = None
    stack = context.stacks.describe(plan.names.batch_stack) if plan.changes_stack else plan.stack
    if stack is None:
        raise StackError(f"stack {plan.names.batch_stack} no longer exists", next_command="run the command again")
    if plan.verifies:
        with progress.step("Verify: run the pipeline, check its output"):
            verification = verify(context, stack, progress, unverified=plan.unverified)
    return Deployment(package_arn, stack, changes, verification)


def upload(context: StageContext, uploads: Sequence[Upload]) -> None:
    """Put the bound definition and all that the release pins into the stage's bucket."""
    bucket, key_arn = context.foundation.bucket, context.foundation.kms_key_arn
    for each in uploads:
        context.objects.write(bucket, each.key, each.content, key_arn, each.content_type)


def record_intention(context: StageContext, plan: DeploymentPlan) -> None:
    """Write down what is about to replace what, and whether preprod had verified it."""
    record = {
        "release_id": plan.release.release_id,
        "from_release": plan.release_from,
        "from_model_package": plan.package_from,
        "unverified_in_preprod": plan.unverified,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    content = json.dumps(record, indent=2, sort_keys=True).encode() + b"\n"
    key = release_key(plan.release.release_id, "deployment.json")
    context.objects.write(plan.foundation.bucket, key, content, plan.foundation.kms_key_arn)


def stack_request(plan: DeploymentPlan, package_arn: str) -> StackRequest:
    return StackRequest(
        name=plan.names.batch_stack,
        change_set=plan.change_set_name(package_arn),
        kind="CREATE" if plan.readiness == "create" else "UPDATE",
        template=plan.template,
        parameters=plan.with_package(package_arn),
        tags=plan.tags,
        role_arn=plan.foundation.cloudformation_role_arn,
        description=f"Release {plan.release.release_id} for {plan.stage}",
    )


def _change_stack(
    context: StageContext, plan: DeploymentPlan, package_arn: str, progress: Progress
) -> tuple[ResourceChange, ...]:
    if plan.readiness == "wait" and plan.stack is not None:
        progress.line(f"{plan.stack.name} is in {plan.stack.status} and already deploys this release: waiting for it")
        follow_stack(context.stacks, plan.stack, set(), progress)
        return ()
    with progress.awaiting(f"CloudFormation: the change set of {plan.names.batch_stack}"):
        change_set = context.stacks.make_change_set(stack_request(plan, package_arn))
    if change_set.empty:
        progress.line("CloudFormation found no changes")
        return ()
    for change in change_set.changes:
        for line in change.lines():
            progress.line(line)
    execute_and_follow(context.stacks, change_set, progress)
    return change_set.changes
