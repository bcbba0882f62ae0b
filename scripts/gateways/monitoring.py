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


def alarms_of(account: Account, stack: str) -> list[Alarm]:
    """The alarms whose names begin with a stack's name, as CloudFormation names them."""
    with told_as_deployment_errors(account.actor):
        pages = account.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{stack}-")
        return [
            Alarm(each["AlarmName"].removeprefix(f"{stack}-"), each["StateValue"], each.get("StateReason", ""))
            for page in pages
            for each in page.get("MetricAlarms", [])
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
