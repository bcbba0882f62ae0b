"""What one value of an event is compared with: the match types of event patterns. Pure.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable
from typing import Any

ValueTest = Callable[[Any], bool]


class PatternError(ValueError):
    """The pattern is not valid; the message says why."""


def any_value(values: list[Any]) -> ValueTest:
    """Equal to one of ``values``: strings, numbers (300 is 300.0), booleans, null."""
    for value in values:
        if isinstance(value, list | dict):
            raise PatternError("Match value must be String, number, true, false, or null")
    known = {_comparable(value) for value in values}
    return lambda value: _comparable(value) in known


def _comparable(value: Any) -> tuple[str, Any]:
    """Python takes 1 for True; a pattern does not."""
    return ("number", value) if _is_number(value) else (type(value).__name__, value)


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
    """An empty text is the beginning and the end of every string."""
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
                raise PatternError(f"Consecutive wildcard characters at pos {position + 1}")
            expression += ".*"
        else:
            expression += re.escape(character)
        position += 1
    _refuse_complex_wildcard(text)
    found = re.compile(expression, re.DOTALL)
    return lambda value: isinstance(value, str) and found.fullmatch(value) is not None


def _refuse_complex_wildcard(text: str) -> None:
    """AWS tells no limit; it refuses five wildcards that go on with the same character, and takes fewer."""
    following = re.findall(r"(?<!\\)\*(.)", text, re.DOTALL)
    if any(following.count(character) >= _MOST_ALIKE for character in following):
        raise PatternError(
            "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after "
            "a wildcard character"
        )


_MOST_ALIKE = 5


def _cidr(argument: Any) -> ValueTest:
    text = _string(argument, "cidr")
    address, slash, bits = text.partition("/")
    if not slash:
        raise PatternError("Malformed CIDR, one '/' required")
    if not bits.isascii() or not bits.isdigit():
        raise PatternError("Malformed CIDR, mask bits must be an integer")
    try:
        ipaddress.ip_address(address)
    except ValueError as error:
        raise PatternError(f"Nonstandard IP address: {address}") from error
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
    if not isinstance(argument, list):
        raise PatternError("Value of numeric must be an array.")
    if len(argument) % 2:
        raise PatternError(f"Value of {argument[-1]} must be numeric")
    if len(argument) not in (2, 4):
        raise PatternError("Too many elements in numeric expression" if argument else "Empty arrays are not allowed")
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
            raise PatternError(f"Bad numeric range operator: {second if first.startswith('>') else first}")
        if low >= high:
            raise PatternError("Bottom must be less than top")
    return lambda value: _is_number(value) and all(_COMPARISONS[sign](value, number) for sign, number in comparisons)


def _anything_but(argument: Any) -> ValueTest:
    if isinstance(argument, dict):
        if len(argument) != 1 or next(iter(argument)) not in _NEGATED:
            raise PatternError(f"Unsupported anything-but pattern: {next(iter(argument), '')}")
        kind, values = next(iter(argument.items()))
        listed = values if isinstance(values, list) else [values]
        _refuse_negated(kind, listed)
        tests = [_TESTS[kind](value) for value in listed]
        return lambda value: not any(test(value) for test in tests)
    listed = argument if isinstance(argument, list) else [argument]
    if not listed:
        raise PatternError("Empty arrays are not allowed")
    if argument is None or isinstance(argument, bool):
        raise PatternError("Value of anything-but must be an array or single string/number value.")
    if not (all(isinstance(value, str) for value in listed) or all(_is_number(value) for value in listed)):
        raise PatternError("Inside anything but list, start|null|boolean is not supported.")
    equal = any_value(listed)
    return lambda value: not equal(value)


def _refuse_negated(kind: str, listed: list[Any]) -> None:
    """What anything-but takes of another match type is narrower than what stands alone."""
    if not listed:
        raise PatternError("Empty arrays are not allowed")
    if any(isinstance(value, dict) for value in listed):
        raise PatternError("Value of anything-but must be an array or single string/number value.")
    if kind in ("prefix", "suffix"):
        if not all(isinstance(value, str) for value in listed):
            raise PatternError("prefix/suffix match pattern must be a string")
        if "" in listed:
            raise PatternError("Null prefix/suffix not allowed")
    if kind == "equals-ignore-case" and not all(isinstance(value, str) for value in listed):
        raise PatternError("Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _string(argument: Any, kind: str) -> str:
    if not isinstance(argument, str):
        raise PatternError(f"{kind} match pattern must be a string")
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
