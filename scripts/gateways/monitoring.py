"""What watches a stage: its alarms and the rule that starts its pipeline. All it changes is the rule's state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors

GONE = "GONE"
MOST_NAMES = 100  # DescribeAlarms takes no more at once


@dataclass(frozen=True)
class Alarm:
    """``state`` is CloudWatch's (OK, ALARM, INSUFFICIENT_DATA), or GONE; ``since`` is when it began, ISO 8601."""

    name: str
    state: str
    reason: str
    since: str = ""


@dataclass(frozen=True)
class Rule:
    """A schedule: its expression, and whether it is ENABLED."""

    expression: str
    state: str


def alarms(account: Account, names: dict[str, str]) -> list[Alarm]:
    """The state of alarms, which are given as logical id -> name: a stage's account may have many others.

    One that the stack has and CloudWatch has not is GONE: it was deleted by hand, and will never ring.
    """
    found: dict[str, dict[str, Any]] = {}
    with told_as_deployment_errors(account.actor):
        paginator = account.client("cloudwatch").get_paginator("describe_alarms")
        for batch in batched(sorted(names.values()), MOST_NAMES):
            for page in paginator.paginate(AlarmNames=batch, AlarmTypes=["MetricAlarm"]):
                found |= {each["AlarmName"]: each for each in page["MetricAlarms"]}
    return [_alarm(logical_id, found.get(name)) for logical_id, name in sorted(names.items())]


def batched(names: list[str], size: int) -> Iterator[list[str]]:
    return (names[at : at + size] for at in range(0, len(names), size))


def _alarm(logical_id: str, answer: dict[str, Any] | None) -> Alarm:
    if answer is None:
        return Alarm(logical_id, GONE, "the stack made it, and CloudWatch has it no more")
    # The first says when the state itself began; the second also moves with its reason.
    since = answer.get("StateTransitionedTimestamp") or answer.get("StateUpdatedTimestamp")
    return Alarm(
        logical_id,
        answer["StateValue"],
        answer.get("StateReason", ""),
        since.isoformat(timespec="seconds") if since else "",
    )


def rule(account: Account, name: str) -> Rule | None:
    """The EventBridge rule; None where there is none of that name."""
    with told_as_deployment_errors(account.actor):
        try:
            answer = account.client("events").describe_rule(Name=name)
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return None
            raise
    return Rule(answer.get("ScheduleExpression", ""), answer.get("State", ""))


def set_rule_state(account: Account, name: str, state: str) -> None:
    """Make the rule ENABLED or DISABLED, as a person does in the console."""
    with told_as_deployment_errors(account.actor):
        events = account.client("events")
        if state == "ENABLED":
            events.enable_rule(Name=name)
        else:
            events.disable_rule(Name=name)
