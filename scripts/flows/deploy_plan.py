"""Carries out a deployment plan: promote, upload, change the stack with live events, verify.

Each part finds what an interrupted run has left and goes on from there. Nothing here decides what is deployed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from scripts.decisions.canonical import sha256_of
from scripts.decisions.change_set import ResourceChange
from scripts.decisions.deployment_plan import DeploymentPlan, Upload
from scripts.decisions.drift import drift_lines
from scripts.decisions.ledger import Event
from scripts.decisions.names import release_key
from scripts.decisions.promoted_bytes import pinned_artifacts
from scripts.decisions.stacks import Stack
from scripts.errors import ReleaseError, StackError
from scripts.flows.change_stack import execute_and_follow, follow_stack
from scripts.flows.holders import execution_id
from scripts.flows.ledger_entries import record, record_once
from scripts.flows.moving_records import replace_pointer
from scripts.flows.promote_package import promote
from scripts.flows.read_drift import heads
from scripts.flows.repair_drift import repair
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
    if plan.promotes:
        record_once(context, context.promoter_objects, promotion_event(plan))
    with progress.step("Promote the model package"):
        package_arn = promote(context, plan.promotion, plan.package, progress, again=plan.lost_bytes)
    changes: tuple[ResourceChange, ...] = ()
    if plan.changes_stack or plan.repairs:
        with progress.step("Upload definition and release"):
            upload(context, plan.uploads)
            record_intention(context, plan)
    if plan.repairs:
        record(context, context.deployment_objects, _repair_event(plan))
        with progress.step("Put back what was changed by hand"):
            repair(context, plan.repairs, plan.as_released, progress)
    if plan.changes_stack:
        record_once(context, context.deployment_objects, deployment_event(plan, package_arn))
        step = progress.step(f"Deploy stack {plan.names.batch_stack}")
        with step, failure_recorded(context, plan.release.release_id):
            changes = _change_stack(context, plan, package_arn, progress)
    verification = None
    stack = context.stacks.describe(plan.names.batch_stack) if plan.changes_stack else plan.stack
    if stack is None:
        raise StackError(f"stack {plan.names.batch_stack} no longer exists", next_command="run the command again")
    if plan.verifies:
        with progress.step("Verify: run the pipeline, check its output"):
            verification = verify(context, stack, progress, unverified=plan.unverified)
    return Deployment(package_arn, stack, changes, verification)


def promotion_event(plan: DeploymentPlan) -> Event:
    package = plan.release.model_package
    source = plan.release.source.git_commit
    return Event(
        "promotion",
        release_id=plan.release.release_id,
        execution=execution_id(),
        details=(
            f"model package {package.arn}",
            f"definition {plan.release.pipeline.definition_sha256}",
            *([f"commit {source}"] if source else []),
        ),
    )


def deployment_event(plan: DeploymentPlan, package_arn: str) -> Event:
    """All that a rollback needs to deploy just this again."""
    return Event(
        "deployment",
        release_id=plan.release.release_id,
        from_release=plan.release_from,
        execution=execution_id(),
        parameters=plan.with_package(package_arn),
        details=("not verified in preprod",) if plan.unverified else (),
    )


def _repair_event(plan: DeploymentPlan) -> Event:
    return Event("repair", release_id=plan.release_from, details=tuple(drift_lines(plan.repairs)))


@contextmanager
def failure_recorded(context: StageContext, release_id: str) -> Iterator[None]:
    """The ledger takes nothing for live that CloudFormation has rolled back."""
    try:
        yield
    except StackError as error:
        record(
            context,
            context.deployment_objects,
            Event("failure", release_id=release_id, reason=error.problem, details=tuple(error.found)),
        )
        raise


def upload(context: StageContext, uploads: Sequence[Upload]) -> None:
    """Put the bound definition and all that the release pins into the stage's bucket, over nothing that is there.

    Raises ReleaseError that names an object whose key says that it is the same, and which is not.
    """
    bucket, key_arn, objects = context.foundation.bucket, context.foundation.kms_key_arn, context.promoter_objects
    for each in uploads:
        if objects.create(bucket, each.key, each.content, key_arn, each.content_type):
            continue
        there = objects.read(bucket, each.key)
        if there is None or not each.is_there(there):
            raise _not_ours(f"s3://{bucket}/{each.key}", there)


def _not_ours(where: str, there: bytes | None) -> ReleaseError:
    return ReleaseError(
        f"{where} is there already, and is not what this release would write",
        found=["it was deleted meanwhile" if there is None else f"there: sha256 {sha256_of(there)[:12]}..."],
        next_command=f"aws s3 cp {where} -   # what is it, and whose? Nobody writes over a release: whoever may become "
        "the stage's deployment or break-glass role deletes it; then the same command again",
    )


def record_intention(context: StageContext, plan: DeploymentPlan) -> None:
    """Write down what is about to replace what, and whether preprod had verified it: the last of such intentions.

    It names the version of each promoted object, all of which the promotion has just proven: where S3 has no checksum
    in common with the source, later readers go by it.
    """
    there = heads(context, list(pinned_artifacts(plan.release, plan.names)))
    record = {
        "release_id": plan.release.release_id,
        "from_release": plan.release_from,
        "from_model_package": plan.package_from,
        "unverified_in_preprod": plan.unverified,
        "artifacts": {
            key: {"version_id": each.version_id, "etag": each.etag} for key, each in there.items() if each is not None
        },
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    content = json.dumps(record, indent=2, sort_keys=True).encode() + b"\n"
    key = release_key(plan.release.release_id, "deployment.json")
    replace_pointer(context.promoter_objects, context.foundation, key, content)


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
        follow_stack(context.deployment_stacks, plan.stack, set(), progress)
        return ()
    with progress.awaiting(f"CloudFormation: the change set of {plan.names.batch_stack}"):
        change_set = context.deployment_stacks.make_change_set(stack_request(plan, package_arn))
    if change_set.empty:
        progress.line("CloudFormation found no changes")
        return ()
    for change in change_set.changes:
        for line in change.lines():
            progress.line(line)
    execute_and_follow(context.deployment_stacks, change_set, progress)
    return change_set.changes
