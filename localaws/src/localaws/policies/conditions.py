"""The Condition element of a policy's statement. Pure: operators, keys and values in, true or false out.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import ipaddress
import operator
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from localaws.policies.patterns import Context, fill, matches, matches_arn

Test = Callable[[str, str, Context], bool]  # (value of the request, value of the policy, context)


def hold(condition: Any, context: Context) -> bool:
    """Whether every test of a Condition element holds. An operator that does not exist never holds."""
    return all(
        _holds(name, values, context.get(key.lower(), ()), context)
        for name, tests in (condition or {}).items()
        for key, values in tests.items()
    )


def _holds(name: str, wanted: Any, values: tuple[str, ...], context: Context) -> bool:
    quantifier, _, plain = name.rpartition(":")
    plain = plain.lower()
    patterns = [_text(one) for one in (wanted if isinstance(wanted, list) else [wanted])]
    if plain == "null":
        return (not values) == (patterns == ["true"])
    if_exists = plain.endswith("ifexists")
    plain = plain.removesuffix("ifexists")
    negated, test = _operator(plain)
    if test is None:
        return False
    found = [any(_safely(test, value, pattern, context) for pattern in patterns) != negated for value in values]
    if quantifier.lower() == "forallvalues":
        return all(found)
    if not values:
        return if_exists or (negated and not quantifier)
    # Without a quantifier one value is usual; of several, a negation must hold for each.
    return all(found) if negated and not quantifier else any(found)


def _operator(name: str) -> tuple[bool, Test | None]:
    if name in _TESTS:
        return False, _TESTS[name]
    return True, _TESTS.get(_NEGATIONS.get(name, ""))


def _safely(test: Test, value: str, pattern: str, context: Context) -> bool:
    try:
        return test(value, pattern, context)
    except ValueError:  # a value that is no number, date or address equals none
        return False


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _string(value: str, pattern: str, context: Context) -> bool:
    return fill(pattern, context) == value


def _string_ignore_case(value: str, pattern: str, context: Context) -> bool:
    return (fill(pattern, context) or "").lower() == value.lower()


def _like(value: str, pattern: str, context: Context) -> bool:
    return matches(pattern, value, context)


def _arn(value: str, pattern: str, context: Context) -> bool:
    return matches_arn(pattern, value, context)


def _bool(value: str, pattern: str, context: Context) -> bool:
    return value.lower() == (fill(pattern, context) or "").lower()


def _address(value: str, pattern: str, context: Context) -> bool:
    return ipaddress.ip_address(value) in ipaddress.ip_network(pattern, strict=False)


def _compared(compare: Callable[[Any, Any], bool], read: Callable[[str], Any]) -> Test:
    return lambda value, pattern, context: compare(read(value), read(fill(pattern, context) or ""))


def _date(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _orderings(kind: str, read: Callable[[str], Any]) -> Iterable[tuple[str, Test]]:
    names = {
        "equals": operator.eq,
        "lessthan": operator.lt,
        "lessthanequals": operator.le,
        "greaterthan": operator.gt,
        "greaterthanequals": operator.ge,
    }
    return ((f"{kind}{name}", _compared(compare, read)) for name, compare in names.items())


_TESTS: dict[str, Test] = {
    "stringequals": _string,
    "stringequalsignorecase": _string_ignore_case,
    "stringlike": _like,
    "arnequals": _arn,
    "arnlike": _arn,
    "bool": _bool,
    "binaryequals": _string,
    "ipaddress": _address,
    **dict(_orderings("numeric", float)),
    **dict(_orderings("date", _date)),
}
_NEGATIONS = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
    "notipaddress": "ipaddress",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
}
