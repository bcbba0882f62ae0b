"""Which names a template's value refers to, and in which order resources can be made. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localaws.services.cloudformation.errors import TemplateError
from localaws.services.cloudformation.intrinsics import SUB_VARIABLE, get_att_parts


@dataclass(frozen=True)
class Reference:
    """``name`` is a logical id, parameter or pseudo parameter; ``attribute`` None for Ref."""

    name: str
    attribute: str | None = None


def references(value: Any, conditions: Mapping[str, bool] | None = None) -> Iterator[Reference]:
    """Every reference in ``value``. With ``conditions``, only those in branches of Fn::If that are taken."""
    if isinstance(value, list):
        for item in value:
            yield from references(item, conditions)
    if not isinstance(value, dict):
        return
    if len(value) == 1:
        ((name, argument),) = value.items()
        if name == "Ref" and isinstance(argument, str):
            yield Reference(argument)
            return
        if name == "Fn::GetAtt":
            yield from _get_att_references(argument, conditions)
            return
        if name == "Fn::Sub":
            yield from _sub_references(argument, conditions)
            return
        if name == "Fn::If" and conditions is not None and isinstance(argument, list) and len(argument) == 3:
            yield from references(argument[1 if conditions.get(str(argument[0])) else 2], conditions)
            return
    for item in value.values():
        yield from references(item, conditions)


def imports(value: Any, conditions: Mapping[str, bool]) -> Iterator[Any]:
    """The argument of every Fn::ImportValue in ``value`` that is evaluated under ``conditions``."""
    if isinstance(value, list):
        for item in value:
            yield from imports(item, conditions)
    elif isinstance(value, dict):
        chosen = value.get("Fn::If") if len(value) == 1 else None
        if isinstance(chosen, list) and len(chosen) == 3:
            yield from imports(chosen[1 if conditions.get(str(chosen[0])) else 2], conditions)
            return
        for key, item in value.items():
            if key == "Fn::ImportValue":
                yield item
            else:
                yield from imports(item, conditions)


def _get_att_references(argument: Any, conditions: Mapping[str, bool] | None) -> Iterator[Reference]:
    resource, attribute = get_att_parts(argument)
    if isinstance(attribute, str):
        yield Reference(resource, attribute)
    else:
        yield Reference(resource, "")
        yield from references(attribute, conditions)


def _sub_references(argument: Any, conditions: Mapping[str, bool] | None) -> Iterator[Reference]:
    text, variables = (
        (argument[0], argument[1]) if isinstance(argument, list) and len(argument) == 2 else (argument, {})
    )
    if not isinstance(text, str) or not isinstance(variables, dict):
        return  # evaluating it says what is wrong
    for literal, name in SUB_VARIABLE.findall(text):
        if literal or name in variables:
            continue
        resource, dot, attribute = name.partition(".")
        yield Reference(resource, attribute) if dot else Reference(name)
    yield from references(variables, conditions)


def depends_on(resource: Mapping[str, Any]) -> list[str]:
    declared = resource.get("DependsOn") or []
    return [declared] if isinstance(declared, str) else list(declared)


def creation_order(dependencies: Mapping[str, set[str]]) -> list[str]:
    """Names so that each comes after what it depends on, otherwise as given; raises TemplateError for a circle.

    Dependencies on names that are not keys are ignored.
    """
    order: list[str] = []
    done: set[str] = set()
    waiting = list(dependencies)
    while waiting:
        ready = [name for name in waiting if (dependencies[name] & dependencies.keys()) <= done]
        if not ready:
            circle = ", ".join(sorted(_circle(waiting, dependencies)))
            raise TemplateError(f"Circular dependency between resources: [{circle}]")
        order += ready
        done.update(ready)
        waiting = [name for name in waiting if name not in done]
    return order


def _circle(waiting: list[str], dependencies: Mapping[str, set[str]]) -> set[str]:
    """Of the names that cannot be ordered, those on circles, not those that merely wait for them."""
    stuck = set(waiting)
    while True:
        needed = {other for name in stuck for other in dependencies[name]} & stuck
        if needed == stuck:
            return stuck
        stuck = needed
