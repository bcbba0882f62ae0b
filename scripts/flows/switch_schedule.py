"""Switches a stage's schedule off or on: first the record, which says why, then the stack's parameter and nothing else.

The change goes through CloudFormation, with the template and every other parameter as they are, so that the stack never
differs from what it says. Killed in between it is simply run again: the record stands, and the stack follows.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from scripts.decisions.canonical import sha256_of
from scripts.decisions.schedule_switch import (
    PARAMETER,
    State,
    Switch,
    by_hand_lines,
    require_can_be_on,
    schedule_state,
)
from scripts.decisions.stacks import SCHEDULE_CHANGE_SETS, Stack, readiness
from scripts.errors import ExecutionError, StackError
from scripts.flows.await_release import await_release, release_in_the_way
from scripts.flows.change_stack import execute_and_follow, follow_stack
from scripts.flows.run_pipeline import deployed_stack
from scripts.flows.schedule_records import tagged_switch
from scripts.flows.stage_context import StageContext
from scripts.gateways.monitoring import rule, set_rule_state
from scripts.gateways.stacks import StackRequest
from scripts.terminal.progress import Progress


@dataclass(frozen=True)
class Standing:
    """How a schedule stands before it is switched: the record with its ETag, and the stack."""

    switch: Switch | None
    etag: str | None
    stack: Stack

    def is_recorded(self, state: State) -> bool:
        """Whether the last switch was to this state; a schedule that nobody has switched is on."""
        return (self.switch.state if self.switch else "on") == state


def standing_of(context: StageContext, wanted: State) -> Standing:
    """Raises StackError where nothing is deployed, SettingsError where the stage file keeps it off."""
    if wanted == "on":
        require_can_be_on(context.settings, context.stage)
    stack = deployed_stack(context)
    if PARAMETER not in stack.parameters:
        raise StackError(f"stack {stack.name} has no parameter {PARAMETER}", next_command=context.deploys)
    return Standing(*tagged_switch(context), stack)


def switches_anything(context: StageContext, standing: Standing, wanted: State) -> bool:
    """Whether switching to ``wanted`` will change the record, the stack or the rule. Only reads."""
    declared = standing.stack.parameters[PARAMETER]
    if not standing.is_recorded(wanted) or not standing.stack.settled:
        return True
    if declared != schedule_state(context.settings, standing.switch):
        return True
    return bool(switched_by_hand(context, standing.stack))


def switch_schedule(
    context: StageContext,
    standing: Standing,
    wanted: State,
    reason: str,
    progress: Progress,
    alone: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> tuple[Switch | None, bool]:
    """Switch it; the record that now holds, and whether anything was changed. ``reason`` is for a new record alone.

    ``alone``: within it nobody else changes the stack; the record and the rule wait for nobody.
    """
    switch = standing.switch
    recorded = standing.is_recorded(wanted)
    if not recorded:
        switch = _record(context, standing, wanted, reason)
        progress.line(f"recorded in s3://{context.foundation.bucket}/{context.names.schedule_key}")
    state = schedule_state(context.settings, switch)
    execution = release_in_the_way(context, progress)
    if execution is not None:
        standing = _past_release(context, standing, state, execution, progress)
    if standing.stack.parameters[PARAMETER] == state and standing.stack.settled:
        return switch, not recorded
    since = switch.at if switch else ""
    with alone():
        # What it was before the lock was had, somebody else may have changed.
        stack = standing.stack if alone is nullcontext else deployed_stack(context)
        return switch, _change(context, stack, state, since, progress) or not recorded


def _past_release(
    context: StageContext, standing: Standing, state: str, execution: str, progress: Progress
) -> Standing:
    """Switch the rule at once, and leave the stack until the CodePipeline has executed its change set.

    Cut off in between, the record stands: status tells it, and the same command or the next deployment carries it out.
    """
    name = standing.stack.outputs.get("RuleName")
    if name is not None:
        set_rule_state(context.deployment, name, state)
    progress.line(
        f"rule {state} at once; the stack follows when execution {execution} of the CodePipeline has changed it"
    )
    await_release(context, progress)
    return replace(standing, stack=deployed_stack(context))


def switched_by_hand(context: StageContext, stack: Stack) -> list[str]:
    """What to tell where the rule is not in the state that the stack says; empty where it is."""
    found = rule(context.reader, stack.outputs["RuleName"]) if "RuleName" in stack.outputs else None
    declared, actual = stack.parameters.get(PARAMETER), found.state if found else None
    return by_hand_lines(declared, actual, context.stage, by_hand=context.settings.deployed_by_hand)


def match_rule(context: StageContext, progress: Progress) -> bool:
    """Set a rule that somebody switched in EventBridge to what the stack says; whether that was needed.

    CloudFormation compares a stack with its template and not with the rule, so it would find nothing to change.
    """
    stack = deployed_stack(context)
    name, declared = stack.outputs["RuleName"], stack.parameters[PARAMETER]
    found = rule(context.reader, name)
    if found is None or found.state == declared:
        return False
    set_rule_state(context.deployment, name, declared)
    progress.line(f"rule {name} was {found.state} by hand; it is {declared} now, as the stack says")
    return True


def _record(context: StageContext, standing: Standing, wanted: State, reason: str) -> Switch:
    identity = context.accounts.identity(context.settings.dev_account)
    switch = Switch(wanted, datetime.now(UTC).isoformat(timespec="seconds"), identity["Arn"], reason)
    bucket, key, kms_key = context.foundation.bucket, context.names.schedule_key, context.foundation.kms_key_arn
    if not context.deployment_objects.replace(bucket, key, switch.written(), kms_key, standing.etag):
        raise ExecutionError(
            f"somebody else has switched the schedule of {context.stage} at this moment; nothing was switched",
            next_command=f"make status STAGE={context.stage}",
        )
    return switch


def _change(context: StageContext, stack: Stack, state: str, since: str, progress: Progress) -> bool:
    """``since`` is when it was switched: each switch has a change set of its own, which an interrupted run finds."""
    parameters = {**stack.parameters, PARAMETER: state}
    pending: list[str] = []
    if (
        readiness(
            stack,
            parameters,
            pending,
            context.stage,
            context.settings.region,
            by_hand=context.settings.deployed_by_hand,
        )
        == "wait"
    ):
        follow_stack(context.deployment_stacks, stack, set(), progress)
        return True
    request = StackRequest(
        name=stack.name,
        change_set=f"{SCHEDULE_CHANGE_SETS}-{state.lower()}-{sha256_of([stack.parameters, since])[:8]}",
        kind="UPDATE",
        template=None,
        parameters={name: state if name == PARAMETER else None for name in stack.parameters},
        tags=None,
        role_arn=context.foundation.cloudformation_role_arn,
        description=f"Schedule {state}",
    )
    with progress.awaiting(f"CloudFormation: the change set of {stack.name}"):
        change_set = context.deployment_stacks.make_change_set(request)
    if change_set.empty:
        return False
    for change in change_set.changes:
        for line in change.lines():
            progress.line(line)
    execute_and_follow(context.deployment_stacks, change_set, progress)
    return True
