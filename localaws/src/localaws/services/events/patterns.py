"""EventBridge's event patterns: what is a valid one, and which events one matches. Pure.

A pattern is parsed once into matchers; ``PatternError`` says in EventBridge's words what is wrong with it.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from localaws.services.events.pattern_values import PatternError, ValueTest, any_value, value_test

Matcher = Callable[[Any], bool]
_ABSENT: Any = object()
_DOTTED = re.compile(r"[^.]+(\.[^.]+)+")


@functools.lru_cache(maxsize=1024)
def compiled(text: str) -> Matcher:
    """A function from an event (the envelope with its ``detail``) to whether the pattern ``text`` matches it."""
    try:
        pattern = json.loads(text, object_pairs_hook=_unique_members)
    except ValueError as error:
        raise PatternError(f"Event pattern is not valid. Reason: {error}") from error
    if not isinstance(pattern, dict):
        raise PatternError("Event pattern is not valid. Reason: Filter is not an object")
    try:
        return _object(_nested(pattern))
    except PatternError as error:
        raise PatternError(f"Event pattern is not valid. Reason: {error}") from None


def matches(text: str, event: dict[str, Any]) -> bool:
    return compiled(text)(_nested(event))


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"Path '{next(n for n in names if names.count(n) > 1)}' is given twice")
    return members


def _nested(document: Any) -> Any:
    """``{"a.b": 1}`` as ``{"a": {"b": 1}}``: a path is its names joined by dots, however they are nested.

    What lies at the same path twice is an array of both, since either may match.
    """
    if isinstance(document, list):
        return [_nested(item) for item in document]
    if not isinstance(document, dict):
        return document
    found: dict[str, Any] = {}
    for name, value in document.items():
        *parents, last = name.split(".") if _DOTTED.fullmatch(name) else [name]
        inner = _nested(value)
        for parent in reversed([*parents, last]):
            inner = {parent: inner}
        found = _merged(found, inner)
    return found


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    merged = dict(one)
    for name, value in other.items():
        if name not in merged:
            merged[name] = value
        elif isinstance(merged[name], dict) and isinstance(value, dict):
            merged[name] = _merged(merged[name], value)
        else:
            merged[name] = [*_listed(merged[name]), *_listed(value)]
    return merged


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _object(pattern: dict[str, Any]) -> Matcher:
    """All members must match; ``$or`` among them is one more condition."""
    if not pattern:
        raise PatternError("Empty objects are not allowed")
    matchers = [_either(value) if name == "$or" else _member(name, value) for name, value in pattern.items()]

    def match(event: Any) -> bool:
        # Where the event has an array of objects, one and the same object must match all members.
        if isinstance(event, list):
            return any(match(item) for item in event)
        return all(matcher(event) for matcher in matchers)

    return match


def _either(alternatives: Any) -> Matcher:
    if not isinstance(alternatives, list) or len(alternatives) < 2:
        raise PatternError("$or must be an array of at least two objects")
    if not all(isinstance(alternative, dict) for alternative in alternatives):
        raise PatternError("$or must contain objects only")
    matchers = [_object(alternative) for alternative in alternatives]
    return lambda event: any(matcher(event) for matcher in matchers)


def _member(name: str, pattern: Any) -> Matcher:
    if isinstance(pattern, dict):
        inner = _object(pattern)
        return lambda event: inner(event.get(name, _ABSENT) if isinstance(event, dict) else _ABSENT)
    if not isinstance(pattern, list):
        raise PatternError(f'"{name}" must be an object or an array')
    if not pattern:
        raise PatternError("Empty arrays are not allowed")
    tests = [_element(element) for element in pattern]
    return lambda event: any(test(event.get(name, _ABSENT) if isinstance(event, dict) else _ABSENT) for test in tests)


def _element(element: Any) -> Matcher:
    """One element of a leaf's array, of which any may match."""
    if isinstance(element, dict) and element.keys() == {"exists"}:
        wanted = element["exists"]
        if not isinstance(wanted, bool):
            raise PatternError("exists match pattern must be either true or false.")
        return lambda value: any(True for _ in _leaves(value)) == wanted
    test: ValueTest = value_test(element) if isinstance(element, dict) else any_value([element])
    return lambda value: any(test(leaf) for leaf in _leaves(value))


def _leaves(value: Any) -> Iterator[Any]:
    """The values of a field as patterns see them: a scalar is one, an array each of its scalars, an object none."""
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not _ABSENT and not isinstance(value, dict):
        yield value
