"""A settings file as read: its content, and the file and line where each value stands, to say exactly what is wrong.

Several files may be laid over one another; a value then stands where the last one gave it, which may also be an
environment variable. It knows what settings there are by their model alone, and calls no AWS.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from scripts.decisions.stage_settings import StageSettings
from scripts.errors import SettingsError
from scripts.workspace.bounded_yaml import read_bounded

Location = tuple[str | int, ...]
PIPELINE_FILE = "settings.yml"


@dataclass
class SettingsDocument:
    """The content of ``path``, where each value stands (``places``), and what variables replaced (``variables``)."""

    path: Path
    content: dict[str, Any]
    places: dict[Location, str]
    variables: dict[Location, str] = field(default_factory=dict)

    def take(self, key: str) -> SettingsDocument | None:
        """The mapping below ``key``, taken out as a document of its own; None where there is none.

        Raises SettingsError where something else than a mapping is there.
        """
        value = self.content.pop(key, None)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise SettingsError(
                f"{self.places[key,]}: {key} must contain `name: value` lines, not {value!r}",
                next_command=f"correct {self.path}",
            )
        below = {place[1:]: where for place, where in self.places.items() if place[:1] == (key,) and len(place) > 1}
        return SettingsDocument(self.path, value, below)

    def lay_over(self, other: SettingsDocument) -> None:
        """Let what ``other`` says win: mappings are merged, anything else is replaced."""
        _merge(self.content, other.content)
        self.places |= other.places

    def require_known(self, allowed: Collection[str], why: str) -> None:
        """Raises SettingsError for a setting that exists but has no business in this file."""
        for name in self.content:
            if name in StageSettings.model_fields and name not in allowed:
                raise SettingsError(
                    f"{self.places[name,]}: {name} {why}", next_command=f"move it from {self.path} to stages/*.yml"
                )

    def override(self, values: list[tuple[str, Location, str]]) -> None:
        """Replace values by those of environment variables: (variable, where, value) each."""
        for variable, location, value in values:
            parent: Any = self.content
            for key in location[:-1]:
                if not isinstance(parent.get(key), dict):
                    parent[key] = {}
                parent = parent[key]
            parent[location[-1]] = value
            self.variables[location] = variable

    def validate(self, known: Mapping[str, Collection[str]]) -> StageSettings:
        """The settings. Raises SettingsError that tells every problem; ``known`` is what AWS has (regions, types)."""
        try:
            return StageSettings.model_validate(self.content, context=dict(known))
        except ValidationError as error:
            raise told_problems(self, error, StageSettings, "stages/schema.json") from error

    def place(self, location: Location) -> str:
        for length in range(len(location), 0, -1):
            if location[:length] in self.variables:
                return f"environment variable {self.variables[location[:length]]}"
        for length in range(len(location), 0, -1):
            if location[:length] in self.places:
                return self.places[location[:length]]
        return str(self.path)


def told_problems(
    document: SettingsDocument, error: ValidationError, model: type[BaseModel], schema: str
) -> SettingsError:
    """Every problem with its place, in words; ``schema`` is the JSON Schema that editors use for such a file."""
    problems = [_problem(document, each, model) for each in error.errors()]
    if document.variables:
        next_command = f"correct {document.path}, or the variable named above (unset it to use the file's value)"
    else:
        file = problems[0].partition(" line ")[0].partition(": ")[0]
        next_command = f"correct {file}; its schema is {_schema_of(file, schema)}"
    elsewhere = any(not problem.startswith(str(document.path)) for problem in problems)
    return SettingsError(
        problems[0]
        if len(problems) == 1
        else f"{'the settings have' if elsewhere else f'{document.path} has'} {len(problems)} problems",
        found=problems if len(problems) > 1 else [],
        next_command=next_command,
    )


def _schema_of(file: str, schema: str) -> str:
    """A pipeline's settings have a schema of their own beside their folder; else ``schema``."""
    return "pipelines/settings.schema.json" if Path(file).name == PIPELINE_FILE else schema


def read_settings(path: Path) -> SettingsDocument:
    """Raises SettingsError for a file that cannot be read, is not YAML, or gives a key twice."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read: {error.strerror}", next_command=f"ls -ld {path}   # a file that you may read"
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not YAML: {error}", next_command=f"correct {path}") from error
    root, content = read_bounded(path, text)
    if not isinstance(content, dict) or root is None:
        raise SettingsError(
            f"{path} line 1: the file must contain `key: value` lines",
            next_command=f"git checkout {path}   # or write it again",
        )
    lines: dict[Location, int] = {}
    _note_lines(path, root, (), lines)
    return SettingsDocument(path, content, {place: f"{path} line {line}" for place, line in lines.items()})


def _merge(under: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(under.get(key), dict):
            _merge(under[key], value)
        else:
            under[key] = value


def _problem(document: SettingsDocument, error: Any, model: type[BaseModel]) -> str:
    location: Location = tuple(part for part in error["loc"] if part != "[key]")
    name = ".".join(str(part) for part in location) or "the file"
    return f"{document.place(location)}: {_sentence(name, location, error, model)}"


def _sentence(name: str, location: Location, error: Any, model: type[BaseModel]) -> str:
    kind, given = error["type"], error["input"]
    if kind == "missing":
        return f"{name} is missing"
    if kind == "extra_forbidden":
        near = get_close_matches(str(location[-1]), _keys_beside(location, model), n=1, cutoff=0.5)
        return f"{name} is not a setting" + (f'; did you mean "{near[0]}"?' if near else "")
    if location and location[-1] in ("account", "dev_account"):
        hint = (
            "" if isinstance(given, str) else ", in quotes (YAML reads bare digits as a number and drops leading zeros)"
        )
        return f"{name}: {given!r} is not an account number: it must have 12 digits{hint}"
    message = str(error["msg"]).removeprefix("Value error, ")
    if kind == "string_pattern_mismatch":
        message = f"does not match {error['ctx']['pattern']}"
    if kind == "value_error":
        return f"{name}: {message}"
    told = f"{name}: {message[:1].lower()}{message[1:]}, not {given!r}"
    # What a person reads there is a word or a number; YAML has made something else of it.
    return (
        f"{told}: put it in quotes" if kind == "string_type" and isinstance(given, bool | int | float | date) else told
    )


def _keys_beside(location: Location, model: Any) -> list[str]:
    """The settings that exist where an unknown one was given."""
    for part in location[:-1]:
        if isinstance(part, int):  # one of a list: its model is the list's
            model = next(iter(get_args(model)), None)
        else:
            model = model.model_fields[part].annotation if part in getattr(model, "model_fields", {}) else None
    return list(getattr(model, "model_fields", {}))


def _note_lines(path: Path, node: yaml.Node, location: Location, lines: dict[Location, int]) -> None:
    """Where every value stands. A key given twice is an error: YAML would silently take the last."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*location, key.value)
            if here in lines:
                name, line = ".".join(map(str, here)), key.start_mark.line + 1
                raise SettingsError(
                    f"{path} line {line}: {name} is given twice, first in line {lines[here]}",
                    next_command=f"delete one of the two lines of {path}",
                )
            lines[here] = key.start_mark.line + 1
            _note_lines(path, value, here, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines[*location, index] = value.start_mark.line + 1
            _note_lines(path, value, (*location, index), lines)
