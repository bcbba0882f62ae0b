"""Who of another account may put events on a bus."""

from __future__ import annotations

from typing import Any

import pytest

from localaws.policies.bus_policies import event_context, may_put_event, statement
from localaws.policies.condition_keys import ORGANIZATION
from localaws.policies.principals import Principal
from tests.unit.policies.guide import (
    BUSES,
    EVERYBODY,
    HERE,
    ROLE_ARN,
    ROOT,
    SESSION,
    THERE,
    USER,
    allow,
    deny,
    policy,
    to,
)

BUS = f"arn:aws:events:eu-west-1:{THERE}:event-bus/b"
PUT = "events:PutEvents"
CLOSED = deny(PUT, Condition={"StringNotEquals": {"events:source": "x"}}, **EVERYBODY)


def organization(identifier: str) -> dict[str, str]:
    return {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": identifier}


@pytest.mark.aws_rule(
    "A bus takes another account's events only as its policy allows, with events:source and events:detail-type as "
    "conditions",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html",
)
@pytest.mark.parametrize(
    ("statements", "principal", "allowed"),
    [
        ([statement("s", "*", PUT, BUS, None)], USER, True),
        ([statement("s", HERE, PUT, BUS, None)], SESSION, True),
        ([statement("s", "3" * 12, PUT, BUS, None)], USER, False),
        ([{**statement("s", "*", PUT, BUS, None), "Resource": f"{BUS}-2"}], USER, False),
        ([allow(PUT, BUS, **to(ROLE_ARN))], SESSION, True),
        ([allow(PUT, BUS, **to(ROLE_ARN))], ROOT, False),
        ([allow("events:Put*", BUS, **to(HERE))], USER, True),
        ([allow(PUT, BUS, **EVERYBODY), deny(PUT, BUS, **to(HERE))], USER, False),
        ([allow(PUT, BUS, **EVERYBODY, Condition={"StringEquals": {"events:source": "mine"}})], USER, True),
        ([allow(PUT, BUS, **EVERYBODY, Condition={"StringEquals": {"events:source": "yours"}})], USER, False),
        ([allow(PUT, BUS, **EVERYBODY, Condition={"StringLike": {"events:detail-type": "Done*"}})], USER, True),
        ([allow(PUT, BUS, **to(HERE)), {**CLOSED, "Resource": BUS}],
         USER, False),
        ([statement("s", "*", PUT, BUS, organization(ORGANIZATION))],
         USER, True),
        ([statement("s", "*", PUT, BUS, organization("o-other00000"))],
         USER, False),
    ],
)  # fmt: skip
def test_who_may_put_an_event(statements: list[Any], principal: Principal, allowed: bool) -> None:
    decision = may_put_event(policy(*statements), BUS, principal, event_context("mine", "Done it"))
    assert decision.allowed is allowed, BUSES


@pytest.mark.aws_rule(
    "A bus without a policy takes no events of other accounts",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html",
)
def test_a_bus_is_closed_to_other_accounts_without_a_policy() -> None:
    assert not may_put_event(None, BUS, USER, event_context("mine", "Done")).allowed
