"""Which messages a subscription's filter policy lets through. Pure.

Filter policies are event patterns, looked up in the message's attributes or in its body.
https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
"""

from __future__ import annotations

import json
from typing import Any

from localaws.services.events.pattern_values import PatternError
from localaws.services.events.patterns import matches

BY_BODY = "MessageBody"


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
    return isinstance(body, dict) and matches(policy, body)


def policy_problem(policy: str) -> str | None:
    """What is wrong with a filter policy, or None."""
    try:
        if json.loads(policy) != {}:
            matches(policy, {})
    except PatternError as error:
        return str(error).removeprefix("Event pattern is not valid. Reason: ")
    except ValueError as error:
        return f"failed to parse JSON. {error}"
    return None


def _value(attribute: dict[str, Any]) -> Any:
    kind, text = str(attribute["DataType"]), str(attribute.get("StringValue", ""))
    if not kind.startswith(("Number", "String.Array")):
        return text
    try:
        return json.loads(text)
    except ValueError:  # what is neither number nor list is compared as the text it is
        return text
