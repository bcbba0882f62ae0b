"""What watches a stage: its alarms and the rule that starts its pipeline. Reads only."""

from __future__ import annotations

from dataclasses import dataclass

from botocore.exceptions import ClientError

from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors


@dataclass(frozen=True)
class Alarm:
    name: str
    state: str
    reason: str


@dataclass(frozen=True)
class Rule:
    """A schedule: its expression, and whether it is ENABLED."""

    expression: str
    state: str


def alarms(account: Account, names: dict[str, str]) -> list[Alarm]:
    """The state of alarms, which are given as logical id -> name: a deployment role may look at its own, by name."""
    if not names:
        return []
    with told_as_deployment_errors(account.actor):
        answer = account.client("cloudwatch").describe_alarms(
            AlarmNames=sorted(names.values()), AlarmTypes=["MetricAlarm"], MaxRecords=100
        )
    found = {each["AlarmName"]: each for each in answer["MetricAlarms"]}
    return [
        Alarm(logical_id, found[name]["StateValue"], found[name].get("StateReason", ""))
        for logical_id, name in sorted(names.items())
        if name in found
    ]


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
