"""What a template's parameters are in one operation: given, previous, default or read from SSM; all constraints kept.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import regex

from localaws.services.cloudformation.errors import TemplateError
from localaws.services.cloudformation.intrinsics import as_text
from localaws.services.cloudformation.template import Template

_SSM_VALUE = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")
_TYPES = re.compile(
    r"String|Number|CommaDelimitedList|List<(String|Number)>|AWS::SSM::Parameter::Name"
    r"|AWS::SSM::Parameter::Value<.+>|AWS::\w+::[\w:]+|List<AWS::\w+::[\w:]+>"
)


@dataclass(frozen=True)
class Parameter:
    """One parameter's value. ``text`` is what was given; ``resolved`` what SSM holds under that name, else None."""

    key: str
    text: str
    resolved: str | None
    is_list: bool
    no_echo: bool

    @property
    def value(self) -> str | list[str]:
        """What Ref gives."""
        text = self.text if self.resolved is None else self.resolved
        if not self.is_list:
            return text
        return [item.strip() for item in text.split(",")] if text else []


def resolve_parameters(
    template: Template,
    given: list[dict[str, Any]],
    previous: Mapping[str, str],
    read_ssm: Callable[[list[str]], Mapping[str, str]],
) -> dict[str, Parameter]:
    """Every parameter of ``template`` by key.

    ``given`` are the request's Parameters, ``previous`` the texts of the stack before this operation, ``read_ssm``
    answers the values of SSM parameters by name (absent ones left out). Raises TemplateError in AWS's wording.
    """
    declared = template.parameters
    check_declarations(declared)
    texts = _texts(declared, given, previous)
    missing = [key for key in declared if key not in texts]
    if missing:
        raise TemplateError(f"Parameters: [{', '.join(missing)}] must have values")
    stored = _stored_values(declared, texts, read_ssm)
    parameters = {}
    for key, declaration in declared.items():
        kind = parameter_type(key, declaration)
        _check(key, kind, declaration, texts[key])
        parameters[key] = Parameter(
            key,
            texts[key],
            stored.get(key),
            "List" in kind,
            as_text(declaration.get("NoEcho", False)).lower() == "true",
        )
    return parameters


def check_declarations(declared: Mapping[str, Any]) -> None:
    """Refuse declarations whose constraints are none."""
    for key, declaration in declared.items():
        parameter_type(key, declaration)
        for name in ("MinLength", "MaxLength", "MinValue", "MaxValue"):
            if name in declaration and not _is_number(declaration[name]):
                raise TemplateError(f"Template format error: {name} of parameter {key} must be a number.")
        allowed = declaration.get("AllowedValues", [])
        if not isinstance(allowed, list) or any(isinstance(value, dict | list) for value in allowed):
            raise TemplateError(f"Template format error: AllowedValues of parameter {key} must be a list of strings.")
        try:
            regex.compile(str(declaration.get("AllowedPattern", "")))
        except regex.error as error:
            raise TemplateError(
                f"Template format error: AllowedPattern of parameter {key} is no regular expression: {error}"
            ) from error


def parameter_type(key: str, declaration: Any) -> str:
    """A declaration's Type; raises TemplateError where it has none or one that does not exist."""
    if not isinstance(declaration, dict) or not isinstance(declaration.get("Type"), str):
        raise TemplateError(f"Template format error: Every Parameters object must contain a Type member. ({key})")
    kind: str = declaration["Type"]
    if not _TYPES.fullmatch(kind):
        raise TemplateError(f"Template format error: Unrecognized parameter type: {kind}")
    return kind


def _texts(declared: dict[str, Any], given: list[dict[str, Any]], previous: Mapping[str, str]) -> dict[str, str]:
    unknown = [each["ParameterKey"] for each in given if each.get("ParameterKey") not in declared]
    if unknown:
        raise TemplateError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    texts = {key: as_text(each["Default"]) for key, each in declared.items() if each.get("Default") is not None}
    for each in given:
        key = each["ParameterKey"]
        if each.get("UsePreviousValue"):
            if each.get("ParameterValue"):
                raise TemplateError(
                    f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true and non empty "
                    "value for a parameter"
                )
            if key not in previous:
                raise TemplateError(
                    f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true for a parameter "
                    "key not in the previous template"
                )
            texts[key] = previous[key]
        elif "ParameterValue" in each:
            texts[key] = each["ParameterValue"]
    return texts


def _stored_values(
    declared: dict[str, Any], texts: dict[str, str], read_ssm: Callable[[list[str]], Mapping[str, str]]
) -> dict[str, str]:
    names = {key: texts[key] for key, each in declared.items() if _SSM_VALUE.fullmatch(str(each.get("Type")))}
    if not names:
        return {}
    found = read_ssm(sorted(set(names.values())))
    absent = sorted({name for name in names.values() if name not in found})
    if absent:
        raise TemplateError(f"Unable to fetch parameters [{','.join(absent)}] from parameter store for this account.")
    return {key: found[name] for key, name in names.items()}


def _check(key: str, kind: str, declaration: dict[str, Any], text: str) -> None:
    problem = _problem(key, kind, declaration, text)
    if problem is None:
        return
    described = declaration.get("ConstraintDescription")
    if described:
        raise TemplateError(f"Parameter {key} failed to satisfy constraint: {described}")
    raise TemplateError(problem)


def _problem(key: str, kind: str, declaration: dict[str, Any], text: str) -> str | None:
    items = [item.strip() for item in text.split(",")] if "List" in kind and "SSM" not in kind else [text]
    if "Number" in kind and not all(_is_number(item) for item in items):
        return f"Parameter '{key}' must be a number"
    allowed = declaration.get("AllowedValues")
    if allowed is not None and any(item not in [as_text(value) for value in allowed] for item in items):
        return f"Parameter '{key}' must be one of AllowedValues"
    pattern = declaration.get("AllowedPattern")
    if pattern is not None and not all(regex.fullmatch(str(pattern), item) for item in items):
        return f"Parameter '{key}' must match pattern {pattern}"
    if "Number" in kind:
        return _number_problem(key, declaration, items)
    return _length_problem(key, declaration, items)


def _number_problem(key: str, declaration: dict[str, Any], items: list[str]) -> str | None:
    low, high = declaration.get("MinValue"), declaration.get("MaxValue")
    if low is not None and any(float(item) < float(low) for item in items):
        return f"Parameter '{key}' must be a number not less than {low}"
    if high is not None and any(float(item) > float(high) for item in items):
        return f"Parameter '{key}' must be a number not greater than {high}"
    return None


def _length_problem(key: str, declaration: dict[str, Any], items: list[str]) -> str | None:
    low, high = declaration.get("MinLength"), declaration.get("MaxLength")
    if low is not None and any(len(item) < float(low) for item in items):
        return f"Parameter '{key}' must contain at least {low} characters"
    if high is not None and any(len(item) > float(high) for item in items):
        return f"Parameter '{key}' must contain at most {high} characters"
    return None


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
