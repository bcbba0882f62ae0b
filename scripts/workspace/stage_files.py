"""Reads ``stages/<stage>.yml`` with the environment variables that override it, and says exactly what is wrong with it.

Every problem is told at once, each with its file and line, or with the variable that brought it in. What a stage file
may say is in ``decisions.stage_settings``; nothing here calls AWS.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from scripts.decisions.stage_settings import StageSettings
from scripts.errors import SettingsError, UsageError
from scripts.gateways.instance_types import known_instance_types
from scripts.gateways.regions import known_regions

STAGES = Path("stages")
Location = tuple[str | int, ...]

_PROJECT_NAME_ID = "SAGEMAKER_PROJECT_NAME_ID"


def stage_names(directory: Path = STAGES) -> list[str]:
    """The stages that have a file, preprod before prod."""
    return sorted(path.stem for path in directory.glob("*.yml"))


def load_stage(
    stage: str | None, directory: Path = STAGES, environment: Mapping[str, str] = os.environ
) -> StageSettings:
    """The settings of one stage. Raises UsageError where there is no file, SettingsError for anything wrong in it."""
    found = stage_names(directory)
    if not stage:
        raise UsageError("no stage given", found=[f"stages: {', '.join(found) or 'none'}"], next_command=_again(found))
    if stage not in found:
        near = get_close_matches(stage.lower(), found, n=1, cutoff=0.8)
        raise UsageError(
            f'there is no stage "{stage}"' + (f'; did you mean "{near[0]}"?' if near else ""),
            found=[f"stages: {', '.join(found) or f'none in {directory}/'}"],
            next_command=_again(near) if near else _missing(stage, found, directory),
        )
    if not re.fullmatch(r"[a-z][a-z0-9]{0,9}", stage):
        raise UsageError(f'"{stage}" is not a stage name: it must have 1 to 10 lower-case letters and digits')
    document = _read(directory / f"{stage}.yml")
    document.override(_overrides(stage, environment))
    return document.validate()


def any_stage() -> StageSettings:
    """The settings of the first stage, for what all stages share: dev, the region, the project."""
    names = stage_names()
    if not names:
        raise SettingsError(
            f"{STAGES}/ has no stage file",
            found=[f"no {STAGES}/*.yml in {Path.cwd()}"],
            next_command=f"git checkout -- {STAGES}   # or write {STAGES}/preprod.yml, see {STAGES}/schema.json",
        )
    return load_stage(names[0])


def dev_account() -> str:
    return any_stage().dev_account


def accounts() -> list[str]:
    """dev first, then each stage's, without repetitions."""
    stages = [load_stage(name) for name in stage_names()]
    return list(dict.fromkeys([dev_account(), *(stage.account for stage in stages)]))


def first_stage() -> str | None:
    """The stage whose settings say where dev is, where none is named: all stages share dev."""
    return next(iter(stage_names()), None)


@dataclass
class _Document:
    """A stage file's content, where each value stands in it, and which variables have replaced some."""

    path: Path
    content: dict[str, Any]
    lines: dict[Location, int]
    variables: dict[Location, str] = field(default_factory=dict)

    def override(self, values: list[tuple[str, Location, str]]) -> None:
        for variable, location, value in values:
            parent: Any = self.content
            for key in location[:-1]:
                if not isinstance(parent.get(key), dict):
                    parent[key] = {}
                parent = parent[key]
            parent[location[-1]] = value
            self.variables[location] = variable

    def validate(self) -> StageSettings:
        try:
            return StageSettings.model_validate(self.content, context=_known())
        except ValidationError as error:
            problems = [self._problem(each) for each in error.errors()]
        raise SettingsError(
            problems[0] if len(problems) == 1 else f"{self.path} has {len(problems)} problems",
            found=problems if len(problems) > 1 else [],
            next_command=self._next_command(),
        )

    def _problem(self, error: Any) -> str:
        location: Location = tuple(part for part in error["loc"] if part != "[key]")
        name = ".".join(str(part) for part in location) or "the file"
        return f"{self._place(location)}: {_sentence(name, location, error)}"

    def _place(self, location: Location) -> str:
        for length in range(len(location), 0, -1):
            if location[:length] in self.variables:
                return f"environment variable {self.variables[location[:length]]}"
        for length in range(len(location), -1, -1):
            if location[:length] in self.lines and length:
                return f"{self.path} line {self.lines[location[:length]]}"
        return str(self.path)

    def _next_command(self) -> str:
        if self.variables:
            return f"correct {self.path}, or the variable named above (unset it to use the file's value)"
        return f"correct {self.path}; its schema is stages/schema.json"


def _sentence(name: str, location: Location, error: Any) -> str:
    kind, given = error["type"], error["input"]
    if kind == "missing":
        return f"{name} is missing"
    if kind == "extra_forbidden":
        near = get_close_matches(str(location[-1]), _keys_beside(location), n=1, cutoff=0.5)
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
    return f"{name}: {message[:1].lower()}{message[1:]}, not {given!r}"


def _keys_beside(location: Location) -> list[str]:
    """The settings that exist where an unknown one was given."""
    model: Any = StageSettings
    for part in location[:-1]:
        model = model.model_fields[part].annotation if part in getattr(model, "model_fields", {}) else None
    return list(getattr(model, "model_fields", {}))


def _read(path: Path) -> _Document:
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" line {mark.line + 1}" if mark else ""
        raise SettingsError(f"{path}{line}: not YAML: {error.problem}", next_command=f"correct {path}") from error
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read: {error.strerror}", next_command=f"ls -ld {path}   # a file that you may read"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not YAML: {error}", next_command=f"correct {path}") from error
    if not isinstance(content, dict) or root is None:
        raise SettingsError(
            f"{path} line 1: the file must contain `key: value` lines",
            next_command=f"git checkout {path}, or write it again; its schema is stages/schema.json",
        )
    lines: dict[Location, int] = {}
    _note_lines(path, root, (), lines)
    return _Document(path, content, lines)


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


def _overrides(stage: str, environment: Mapping[str, str]) -> list[tuple[str, Location, str]]:
    """(variable, where in the settings, value) of each overriding variable that is set and not empty.

    The more particular comes later and wins: SAGEMAKER_PROJECT_NAME over the name in SAGEMAKER_PROJECT_NAME_ID.
    """
    found: list[tuple[str, Location, str]] = []
    joined = environment.get(_PROJECT_NAME_ID)
    if joined:
        match = re.fullmatch(r"(.+)-(p-[A-Za-z0-9-]+)", joined)
        if not match:
            raise SettingsError(
                f'environment variable {_PROJECT_NAME_ID}: "{joined}" is not <project name>-<project id>, '
                "with an id that begins with p-",
                next_command=f"unset {_PROJECT_NAME_ID}, or set SAGEMAKER_PROJECT_NAME and SAGEMAKER_PROJECT_ID",
            )
        found += [(_PROJECT_NAME_ID, ("project", "name"), match[1]), (_PROJECT_NAME_ID, ("project", "id"), match[2])]
    simple: list[tuple[str, Location]] = [
        ("AWS_REGION", ("region",)),
        ("AWS_DEV_ACCOUNT_NUMBER", ("dev_account",)),
        (f"AWS_{stage.upper()}_ACCOUNT_NUMBER", ("account",)),
        ("SAGEMAKER_PIPELINE_ROLE_ARN", ("pipeline_role_arn",)),
        ("SAGEMAKER_PROJECT_ARN", ("project", "arn")),
        ("SAGEMAKER_PROJECT_NAME", ("project", "name")),
        ("SAGEMAKER_PROJECT_ID", ("project", "id")),
    ]
    return found + [(name, location, environment[name]) for name, location in simple if environment.get(name)]


def _known() -> dict[str, frozenset[str]]:
    """What AWS knows: regions, and instance types by use."""
    return {**known_instance_types(), "regions": known_regions()}


def _again(stages: list[str]) -> str:
    return (
        f"the same command with STAGE={stages[0]}"
        if stages
        else "write stages/preprod.yml; its schema is stages/schema.json"
    )


def _missing(stage: str, found: list[str], directory: Path) -> str:
    """For a stage that nothing there resembles: its file was deleted, or never written."""
    usual = f"git checkout -- {directory}/{stage}.yml   # where it was deleted"
    return f"{usual}; or the same command with STAGE={'|'.join(found)}" if found else _again(found)
