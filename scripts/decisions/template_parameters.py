"""The parameters of a CloudFormation template as it declares them: what may be given, and what a stack then gets.

Everything is derived from the template's own ``Parameters`` section, so that one that is added there can be given in
``stages/`` at once. Pure. What nobody tells stays: a parameter that is not decided and not given keeps the value that
the stack has, and only a stack without it takes the template's default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from scripts.errors import SettingsError

Given = str | int | float | bool | list[str]
Declared = Mapping[str, "TemplateParameter"]
LIST = "CommaDelimitedList"
NUMBER = "Number"


@dataclass(frozen=True)
class TemplateParameter:
    """One parameter. ``default`` None: it has none, so whoever makes the stack must give it."""

    name: str
    type: str
    description: str = ""
    default: str | None = None
    pattern: str | None = None
    values: tuple[str, ...] = ()
    smallest: float | None = None
    largest: float | None = None
    shortest: int | None = None
    longest: int | None = None
    constraint: str = ""

    @classmethod
    def of(cls, name: str, declared: Mapping[str, Any]) -> TemplateParameter:
        default = declared.get("Default")
        return cls(
            name=name,
            type=str(declared.get("Type", "String")),
            description=" ".join(str(declared.get("Description", "")).split()),
            default=None if default is None else text_of(default),
            pattern=declared.get("AllowedPattern"),
            values=tuple(text_of(each) for each in declared.get("AllowedValues", ())),
            smallest=_number(declared.get("MinValue")),
            largest=_number(declared.get("MaxValue")),
            shortest=declared.get("MinLength"),
            longest=declared.get("MaxLength"),
            constraint=str(declared.get("ConstraintDescription", "")),
        )

    def problem(self, value: str) -> str | None:
        """Why CloudFormation would refuse this value; None where it would not. A list is judged by its parts."""
        parts = value.split(",") if self.type == LIST else [value]
        return next((found for found in map(self._problem_of, parts) if found), None)

    def _problem_of(self, value: str) -> str | None:
        if self.values and value not in self.values:
            return f'"{value}" is none of {", ".join(self.values)}'
        if self.type == NUMBER:
            return self._problem_of_number(value)
        if self.pattern and not re.fullmatch(self.pattern, value):
            return f'"{value}" is not {self.constraint or f"of the form {self.pattern}"}'
        if self.longest is not None and len(value) > self.longest:
            return f'"{value}" has {len(value)} characters, {self.longest} are allowed'
        if self.shortest is not None and len(value) < self.shortest:
            return f'"{value}" has {len(value)} characters, {self.shortest} are needed'
        return None

    def _problem_of_number(self, value: str) -> str | None:
        number = _number(value)
        if number is None:
            return f'"{value}" is no number'
        if self.smallest is not None and number < self.smallest:
            return f"{value} is less than {self.smallest:g}"
        if self.largest is not None and number > self.largest:
            return f"{value} is more than {self.largest:g}"
        return None

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of its value in a settings file, which editors check by."""
        part: dict[str, Any] = {"type": "string"}
        if self.values:
            part = {"enum": [_as_written(each, self.type) for each in self.values]}
        elif self.type == NUMBER:
            bounds = {"minimum": self.smallest, "maximum": self.largest}
            part = {"type": "number"} | {name: value for name, value in bounds.items() if value is not None}
        else:
            limits = {"pattern": self.pattern, "minLength": self.shortest, "maxLength": self.longest}
            part |= {name: value for name, value in limits.items() if value is not None}
        whole = {"type": "array", "items": part} if self.type == LIST else part
        default = {} if self.default is None else {"default": _as_written(self.default, self.type)}
        return {"description": self.description, **whole, **default}


def declared_parameters(section: Mapping[str, Any]) -> dict[str, TemplateParameter]:
    """A template's ``Parameters`` section, by name."""
    return {name: TemplateParameter.of(name, each) for name, each in section.items()}


def text_of(value: object) -> str:
    """A value of a settings file as CloudFormation takes it: always text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(text_of(each) for each in value)
    return str(value)


def checked(
    given: Mapping[str, Given], declared: Declared, decided: Mapping[str, str] | frozenset[str], where: str
) -> dict[str, str]:
    """What a settings file gives, as text, found valid before anything is sent. ``where`` names the place.

    Raises SettingsError that tells every problem: a parameter that the template has not, one that bootstrap itself
    decides by the stage files, a value that CloudFormation would refuse.
    """
    problems = []
    for name, value in given.items():
        if name in decided:
            problems.append(f"{where}: {name} is not given here: bootstrap takes it from the other settings")
        elif name not in declared:
            near = get_close_matches(name, declared, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            problems.append(f"{where}: the template has no parameter {name}{hint}")
        else:
            problem = declared[name].problem(text_of(value))
            problems += [f"{where}: {name}: {problem}"] if problem else []
    if problems:
        raise SettingsError(
            problems[0] if len(problems) == 1 else f"{where} has {len(problems)} problems",
            found=problems if len(problems) > 1 else [],
            next_command=f"correct {where}; docs/templates.md has every parameter",
        )
    return {name: text_of(value) for name, value in given.items()}


def stack_parameters(
    declared: Declared, decided: Mapping[str, str], given: Mapping[str, str], current: Mapping[str, str]
) -> dict[str, str | None]:
    """What a change set is made with: a value, or None for the one that the stack has.

    ``decided`` wins over ``given``, which wins over ``current``; a parameter of none of them is left out and takes the
    template's default. What the template no longer has is left out too. Raises SettingsError for one without default.
    """
    told = {**given, **decided}
    lacking = [
        name for name, each in declared.items() if each.default is None and name not in told and name not in current
    ]
    if lacking:
        raise SettingsError(
            f"the template needs {', '.join(lacking)}, and no setting gives it",
            next_command="give it in stages/; docs/templates.md has every parameter",
        )
    return {name: told.get(name) for name in declared if name in told or name in current}


def effective(parameters: Mapping[str, str | None], declared: Declared, current: Mapping[str, str]) -> dict[str, str]:
    """The value that each parameter will have: told, kept, or, of one that is left out, the template's default."""
    found = {}
    for name, each in declared.items():
        told = parameters.get(name)
        kept = current.get(name, each.default) if name in parameters else each.default
        value = kept if told is None else told
        if value is not None:
            found[name] = value
    return found


def _as_written(text: str, kind: str) -> Any:
    if kind == LIST:
        return text.split(",") if text else []
    number = _number(text) if kind == NUMBER else None
    if number is None:
        return text
    return int(number) if number.is_integer() else number


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return None
