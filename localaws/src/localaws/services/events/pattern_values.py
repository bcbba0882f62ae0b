"""What one value of an event is compared with: the match types of event patterns. Pure.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import ipaddress
import json
import operator
import re
from collections.abc import Callable
from typing import Any

ValueTest = Callable[[Any], bool]


class PatternError(ValueError):
    """The pattern is not valid; the message says why."""


def any_value(values: list[Any]) -> ValueTest:
    """Equal to one of ``values``: strings, numbers, booleans, null. 300 and 300.0 differ, as they do in EventBridge."""
    for value in values:
        if isinstance(value, list | dict):
            raise PatternError("Match value must be String, number, true, false, or null")
    known = {json.dumps(value) for value in values}
    return lambda value: json.dumps(value) in known


def value_test(condition: dict[str, Any]) -> ValueTest:
    """The test that an object such as ``{"prefix": "a"}`` stands for."""
    if len(condition) != 1:
        raise PatternError("Only one key allowed in match expression")
    kind, argument = next(iter(condition.items()))
    make = _TESTS.get(kind)
    if make is None:
        raise PatternError(f"Unrecognized match type {kind}")
    return make(argument)


def _prefix(argument: Any) -> ValueTest:
    text, fold = _text_or_ignoring_case(argument, "prefix")
    return lambda value: isinstance(value, str) and fold(value).startswith(fold(text))


def _suffix(argument: Any) -> ValueTest:
    text, fold = _text_or_ignoring_case(argument, "suffix")
    return lambda value: isinstance(value, str) and fold(value).endswith(fold(text))


def _text_or_ignoring_case(argument: Any, kind: str) -> tuple[str, Callable[[str], str]]:
    if isinstance(argument, dict) and argument.keys() == {"equals-ignore-case"}:
        return _string(argument["equals-ignore-case"], f"{kind} equals-ignore-case"), str.lower
    return _string(argument, kind), str


def _equals_ignore_case(argument: Any) -> ValueTest:
    text = _string(argument, "equals-ignore-case").lower()
    return lambda value: isinstance(value, str) and value.lower() == text


def _wildcard(argument: Any) -> ValueTest:
    text = _string(argument, "wildcard")
    expression, position = "", 0
    while position < len(text):
        character = text[position]
        if character == "\\":
            position += 1
            if text[position : position + 1] not in ("*", "\\"):
                raise PatternError(f"Invalid escape character at pos {position - 1}")
            expression += re.escape(text[position])
        elif character == "*":
            if text[position + 1 : position + 2] == "*":
                raise PatternError(f"Consecutive wildcard characters at pos {position}")
            expression += ".*"
        else:
            expression += re.escape(character)
        position += 1
    found = re.compile(expression, re.DOTALL)
    return lambda value: isinstance(value, str) and found.fullmatch(value) is not None


def _cidr(argument: Any) -> ValueTest:
    text = _string(argument, "cidr")
    if "/" not in text:
        raise PatternError("Malformed CIDR, one '/' required")
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise PatternError(f"Malformed CIDR, {error}") from error

    def test(value: Any) -> bool:
        try:
            return isinstance(value, str) and ipaddress.ip_address(value) in network
        except ValueError:  # not an address at all
            return False

    return test


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
}
_LARGEST_NUMBER = 5_000_000_000


def _numeric(argument: Any) -> ValueTest:
    if not isinstance(argument, list) or len(argument) not in (2, 4):
        raise PatternError("Value of numeric must be an array of one or two comparisons.")
    comparisons = list(zip(argument[::2], argument[1::2], strict=True))
    for sign, number in comparisons:
        if sign not in _COMPARISONS:
            raise PatternError(f"Unrecognized numeric range operator: {sign}")
        if not _is_number(number):
            raise PatternError(f"Value of {'equals' if sign == '=' else sign} must be numeric")
        if abs(number) > _LARGEST_NUMBER:
            raise PatternError(f"Value must be between -{_LARGEST_NUMBER} and {_LARGEST_NUMBER}, inclusive")
    if len(comparisons) == 2:
        (first, low), (second, high) = comparisons
        if not first.startswith(">") or not second.startswith("<"):
            raise PatternError("Bad numeric range operator: a range is '>' or '>=', then '<' or '<='")
        if low >= high:
            raise PatternError("Bottom must be less than top")
    return lambda value: _is_number(value) and all(_COMPARISONS[sign](value, number) for sign, number in comparisons)


def _anything_but(argument: Any) -> ValueTest:
    if isinstance(argument, dict):
        if len(argument) != 1 or next(iter(argument)) not in _NEGATED:
            raise PatternError(f"Unsupported anything-but pattern: {next(iter(argument), '')}")
        kind, values = next(iter(argument.items()))
        listed = values if isinstance(values, list) else [values]
        if not listed:
            raise PatternError("Empty arrays are not allowed")
        tests = [_TESTS[kind](value) for value in listed]
        # Values that are no strings are something else than any prefix: EventBridge matches strings only.
        return lambda value: isinstance(value, str) and not any(test(value) for test in tests)
    listed = argument if isinstance(argument, list) else [argument]
    if not listed:
        raise PatternError("Empty arrays are not allowed")
    if not (all(isinstance(value, str) for value in listed) or all(_is_number(value) for value in listed)):
        raise PatternError("Inside anything but list, start|null|boolean is not supported, and kinds are not mixed.")
    equal = any_value(listed)
    return lambda value: not equal(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _string(argument: Any, kind: str) -> str:
    if not isinstance(argument, str):
        raise PatternError(f"{kind} match pattern must be a string")
    if not argument and kind != "equals-ignore-case":
        raise PatternError(f"Null {kind} not allowed")
    return argument


_NEGATED = frozenset({"prefix", "suffix", "equals-ignore-case", "wildcard"})
_TESTS: dict[str, Callable[[Any], ValueTest]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": _wildcard,
    "cidr": _cidr,
    "numeric": _numeric,
    "anything-but": _anything_but,
}
