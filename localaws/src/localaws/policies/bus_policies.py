"""Who may put events on an event bus of another account, by the bus's resource policy. Pure.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.core.arn import Arn
from localaws.policies.condition_keys import of_account
from localaws.policies.document import Document
from localaws.policies.evaluation import Decision, Policies, Query, decide_as_resource
from localaws.policies.patterns import Context
from localaws.policies.principals import Principal

ACTION = "events:PutEvents"


def may_put_event(policy: Document | None, bus_arn: str, principal: Principal, context: Context) -> Decision:
    """Whether a principal of another account than the bus's may put one event on it.

    ``context`` has the keys of ``event_context``, of the caller and of the moment. Whether the principal's own account
    lets it is asked where IAM is enforced.
    """
    policies = Policies(resource_policy=policy, resource_account=Arn.parse(bus_arn).account)
    known = {"aws:principalarn": (principal.arn,), **of_account(principal.account), **context}
    return decide_as_resource(Query(ACTION, bus_arn, known), principal, policies)


def event_context(source: str, detail_type: str) -> dict[str, tuple[str, ...]]:
    """The condition keys of one entry of PutEvents."""
    return {"events:source": (source,), "events:detail-type": (detail_type,)}


def statement(
    identifier: str, principal: str, action: str, bus_arn: str, condition: Mapping[str, str] | None
) -> dict[str, Any]:
    """The statement that PutPermission with single parameters adds."""
    made: dict[str, Any] = {
        "Sid": identifier,
        "Effect": "Allow",
        "Principal": "*" if principal == "*" else {"AWS": f"arn:{Arn.parse(bus_arn).partition}:iam::{principal}:root"},
        "Action": action,
        "Resource": bus_arn,
    }
    if condition:
        made["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
    return made
