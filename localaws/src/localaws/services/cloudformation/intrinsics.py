"""Intrinsic functions: a template's value and the scope it stands in, to what it means. Pure.

A ``Scope`` answers references; it may answer ``KNOWN_AFTER_APPLY`` for what a change set cannot know yet, and every
text made of that is unknown as well. ``NO_VALUE`` (``AWS::NoValue``) removes the key or item that holds it.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable
from typing import Any, Final, Protocol

from localaws.services.cloudformation.errors import TemplateError

KNOWN_AFTER_APPLY: Final = "{{changeSet:KNOWN_AFTER_APPLY}}"
SUB_VARIABLE = re.compile(r"\$\{(!?)\s*([^}]*?)\s*\}")


class _NoValue:
    def __repr__(self) -> str:
        return "AWS::NoValue"


NO_VALUE: Final = _NoValue()


class Scope(Protocol):
    """What names mean where a value stands."""

    @property
    def language_extensions(self) -> bool: ...
    def reference(self, name: str) -> Any: ...
    def attribute(self, resource: str, attribute: str) -> Any: ...
    def condition(self, name: str) -> bool: ...
    def mapping(self, name: str) -> dict[str, Any] | None: ...
    def imported(self, export: str) -> Any: ...
    def availability_zones(self, region: str) -> list[str]: ...


def evaluate(value: Any, scope: Scope) -> Any:
    """``value`` with every function in it replaced by its result; raises TemplateError in AWS's wording."""
    if isinstance(value, dict):
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref":
                return scope.reference(str(argument))
            if name in _FUNCTIONS:
                return _FUNCTIONS[name](argument, scope)
            if name in _CONDITION_FUNCTIONS:
                raise TemplateError(
                    f"Template error: {name} is only supported in the Conditions and Rules sections of a template."
                )
            if name.startswith("Fn::"):
                raise TemplateError(f"Template error: {name} is not supported.")
        evaluated = {key: evaluate(item, scope) for key, item in value.items()}
        return {key: item for key, item in evaluated.items() if item is not NO_VALUE}
    if isinstance(value, list):
        return [item for item in (evaluate(each, scope) for each in value) if item is not NO_VALUE]
    return value


def evaluate_condition(value: Any, scope: Scope) -> bool:
    """The truth of a condition; ``{"Condition": name}`` names another one."""
    if isinstance(value, dict) and len(value) == 1:
        ((name, argument),) = value.items()
        if name == "Condition":
            return scope.condition(str(argument))
        if name in _CONDITION_FUNCTIONS:
            return _CONDITION_FUNCTIONS[name](argument, scope)
    raise TemplateError(
        "Template format error: Every Conditions member must be a condition function (Fn::And, Fn::Equals, Fn::Not, "
        "Fn::Or) or the name of a condition."
    )


def as_text(value: Any) -> str:
    """A scalar as CloudFormation writes it into a text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise TemplateError(f"Template error: expected a string, found {type(value).__name__}: {json.dumps(value)[:80]}")


def _join(argument: Any, scope: Scope) -> Any:
    if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str):
        raise TemplateError(
            "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of "
            "strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined."
        )
    items = evaluate(argument[1], scope)
    if items == KNOWN_AFTER_APPLY or (isinstance(items, list) and KNOWN_AFTER_APPLY in items):
        return KNOWN_AFTER_APPLY
    if not isinstance(items, list):
        raise TemplateError("Template error: every Fn::Join object requires a list of strings to be joined.")
    return argument[0].join(as_text(item) for item in items)


def _sub(argument: Any, scope: Scope) -> Any:
    text, variables = (
        (argument[0], argument[1]) if isinstance(argument, list) and len(argument) == 2 else (argument, {})
    )
    if not isinstance(text, str) or not isinstance(variables, dict):
        raise TemplateError(
            "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a "
            "string as first argument, and an optional second argument to specify a mapping of values to replace in "
            "the string"
        )
    unknown = False

    def replace(found: re.Match[str]) -> str:
        nonlocal unknown
        literal, name = found.groups()
        if literal:
            return "${" + name + "}"
        value = _sub_variable(name, variables, scope)
        unknown = unknown or value == KNOWN_AFTER_APPLY
        return as_text(value)

    result = SUB_VARIABLE.sub(replace, text)
    return KNOWN_AFTER_APPLY if unknown else result


def _sub_variable(name: str, variables: dict[str, Any], scope: Scope) -> Any:
    if name in variables:
        return evaluate(variables[name], scope)
    if not re.fullmatch(r"[A-Za-z0-9_.:]+", name):
        raise TemplateError(
            "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, "
            "periods, and colons"
        )
    resource, dot, attribute = name.partition(".")
    return scope.attribute(resource, attribute) if dot else scope.reference(name)


def _get_att(argument: Any, scope: Scope) -> Any:
    resource, attribute = get_att_parts(argument)
    if isinstance(attribute, dict):
        attribute = evaluate(attribute, scope)
    return scope.attribute(resource, as_text(attribute))


def get_att_parts(argument: Any) -> tuple[str, Any]:
    """(logical id, attribute) of either form of Fn::GetAtt."""
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) < 2 or not isinstance(parts[0], str):
        raise TemplateError(
            "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the "
            "resource attribute"
        )
    return parts[0], parts[1] if len(parts) == 2 else ".".join(map(str, parts[1:]))


def _split(argument: Any, scope: Scope) -> Any:
    if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str) or not argument[0]:
        raise TemplateError(
            "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string "
            "to be split or a function that returns a string to be split."
        )
    text = evaluate(argument[1], scope)
    return KNOWN_AFTER_APPLY if text == KNOWN_AFTER_APPLY else as_text(text).split(argument[0])


def _select(argument: Any, scope: Scope) -> Any:
    if not isinstance(argument, list) or len(argument) != 2:
        raise TemplateError(
            "Template error: Fn::Select requires a list argument with two elements: an integer index and a list"
        )
    index, items = evaluate(argument[0], scope), evaluate(argument[1], scope)
    if KNOWN_AFTER_APPLY in (index, items):
        return KNOWN_AFTER_APPLY
    if not re.fullmatch(r"\d+", as_text(index)):
        raise TemplateError(
            "Template error: Fn::Select requires a list argument with two elements: an integer index and a list"
        )
    if not isinstance(items, list):
        raise TemplateError("Template error: Fn::Select requires a list argument with a valid list")
    if int(index) >= len(items):
        raise TemplateError(f"Template error: Fn::Select cannot select nonexistent value at index {index}")
    return items[int(index)]


def _find_in_map(argument: Any, scope: Scope) -> Any:
    if not isinstance(argument, list) or len(argument) not in (3, 4):
        raise TemplateError(
            "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the "
            "attribute for return value"
        )
    name, first, second = (as_text(evaluate(part, scope)) for part in argument[:3])
    mapping = scope.mapping(name)
    try:
        return (mapping or {})[first][second]
    except KeyError:
        pass
    if len(argument) == 4 and scope.language_extensions:
        return evaluate(argument[3]["DefaultValue"], scope)
    if mapping is None:
        raise TemplateError(f"Template error: Mapping named '{name}' is not present in the 'Mappings' section.")
    raise TemplateError(f"Template error: Unable to get mapping for {name}::{first}::{second}")


def _if(argument: Any, scope: Scope) -> Any:
    if not isinstance(argument, list) or len(argument) != 3:
        raise TemplateError("Template error: Fn::If requires a list argument with three elements")
    return evaluate(argument[1] if scope.condition(str(argument[0])) else argument[2], scope)


def _import_value(argument: Any, scope: Scope) -> Any:
    name = evaluate(argument, scope)
    return KNOWN_AFTER_APPLY if name == KNOWN_AFTER_APPLY else scope.imported(as_text(name))


def _base64(argument: Any, scope: Scope) -> Any:
    text = evaluate(argument, scope)
    return KNOWN_AFTER_APPLY if text == KNOWN_AFTER_APPLY else base64.b64encode(as_text(text).encode()).decode()


def _get_azs(argument: Any, scope: Scope) -> Any:
    return scope.availability_zones(as_text(evaluate(argument, scope)))


def _cidr(argument: Any, scope: Scope) -> Any:
    """Fn::Cidr: [block, count, bits of each subnet (8)]."""
    parts = [evaluate(part, scope) for part in argument] if isinstance(argument, list) else []
    if KNOWN_AFTER_APPLY in parts:
        return KNOWN_AFTER_APPLY
    try:
        network = ipaddress.ip_network(as_text(parts[0]))
        count, bits = int(parts[1]), int(parts[2]) if len(parts) > 2 else 8
        if not 1 <= count <= 256:
            raise ValueError("count must be between 1 and 256")
        subnets = network.subnets(new_prefix=network.max_prefixlen - bits)
        return [str(next(subnets)) for _ in range(count)]
    except (ValueError, IndexError, StopIteration) as error:
        raise TemplateError(f"Template error: Fn::Cidr cannot make the requested blocks: {error}") from error


def _to_json_string(argument: Any, scope: Scope) -> Any:
    _need_extensions("Fn::ToJsonString", scope)
    value = json.dumps(evaluate(argument, scope), separators=(",", ":"))
    return KNOWN_AFTER_APPLY if KNOWN_AFTER_APPLY in value else value


def _length(argument: Any, scope: Scope) -> Any:
    _need_extensions("Fn::Length", scope)
    items = evaluate(argument, scope)
    if not isinstance(items, list):
        raise TemplateError("Template error: Fn::Length requires a list.")
    return len(items)


def _need_extensions(name: str, scope: Scope) -> None:
    if not scope.language_extensions:
        raise TemplateError(f"Template error: {name} needs the transform AWS::LanguageExtensions.")


def _transform(argument: Any, scope: Scope) -> Any:
    name = argument.get("Name") if isinstance(argument, dict) else argument
    raise TemplateError(f"No transform named {name} found. localaws runs no macros.")


def _equals(argument: Any, scope: Scope) -> bool:
    if not isinstance(argument, list) or len(argument) != 2:
        raise TemplateError("Template error: every Fn::Equals object requires a list of 2 string parameters.")
    left, right = (_comparable(evaluate(side, scope)) for side in argument)
    return bool(left == right)


def _comparable(value: Any) -> Any:
    return [_comparable(item) for item in value] if isinstance(value, list) else as_text(value)


def _members(name: str, argument: Any) -> list[Any]:
    if not isinstance(argument, list) or not 2 <= len(argument) <= 10:
        raise TemplateError(f"Template error: every {name} object requires a list of at least 2 and at most 10 members")
    return argument


def _not(argument: Any, scope: Scope) -> bool:
    if not isinstance(argument, list) or len(argument) != 1:
        raise TemplateError("Template error: Fn::Not requires a list argument with one element")
    return not evaluate_condition(argument[0], scope)


_FUNCTIONS: dict[str, Callable[[Any, Scope], Any]] = {
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAZs": _get_azs,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::ImportValue": _import_value,
    "Fn::Join": _join,
    "Fn::Length": _length,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Fn::ToJsonString": _to_json_string,
    "Fn::Transform": _transform,
}
_CONDITION_FUNCTIONS: dict[str, Callable[[Any, Scope], bool]] = {
    "Fn::And": lambda argument, scope: all(evaluate_condition(each, scope) for each in _members("Fn::And", argument)),
    "Fn::Equals": _equals,
    "Fn::Not": _not,
    "Fn::Or": lambda argument, scope: any(evaluate_condition(each, scope) for each in _members("Fn::Or", argument)),
}
