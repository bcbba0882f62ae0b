"""Reads what ``status`` says of a stage: what is live there, who approved it, and how it goes.

A stage without a foundation is a status, not a failure. Nor are credentials that may not look at the CodePipeline: then
who approved is unknown, and said to be. Every other failed read is a failure.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime

from scripts.decisions.codepipeline_view import waiting_approval
from scripts.decisions.drift import drift_lines
from scripts.decisions.ledger import live_by
from scripts.decisions.model_packages import rejection
from scripts.decisions.next_run import next_run
from scripts.decisions.release import FIRST_STAGE, Release, image_lines
from scripts.decisions.release_approval import approval_of
from scripts.decisions.schedule import parse_schedule
from scripts.decisions.schedule_switch import PARAMETER, by_hand_lines, schedule_lines
from scripts.decisions.stacks import Stack
from scripts.decisions.stage_lock import TOLD, shown_age
from scripts.decisions.status import NO_APPROVAL, StageStatus
from scripts.decisions.volume_keys import keyless_steps
from scripts.errors import AccessDeniedError, FoundationError, LedgerError, ReleaseError
from scripts.flows.break_glass import last_uses
from scripts.flows.ledger_entries import newest_first
from scripts.flows.one_at_a_time import look
from scripts.flows.read_drift import Drift, read_released_drift
from scripts.flows.read_runs import read_runs
from scripts.flows.schedule_records import schedule_switch
from scripts.flows.stage_context import StageContext
from scripts.flows.step_waits import StepWaits
from scripts.flows.toolchain_context import ToolchainContext
from scripts.flows.verification_records import standing_now
from scripts.gateways.monitoring import Rule, alarms, rule
from scripts.gateways.pipelines import Execution

SHOWN_EXECUTIONS = 5
SHOWN_USES = 3  # of the broken glass
_LOOKED_AT = 50  # among these is the newest scheduled one
_OURS = ("run-", "verify-")  # what the verbs name the executions that they start


def read_status(context: StageContext) -> StageStatus:
    stage, account, pipeline = context.stage, context.settings.account, context.settings.pipeline
    try:
        context.require_foundation()
    except FoundationError as error:
        return StageStatus(stage, account, problem=f"{error.problem}; next: {error.next_command}", pipeline=pipeline)
    by_hand, broken_glass = context.settings.deployed_by_hand, tuple(last_uses(context, SHOWN_USES))
    stack = context.stacks.describe(context.names.batch_stack)
    if stack is None or "ReleaseId" not in stack.parameters:
        return StageStatus(
            stage,
            account,
            stack_status=stack.status if stack else None,
            pipeline=pipeline,
            deployed_by_hand=by_hand,
            broken_glass=broken_glass,
        )
    release_id = stack.parameters["ReleaseId"]
    drift, found = _drift(context, stack)
    verification = standing_now(context, release_id, stack, found.definition)
    since = _live_since(context, release_id)
    schedule = rule(context.reader, stack.outputs["RuleName"]) if "RuleName" in stack.outputs else None
    executions = context.pipelines.newest(context.names.sagemaker_pipeline, _LOOKED_AT)
    return StageStatus(
        stage=stage,
        pipeline=pipeline,
        account=account,
        deployed_by_hand=by_hand,
        broken_glass=broken_glass,
        stack_status=stack.status,
        release_id=release_id,
        model_package=stack.parameters.get("ModelPackageName"),
        verified=True if verification.stands else False if verification.failed else None,
        passed_once=verification.passed_once,
        doubts=verification.doubts,
        drift=drift,
        images=tuple(image_lines(found.release)) if found.release else (),
        schedule=f"{schedule.expression} {schedule.state}" if schedule else None,
        schedule_off=tuple(schedule_lines(context.settings, stage, schedule_switch(context))),
        schedule_by_hand=tuple(
            by_hand_lines(stack.parameters.get(PARAMETER), schedule.state if schedule else None, stage, by_hand=by_hand)
        ),
        next_run=_next_run(schedule, executions),
        approval=None if stage == FIRST_STAGE else _approval(context, release_id),
        notes=keyless_steps(json.loads(context.pipelines.definition(context.names.sagemaker_pipeline) or "{}")),
        waits=tuple(_waits(context, executions)),
        executions=read_runs(context, executions[:SHOWN_EXECUTIONS]),
        model_version=found.release.model_package.version if found.release else None,
        live_since=since,
        live_for=shown_age(datetime.now(UTC) - datetime.fromisoformat(since)) if since else None,
        changing=_changing(context),
        rejected=_rejected(context, found.release),
        waiting=None if stage == FIRST_STAGE else _waiting(context),
        alarms=tuple(
            vars(each) for each in alarms(context.reader, context.stacks.resources(stack.id, "AWS::CloudWatch::Alarm"))
        ),
    )


def _drift(context: StageContext, stack: Stack) -> tuple[tuple[str, ...], Drift]:
    """What is not as released, one line each, and all that was read for it; also why it is not known."""
    if not stack.settled:
        return ("unknown: the stack is being changed just now",), Drift()
    try:
        found = read_released_drift(context, stack)
    except (AccessDeniedError, ReleaseError) as error:
        return (f"unknown: {error.problem}",), Drift()
    return tuple(drift_lines(found.differences)), found


def _live_since(context: StageContext, release_id: str) -> str | None:
    """When the ledger says that the release was deployed last; None where it says nothing of it, or is not whole."""
    try:
        live = live_by(newest_first(context))
    except LedgerError:
        return None
    return live.at if live is not None and live.release_id == release_id else None


def _changing(context: StageContext) -> str | None:
    lock, _, fate = look(context)
    if lock is None:
        return None
    return lock if isinstance(lock, str) else f"{lock.sentence} ({TOLD[fate]})"


def _rejected(context: StageContext, release: Release | None) -> str | None:
    """That the live model was rejected in dev after it was deployed; also that it cannot be known."""
    if release is None:
        return None
    package = release.model_package
    try:
        found = context.dev_registry.describe(package.arn)
    except AccessDeniedError as error:
        return f"unknown: {error.problem}"
    if found is None:
        return None
    return rejection(found, package.version, context.stage)


def _waiting(context: StageContext) -> str | None:
    """The approval for this stage that waits; also that it cannot be known."""
    codepipeline = ToolchainContext(context.settings.pipeline).codepipeline()
    try:
        if not codepipeline.exists():
            return None
        found = waiting_approval(codepipeline.structure(), codepipeline.state(), [])
    except AccessDeniedError as error:
        return f"unknown: {error.problem}"
    return f"waits since execution {found.execution_id}; next: make approve" if found else None


def _waits(context: StageContext, executions: list[Execution]) -> list[str]:
    """What the steps of running executions wait for."""
    found = []
    for each in executions[:SHOWN_EXECUTIONS]:
        if each.running:
            waits = StepWaits(context, each.arn)
            told = waits.told(waits.of(context.pipelines.steps(each.arn), at_once=True))
            found += [f"{each.display_name or each.id}: {line}" for line in told]
    return found


def _next_run(schedule: Rule | None, executions: list[Execution]) -> str | None:
    """When the schedule starts the pipeline next; None where it does not."""
    if schedule is None or schedule.state != "ENABLED" or not schedule.expression:
        return None
    scheduled = (each.started for each in executions if each.started and not each.display_name.startswith(_OURS))
    return next_run(
        parse_schedule(schedule.expression), datetime.now(UTC), next(scheduled, None), here=datetime.astimezone
    )


def _approval(context: StageContext, release_id: str) -> dict[str, str]:
    """Who let the release pass; as ``problem`` why that is not known."""
    codepipeline = ToolchainContext(context.settings.pipeline).codepipeline()
    try:
        if not codepipeline.exists():
            return {"problem": f"{NO_APPROVAL}: there is no CodePipeline {codepipeline.name}"}
        found = approval_of(release_id, codepipeline.action_history(), codepipeline.state())
    except AccessDeniedError as error:
        return {"problem": f"unknown: {error.problem}"}
    if found is None:
        return {"problem": f"{NO_APPROVAL}: {codepipeline.name} remembers none of this release"}
    return asdict(found)
