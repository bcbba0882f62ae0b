"""What AWS's own service model says about the arguments of a call; reads botocore's files, calls nobody.

botocore itself checks only names, types and minimums before it sends. Enums, patterns and maximums are in the same
model: they are checked here too, so that a definition fails on a laptop and not in an account.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

import regex  # the models' patterns use \p{L} and the like, which re does not know
from botocore.loaders import create_loader
from botocore.model import ServiceModel

from scripts.decisions.definition_samples import RunTimeValue

_KINDS: dict[str, tuple[Any, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (str, int, float, datetime.datetime),
    "blob": (str, bytes),
}
_RUN_TIME_KINDS = {
    "String": {"string", "timestamp", "blob"},
    "Integer": {"integer", "long", "float", "double"},
    "Float": {"float", "double"},
    "Boolean": {"boolean"},
}
_MOST_SHOWN = 80


def argument_problems(operation: str, arguments: Mapping[str, Any], service: str = "sagemaker") -> list[str]:
    """What AWS would refuse in ``arguments``, one line each.

    That is unknown and missing members, types, enums, patterns and bounds; of a RunTimeValue only the type.
    """
    return list(_problems(arguments, _model(service).operation_model(operation).input_shape, operation))


@lru_cache(maxsize=4)
def _model(service: str) -> Any:
    # Not by a session: that would read the user's configuration, and end where its profile does not exist.
    return ServiceModel(create_loader().load_service_model(service, "service-2"), service_name=service)


def _problems(value: Any, shape: Any, place: str) -> Iterator[str]:
    kind = shape.type_name
    if isinstance(value, RunTimeValue):
        if value.kind != "Any" and kind not in _RUN_TIME_KINDS[value.kind]:
            yield f"{place} must be {_article(kind)}, not a parameter of type {value.kind}"
    elif kind == "structure":
        yield from _structure_problems(value, shape, place)
    elif kind == "list":
        yield from _list_problems(value, shape, place)
    elif kind == "map":
        yield from _map_problems(value, shape, place)
    else:
        yield from _scalar_problems(value, shape, place)


def _structure_problems(value: Any, shape: Any, place: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield _wrong_type(value, "structure", place)
        return
    for name in sorted(set(shape.required_members) - value.keys()):
        yield f"{place}.{name} is missing"
    for name, item in value.items():
        if name in shape.members:
            yield from _problems(item, shape.members[name], f"{place}.{name}")
        else:
            near = get_close_matches(name, shape.members, n=1)
            hint = f'; did you mean "{near[0]}"?' if near else f"; known: {', '.join(sorted(shape.members))}"
            yield f"{place}.{name} is unknown{hint}"


def _list_problems(value: Any, shape: Any, place: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield _wrong_type(value, "list", place)
        return
    yield from _bound_problems(len(value), shape, place, "items")
    for index, item in enumerate(value):
        yield from _problems(item, shape.member, f"{place}[{index}]")


def _map_problems(value: Any, shape: Any, place: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield _wrong_type(value, "map", place)
        return
    yield from _bound_problems(len(value), shape, place, "entries")
    for key, item in value.items():
        yield from _problems(key, shape.key, f"{place} key {key!r}")
        yield from _problems(item, shape.value, f"{place}.{key}")


def _scalar_problems(value: Any, shape: Any, place: str) -> Iterator[str]:
    kind = shape.type_name
    if not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "boolean"):
        yield _wrong_type(value, kind, place)
    elif kind == "string":
        allowed = getattr(shape, "enum", None)
        if allowed and value not in allowed:
            near = get_close_matches(value, allowed, n=3)
            hint = f"did you mean {' or '.join(near)}?" if near else f"allowed: {_shown(', '.join(sorted(allowed)))}"
            yield f"{place} {_shown(repr(value))} is not allowed; {hint}"
        pattern = shape.metadata.get("pattern")
        if pattern and not regex.fullmatch(pattern, value, timeout=5):
            yield f"{place} {_shown(repr(value))} does not match {pattern}"
        yield from _bound_problems(len(value), shape, place, "characters")
    elif isinstance(value, (int, float)) and kind != "boolean":
        yield from _bound_problems(value, shape, place, "")


def _bound_problems(size: float, shape: Any, place: str, unit: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    what = f"has {size} {unit}" if unit else f"is {size}"
    if low is not None and size < low:
        yield f"{place} {what}; at least {low} are required" if unit else f"{place} {what}; the minimum is {low}"
    if high is not None and size > high:
        yield f"{place} {what}; at most {high} are allowed" if unit else f"{place} {what}; the maximum is {high}"


def _wrong_type(value: Any, kind: str, place: str) -> str:
    return f"{place} must be {_article(kind)}, not {_shown(repr(value))}"


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _shown(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
