"""Who may put events on an event bus, by its resource policy. Pure: documents in, a yes or no out.

Only what EventBridge's PutPermission writes is understood: accounts, everybody, and ``aws:PrincipalOrgID`` (every
account of localaws is in one organization).
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html
"""

from __future__ import annotations

import fnmatch
from typing import Any


def may_put_events(policy: dict[str, Any] | None, account: str, bus_arn: str) -> bool:
    """Whether an account other than the bus's own may put events on it."""
    statements = _listed((policy or {}).get("Statement"))
    effects = [statement["Effect"] for statement in statements if _applies(statement, account, bus_arn)]
    return "Allow" in effects and "Deny" not in effects


def statement(
    identifier: str, principal: str, action: str, bus_arn: str, condition: dict[str, str] | None
) -> dict[str, Any]:
    """The statement that PutPermission with single parameters adds."""
    made: dict[str, Any] = {
        "Sid": identifier,
        "Effect": "Allow",
        "Principal": "*" if principal == "*" else {"AWS": f"arn:aws:iam::{principal}:root"},
        "Action": action,
        "Resource": bus_arn,
    }
    if condition:
        made["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
    return made


def _applies(statement: dict[str, Any], account: str, bus_arn: str) -> bool:
    actions = [str(action).lower() for action in _listed(statement.get("Action"))]
    resources = [str(resource) for resource in _listed(statement.get("Resource", bus_arn))]
    return (
        any(fnmatch.fnmatchcase("events:putevents", action) for action in actions)
        and any(fnmatch.fnmatchcase(bus_arn, resource) for resource in resources)
        and _names(statement.get("Principal", {}), account)
        and all(_holds(tests) for tests in statement.get("Condition", {}).values())
    )


def _names(principal: Any, account: str) -> bool:
    named = _listed(principal if isinstance(principal, str) else principal.get("AWS"))
    return any(name in ("*", account) or f"::{account}:" in str(name) for name in named)


def _holds(tests: dict[str, Any]) -> bool:
    return all(key.lower() == "aws:principalorgid" for key in tests)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
