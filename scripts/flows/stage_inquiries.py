"""What is asked about the roles of a stage and about who is let in there, for ``examine``. It reads only."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from scripts.decisions.readiness import Outcome
from scripts.decisions.stage_actors import StagePlace, stage_actors
from scripts.decisions.stage_crossings import alarm_topic_crossing, stage_crossings
from scripts.errors import DeploymentError
from scripts.flows.crossing_checks import check_crossing
from scripts.flows.permission_checks import check_actor
from scripts.flows.stage_context import StageContext
from scripts.flows.topic_checks import check_topic
from scripts.gateways.accounts import iam_principal
from scripts.gateways.stacks import Stacks
from scripts.workspace.stage_files import stage_names

Inquiry = tuple[str, Callable[[], Outcome]]


def stage_inquiries(context: StageContext) -> list[Inquiry]:
    """Needs the foundation to be there."""
    place, account = stage_place(context), context.reader
    caller = iam_principal(context.accounts.identity(context.settings.dev_account)["Arn"])
    found: list[Inquiry] = [
        (f"calls of {actor.name}", partial(check_actor, account, actor))
        for actor in stage_actors(place, bool(context.settings.break_glass))
    ]
    found += [
        (crossing.what, partial(check_crossing, account, crossing))
        for crossing in stage_crossings(place, stage_names(), caller)
    ]
    announcements = context.foundation.announcement_topic_arn
    return [
        *found,
        ("announcement topic", partial(check_topic, context.reader, announcements)),
        *_alarm_topic(context, place),
    ]


def stage_place(context: StageContext) -> StagePlace:
    settings = context.settings
    return StagePlace(
        context.names, context.foundation, _toolchain_key(context), settings.input_prefix, settings.output_prefix
    )


def _toolchain_key(context: StageContext) -> str:
    """Its ARN; any key of dev's, where there is no toolchain or it may not be looked at."""
    names = context.names
    any_key = f"arn:{names.partition}:kms:{names.region}:{names.dev_account}:key/*"
    try:
        stack = Stacks(context.dev, context.sleep).describe(names.toolchain_stack)
    except DeploymentError:
        return any_key
    return stack.outputs.get("KeyArn", any_key) if stack else any_key


def _alarm_topic(context: StageContext, place: StagePlace) -> list[Inquiry]:
    """None before the first deployment, which makes the topic."""
    stack = context.stacks.describe(context.names.batch_stack)
    topic = stack.outputs.get("AlarmTopicArn") if stack else None
    if topic is None:
        return []
    crossing = alarm_topic_crossing(place, topic)
    return [
        ("alarm topic", partial(check_topic, context.reader, topic)),
        (crossing.what, partial(check_crossing, context.reader, crossing)),
    ]
