"""Refuses what AWS would refuse: unknown, missing and wrongly typed members, enum values, patterns and bounds.

Everything comes from the service model; nothing about a single service is written here.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import regex
from botocore.model import Shape
from botocore.validate import ParamValidator

_validator = ParamValidator()


def validation_problems(request: dict[str, Any], shape: Shape | None) -> list[str]:
    """What is wrong with ``request``, one sentence each in AWS's wording; empty where it is valid."""
    return type_problems(request, shape) or (list(_constraint_problems(request, shape, "")) if shape else [])


def type_problems(request: dict[str, Any], shape: Shape | None) -> list[str]:
    """Only what is missing, unknown or of another type."""
    report = _validator.validate(request, shape) if shape is not None else None
    return str(report.generate_report()).splitlines() if report is not None and report.has_errors() else []


def scalar_problems(value: Any, shape: Any, path: str) -> Iterator[str]:
    """The same of one scalar of the right type: enum values, patterns and bounds."""
    return _constraint_problems(value, shape, path)


def _constraint_problems(value: Any, shape: Any, path: str) -> Iterator[str]:
    kind = shape.type_name
    if kind == "structure":
        for name, member in shape.members.items():
            if value.get(name) is not None:
                yield from _constraint_problems(value[name], member, f"{path}.{_lower_first(name)}".lstrip("."))
    elif kind == "list":
        yield from _bounds(value, len(value), shape, path, "length")
        for number, item in enumerate(value, 1):
            yield from _constraint_problems(item, shape.member, f"{path}.{number}.member")
    elif kind == "map":
        yield from _bounds(value, len(value), shape, path, "length")
        for key, item in value.items():
            yield from _constraint_problems(key, shape.key, f"{path}.key")
            yield from _constraint_problems(item, shape.value, f"{path}.{key}.member")
    elif kind == "string":
        yield from _string_problems(value, shape, path)
    elif kind in ("integer", "long", "float", "double"):
        yield from _bounds(value, value, shape, path, "value")


def _string_problems(value: str, shape: Any, path: str) -> Iterator[str]:
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        yield _problem(value, path, f"Member must satisfy enum value set: [{', '.join(allowed)}]")
        return
    yield from _bounds(value, len(value), shape, path, "length")
    pattern = shape.metadata.get("pattern")
    compiled = _compiled(pattern) if pattern else None
    if compiled is not None and not compiled.fullmatch(value):
        yield _problem(value, path, f"Member must satisfy regular expression pattern: {pattern}")


def _bounds(value: Any, size: float, shape: Any, path: str, what: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    measure = f"have {what}" if what == "length" else "have value"
    if low is not None and size < low:
        yield _problem(value, path, f"Member must {measure} greater than or equal to {low}")
    if high is not None and size > high:
        yield _problem(value, path, f"Member must {measure} less than or equal to {high}")


def _problem(value: Any, path: str, constraint: str) -> str:
    shown = str(value)
    shown = shown if len(shown) <= 200 else shown[:200] + "..."
    return f"Value '{shown}' at '{path}' failed to satisfy constraint: {constraint}"


@functools.lru_cache(maxsize=4096)
def _compiled(pattern: str) -> regex.Pattern[str] | None:
    """The compiled pattern; None where the model writes one that no engine here reads (then it is not checked)."""
    try:
        return regex.compile(pattern, regex.DOTALL)
    except regex.error:
        return None


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]
