"""Which messages a subscription's filter policy lets through. Pure.

Filter policies are event patterns, looked up in the message's attributes or in its body.
https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
"""

from __future__ import annotations

import json
from typing import Any

from localaws.services.events.pattern_values import PatternError
from localaws.services.events.patterns import matches

BY_BODY, BY_ATTRIBUTES = "MessageBody", "MessageAttributes"
MOST_KEYS = 5
MOST_COMBINATIONS = 150


def passes(policy: str | None, scope: str, message: str, attributes: dict[str, Any]) -> bool:
    """Whether a message reaches a subscription with this policy (JSON text, or None for no filter)."""
    if policy is None or json.loads(policy) == {}:
        return True
    if scope != BY_BODY:
        return matches(policy, {name: _value(attribute) for name, attribute in attributes.items()})
    try:
        body = json.loads(message)
    except ValueError:  # a text cannot match a policy on members
        return False
    bodies = body if isinstance(body, list) else [body]
    return any(isinstance(each, dict) and matches(policy, each) for each in bodies)


def policy_problem(policy: str, scope: str) -> str | None:
    """What is wrong with a filter policy of this scope, or None."""
    try:
        document = json.loads(policy)
        if document == {}:
            return None
        matches(policy, {})
    except PatternError as error:
        return str(error).removeprefix("Event pattern is not valid. Reason: ")
    except ValueError as error:
        return f"failed to parse JSON. {error}"
    suffix = _negated_suffix(document)
    if suffix:
        return "Unsupported anything-but pattern: suffix"
    keys, combinations = _measured(document, scope)
    if len(keys) > MOST_KEYS:
        return f"Filter policy can not have more than {MOST_KEYS} keys"
    return "Filter policy is too complex" if combinations > MOST_COMBINATIONS else None


def nests(policy: str) -> bool:
    """Whether a policy that can be read speaks of members of members, which attributes do not have."""
    document = json.loads(policy)
    return any(isinstance(value, dict) for name, value in document.items() if name != "$or")


def _negated_suffix(document: Any) -> bool:
    """EventBridge has anything-but suffix, SNS has not."""
    if isinstance(document, list):
        return any(_negated_suffix(item) for item in document)
    if not isinstance(document, dict):
        return False
    negated = document.get("anything-but")
    if isinstance(negated, dict) and "suffix" in negated:
        return True
    return any(_negated_suffix(value) for value in document.values())


def _measured(document: dict[str, Any], scope: str, depth: int = 1) -> tuple[set[str], int]:
    """The outermost keys, and how many combinations of values there are.

    In a body, each level of nesting counts a key's values once more.
    https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
    """
    keys: set[str] = set()
    combinations = 1
    for name, value in document.items():
        if name == "$or":
            parts = [_measured(alternative, scope, depth) for alternative in value]
            keys |= {key for found, _ in parts for key in found}
            combinations *= sum(count for _, count in parts)
        elif isinstance(value, dict):
            keys.add(name)
            combinations *= _measured(value, scope, depth + 1)[1]
        else:
            keys.add(name)
            combinations *= len(value) * (depth if scope == BY_BODY else 1)
    return keys, combinations


def _value(attribute: dict[str, Any]) -> Any:
    kind, text = str(attribute["DataType"]), str(attribute.get("StringValue", ""))
    if not kind.startswith(("Number", "String.Array")):
        return text
    try:
        return json.loads(text)
    except ValueError:  # what is neither number nor list is compared as the text it is
        return text
