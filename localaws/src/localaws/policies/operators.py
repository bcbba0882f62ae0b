"""The operators of a Condition element: which there are, and what each compares. Pure.

An operator that does not exist and a value that its operator cannot compare are refused when the policy is read.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import math
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from localaws.policies.errors import PolicyError
from localaws.policies.patterns import Variables, fill, matches, matches_arn, needed_keys

Compare = Callable[[str, str, Variables], bool]  # (value of the request, value of the policy, what variables stand for)
Quantifier = Literal["", "ForAllValues", "ForAnyValue"]

_NAME = re.compile(r"(?:(?P<quantifier>ForAllValues|ForAnyValue):)?(?P<plain>[A-Za-z]+?)(?P<if_exists>IfExists)?")
_VARIABLE = re.compile(r"\$\{[^}]+\}")


@dataclass(frozen=True)
class Operator:
    """``check`` raises ValueError for a value that cannot be compared; ``variables``: whether values may have any."""

    compare: Compare
    negated: bool = False
    check: Callable[[str], Any] = str
    variables: bool = False


@dataclass(frozen=True)
class Test:
    """One operator on one condition key (lower case). ``name`` is as the policy has it. ``operator`` None is Null: is
    the key absent?"""

    name: str
    operator: Operator | None
    key: str
    values: tuple[str, ...]
    quantifier: Quantifier = ""
    if_exists: bool = False
    variables: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys of the context that it looks at: its own, and those of policy variables in its values."""
        needed = [key for value in self.values for key in needed_keys(value)] if self.variables else []
        return (self.key, *needed)


def read_test(name: str, key: str, values: list[Any], where: str, variables: bool) -> Test:
    """Raise PolicyError for an operator that does not exist, or values that it cannot compare."""
    found = _NAME.fullmatch(name)
    plain = found["plain"] if found else ""
    if not found or not (plain in OPERATORS or (plain == "Null" and not found["if_exists"])):
        raise PolicyError(f"the condition operator {name!r} of {where} does not exist")
    if not values or not all(isinstance(value, str | bool | int | float) for value in values):
        raise PolicyError(f"{name} {key} of {where} must be a string or a list of strings")
    texts = tuple(_text(value) for value in values)
    chosen = OPERATORS.get(plain)
    for text in texts:
        _refuse_incomparable(chosen, text, f"{name} {key} of {where}", variables)
    quantifier: Any = found["quantifier"] or ""
    return Test(name, chosen, key.lower(), texts, quantifier, bool(found["if_exists"]), variables and _fills(chosen))


def _refuse_incomparable(chosen: Operator | None, text: str, where: str, variables: bool) -> None:
    if variables and _fills(chosen) and _VARIABLE.search(text):
        return
    try:
        (chosen.check if chosen else _truth)(text)
    except ValueError as error:
        raise PolicyError(f"{where} cannot be compared with {text!r}") from error


def _fills(chosen: Operator | None) -> bool:
    return chosen is not None and chosen.variables


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _equals(value: str, pattern: str, context: Variables) -> bool:
    return fill(pattern, context) == value


def _equals_ignoring_case(value: str, pattern: str, context: Variables) -> bool:
    filled = fill(pattern, context)
    return filled is not None and filled.lower() == value.lower()


def _like(value: str, pattern: str, context: Variables) -> bool:
    return matches(pattern, value, context)


def _like_arn(value: str, pattern: str, context: Variables) -> bool:
    return matches_arn(pattern, value, context)


def _is_within(value: str, pattern: str, context: Variables) -> bool:
    return ipaddress.ip_address(value) in _network(pattern)


def _compared(compare: Callable[[Any, Any], bool], read: Callable[[str], Any]) -> Compare:
    def test(value: str, pattern: str, context: Variables) -> bool:
        filled = fill(pattern, context)
        return filled is not None and compare(read(value), read(filled))

    return test


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _number(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise ValueError(text)
    return found


def _date(text: str) -> datetime:
    """An ISO 8601 date, or seconds since 1970."""
    try:
        return datetime.fromtimestamp(_number(text), UTC)
    except (ValueError, OverflowError, OSError):
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(text) from error


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text, strict=False)


def _orderings(kind: str, read: Callable[[str], Any]) -> Iterable[tuple[str, Operator]]:
    comparisons = {
        "Equals": operator.eq,
        "LessThan": operator.lt,
        "LessThanEquals": operator.le,
        "GreaterThan": operator.gt,
        "GreaterThanEquals": operator.ge,
    }
    for name, compare in comparisons.items():
        yield f"{kind}{name}", Operator(_compared(compare, read), check=read)
    yield f"{kind}NotEquals", Operator(_compared(operator.eq, read), True, read)


OPERATORS: dict[str, Operator] = {
    "StringEquals": Operator(_equals, variables=True),
    "StringNotEquals": Operator(_equals, True, variables=True),
    "StringEqualsIgnoreCase": Operator(_equals_ignoring_case, variables=True),
    "StringNotEqualsIgnoreCase": Operator(_equals_ignoring_case, True, variables=True),
    "StringLike": Operator(_like, variables=True),
    "StringNotLike": Operator(_like, True, variables=True),
    "ArnEquals": Operator(_like_arn, variables=True),
    "ArnLike": Operator(_like_arn, variables=True),
    "ArnNotEquals": Operator(_like_arn, True, variables=True),
    "ArnNotLike": Operator(_like_arn, True, variables=True),
    "Bool": Operator(_compared(operator.eq, _truth), check=_truth, variables=True),
    "BinaryEquals": Operator(_compared(operator.eq, _bytes), check=_bytes),
    "IpAddress": Operator(_is_within, check=_network),
    "NotIpAddress": Operator(_is_within, True, _network),
    **dict(_orderings("Numeric", _number)),
    **dict(_orderings("Date", _date)),
}
