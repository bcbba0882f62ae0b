"""Deploys an earlier release of a stage again: its own template, parameters and bytes, all from the stage's own bucket.

Nothing of dev is read, so it works when dev cannot be reached; nothing is promoted and nothing is run. A stack that is
half changed, or stuck in a rollback of its own, is brought to rest first.
"""

from __future__ import annotations

from scripts.decisions.drift import drift_lines, repairable
from scripts.decisions.ledger import Event, Former, former_release
from scripts.decisions.model_packages import COMPLETED
from scripts.decisions.rollback import Rollback, back_to, resources_to_skip, settling_of
from scripts.decisions.schedule_switch import schedule_lines, schedule_state
from scripts.decisions.stacks import Stack
from scripts.decisions.ways_to_change import deploying, going_back
from scripts.errors import ArtifactError, ReleaseError, StackError
from scripts.flows.change_stack import execute_and_follow, show_until_settled
from scripts.flows.deploy_plan import failure_recorded
from scripts.flows.ledger_entries import newest_first, record, record_once
from scripts.flows.one_at_a_time import is_cut_off
from scripts.flows.read_drift import (
    definition_in_bucket,
    read_artifact_drift,
    read_code_drift,
    read_resource_drift,
    release_in_bucket,
)
from scripts.flows.repair_drift import repair
from scripts.flows.run_pipeline import deployed_stack
from scripts.flows.schedule_records import schedule_switch
from scripts.flows.stage_context import StageContext
from scripts.flows.verify_release import mark_live
from scripts.gateways.stacks import StackRequest
from scripts.terminal.progress import Progress

MOST_TRIES = 6


def find_former(context: StageContext, wanted: str | None) -> Former:
    """The release to go back to. Raises ReleaseError where the ledger knows none."""
    former = former_release(newest_first(context), wanted)
    if isinstance(former, str):
        raise ReleaseError(
            f"there is nothing to go back to in {context.stage}: {former}",
            found=[f"looked in s3://{context.foundation.bucket}/{context.names.ledger_folder}"],
            next_command=f"make history STAGE={context.stage}   # what there was; then name one: "
            f"{going_back(context.stage, by_hand=context.settings.deployed_by_hand)}",
        )
    return former


def plan_rollback(context: StageContext, wanted: str | None, *, unverified: bool) -> Rollback:
    """What going back will do. Only reads. Raises what is missing of the release, by name."""
    stack = deployed_stack(context)
    settling = settling_of(stack, context.stage)
    goes_on = None if wanted else cut_off(context, stack)
    former = find_former(context, wanted or goes_on)
    release_id = str(former.entry.release_id)
    if not former.passed and not unverified:
        raise ReleaseError(
            f"release {release_id} has not passed a verification in {context.stage}",
            found=["the ledger has no passed verification of it"],
            next_command=f"make history STAGE={context.stage}   # or, recorded: make rollback STAGE={context.stage} "
            f"RELEASE={release_id} UNVERIFIED=1",
        )
    switch = schedule_switch(context)
    parameters = back_to(former.entry.parameters or {}, schedule_state(context.settings, switch))
    same = stack.parameters == parameters
    return Rollback(
        stage=context.stage,
        release_id=release_id,
        from_release=former.current if former.current != release_id else stack.parameters.get("ReleaseId"),
        parameters=parameters,
        template=_whole(context, release_id, parameters),
        stack=stack,
        settling="wait" if settling == "cancel" and same else settling,
        passed=former.passed,
        recorded=former.current == release_id and goes_on is None,
        notes=tuple(schedule_lines(context.settings, context.stage, switch)),
    )


def cut_off(context: StageContext, stack: Stack) -> str | None:
    """The release that a command was going back to when it failed or was cut off: the same command goes on there."""
    newest = next((each for each in newest_first(context) if each.is_live_maker), None)
    if newest is None or newest.kind != "rollback":
        return None
    arrived = stack.settled and stack.parameters.get("ReleaseId") == newest.release_id
    return None if arrived and not is_cut_off(context, "rollback", newest.at) else newest.release_id


def _whole(context: StageContext, release_id: str, parameters: dict[str, str]) -> str:
    """The release's template. Raises ArtifactError where anything that it runs is gone, or is not what it pins."""
    release, template = release_in_bucket(context, release_id)
    _, lost = definition_in_bucket(context, parameters["PipelineDefinitionS3Key"])
    found = [*lost, *read_artifact_drift(context, release), *read_code_drift(context, release)]
    told = [each.line for each in found]
    package = context.registry.describe(parameters["ModelPackageName"])
    if package is None or package["ModelPackageStatus"] != COMPLETED:
        told.append(f"model package {parameters['ModelPackageName']} is gone")
    if told:
        raise ArtifactError(
            f"release {release_id} is no longer whole in {context.stage}",
            found=told,
            next_command=f"{_deploying(context, release_id)}   # brings back what is lost",
        )
    return template


def _deploying(context: StageContext, release_id: str) -> str:
    return deploying(context.stage, by_hand=context.settings.deployed_by_hand, release=release_id)


def roll_back(context: StageContext, plan: Rollback, reason: str | None, progress: Progress) -> Stack:
    """Carry it out; the stack as it then is. To be called with the stage's lock held."""
    event = Event(
        "rollback",
        plan.release_id,
        plan.from_release,
        reason,
        parameters=plan.parameters,
        details=() if plan.passed else ("has not passed here",),
    )
    record_once(context, context.deployment_objects, event)
    with failure_recorded(context, plan.release_id):
        stack, skipped = _settled(context, plan, progress)
        if skipped:
            _put_back(context, plan, stack, skipped, progress)
        if stack.parameters != plan.parameters:
            stack = _change(context, plan, stack, progress)
    if plan.passed:
        mark_live(context, plan.release_id, unverified=False)
    return stack


def _settled(context: StageContext, plan: Rollback, progress: Progress) -> tuple[Stack, list[str]]:
    """The stack at rest, and what had to be left out of its own rollback."""
    stacks, stack, settling = context.deployment_stacks, plan.stack, plan.settling
    skip: list[str] = []
    carried_on = False
    for _ in range(MOST_TRIES):
        if settling == "none":
            return stack, skip
        seen = {event.id for event in stacks.recent_events(stack.id)}
        if settling == "cancel":
            stacks.cancel_update(stack.id)
        elif settling == "continue":
            # At first with everything: what failed may have been mended since.
            skip = resources_to_skip(stacks.resource_events(stack.id)) if carried_on else []
            stacks.continue_rollback(stack.id, skip, context.foundation.cloudformation_role_arn)
            carried_on = True
            if skip:
                progress.line(f"left out of the stack's own rollback, put back after it: {', '.join(skip)}")
        show_until_settled(stacks, stack, seen, progress)
        stack = deployed_stack(context)
        settling = settling_of(stack, context.stage)
    raise StackError(
        f"stack {stack.name} does not come to rest: it is in {stack.status}",
        found=stacks.failures(stack.id),
        next_command=f"aws cloudformation describe-stack-events --stack-name {stack.name}   # mend what fails; then "
        "the same command again",
    )


def _change(context: StageContext, plan: Rollback, stack: Stack, progress: Progress) -> Stack:
    request = StackRequest(
        name=stack.name,
        change_set=plan.change_set,
        kind="UPDATE",
        template=plan.template,
        parameters=plan.parameters,
        tags=None,
        role_arn=context.foundation.cloudformation_role_arn,
        description=f"Back to release {plan.release_id} for {plan.stage}",
    )
    with progress.awaiting(f"CloudFormation: the change set of {stack.name}"):
        change_set = context.deployment_stacks.make_change_set(request)
    if change_set.empty:
        return stack
    for change in change_set.changes:
        for line in change.lines():
            progress.line(line)
    return execute_and_follow(context.deployment_stacks, change_set, progress)


def _put_back(context: StageContext, plan: Rollback, stack: Stack, skipped: list[str], progress: Progress) -> None:
    """What CloudFormation left out, it takes for what it was: we make it so, before the stack is changed again."""
    drift = read_resource_drift(context, stack, context.stacks.template(stack.id), None, roles=False)
    repairs = repairable(drift.differences)
    told = (f"left out: {', '.join(skipped)}", *drift_lines(repairs))
    record(context, context.deployment_objects, Event("repair", plan.from_release, details=told))
    repair(context, repairs, drift.expected, progress)
