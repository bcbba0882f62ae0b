"""The statements of policies, and whom and what each may be about, erring on the side of "it may". Pure.

What cannot be told counts as met: an unknown condition key, an unknown operator, NotAction, NotResource. A Deny counts
only where it holds whatever the request is. So whoever asks "can this be reached?" is never told no where AWS says yes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

_QUANTIFIER = re.compile(r"^For(?:Any|All)Values?:")
_MATCHING = {
    "ArnEquals": False,
    "ArnLike": False,
    "StringEquals": False,
    "StringLike": False,
    "StringEqualsIgnoreCase": False,
    "ArnNotEquals": True,
    "ArnNotLike": True,
    "StringNotEquals": True,
    "StringNotLike": True,
}


def allowances(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The statements that allow something."""
    for each in as_list(document.get("Statement")):
        if each.get("Effect") == "Allow":
            yield each


def actions_of(statement: Mapping[str, Any]) -> list[str]:
    """Patterns of actions; ``*`` where the statement says which it is not about."""
    return as_list(statement["Action"]) if "Action" in statement else ["*"]


def resources_of(statement: Mapping[str, Any]) -> list[str]:
    """Patterns of resources; ``*`` where the statement says which it is not about, or has none (a trust policy)."""
    return as_list(statement["Resource"]) if "Resource" in statement else ["*"]


def names(statement: Mapping[str, Any], action: str) -> bool:
    """Whether this action is among its own."""
    return any(covers(each.lower(), action.lower()) for each in actions_of(statement))


def is_about(statement: Mapping[str, Any], resource: str) -> bool:
    """Whether it may be about this resource, which may itself be a pattern."""
    return any(overlap(each, resource) for each in resources_of(statement))


def denies(document: Mapping[str, Any], action: str, resource: str) -> bool:
    """Whether a statement without conditions denies this action on all of this."""
    return any(
        each.get("Effect") == "Deny"
        and not {"Condition", "NotAction", "NotResource"} & each.keys()
        and any(covers(pattern.lower(), action.lower()) for pattern in actions_of(each))
        and any(covers(pattern, resource) for pattern in resources_of(each))
        for each in as_list(document.get("Statement"))
    )


def may_name(statement: Mapping[str, Any], arn: str) -> bool:
    """Whether a resource's policy may be about the role with this ARN."""
    if "NotPrincipal" in statement:
        return True
    principal = statement.get("Principal")
    if principal == "*":
        return may_hold(statement, arn)
    account = arn.split(":")[4]
    whole_account = {"*", account, f"arn:aws:iam::{account}:root"}
    named = as_list(principal.get("AWS")) if isinstance(principal, dict) else []
    return any(each in whole_account or each == arn for each in named) and may_hold(statement, arn)


def may_hold(statement: Mapping[str, Any], arn: str) -> bool:
    """Whether a statement's conditions can hold for a request of this role; who asks is all that is known of it."""
    known = {"aws:principalarn": arn, "aws:principalaccount": arn.split(":")[4]}
    for operator, tests in statement.get("Condition", {}).items():
        plain = _QUANTIFIER.sub("", operator).removesuffix("IfExists")
        for key, values in tests.items():
            actual = known.get(key.lower())
            if actual is None or plain not in _MATCHING:
                continue
            matched = any(overlap(str(each), actual) for each in as_list(values))
            if matched == _MATCHING[plain]:
                return False
    return True


@cache
def covers(pattern: str, other: str) -> bool:
    """Whether all that ``other`` matches, ``pattern`` matches too."""
    wanted = "".join({"*": ".*", "?": "[^*]"}.get(each, re.escape(each)) for each in pattern)
    return re.fullmatch(wanted, other, re.DOTALL) is not None


@cache
def overlap(first: str, second: str) -> bool:
    """Whether any text matches both patterns, in which ``*`` stands for anything and ``?`` for one character."""
    if not first or not second:
        return not (first + second).strip("*")
    if first[0] == "*":
        return overlap(first[1:], second) or overlap(first, second[1:])
    if second[0] == "*":
        return overlap(first, second[1:]) or overlap(first[1:], second)
    return (first[0] == second[0] or "?" in (first[0], second[0])) and overlap(first[1:], second[1:])


def as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
