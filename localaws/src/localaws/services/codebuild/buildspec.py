"""A buildspec, version 0.2 or 0.1, as frozen values: read, checked, and refused in CodeBuild's words where it is wrong.

Pure: text in, ``Buildspec`` out. It never touches a file, a shell or AWS.
https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from localaws.services.codebuild.buildspec_yaml import BuildspecError, Mapping, Sequence, read_yaml

PHASES = ("INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD")
_TOP_LEVEL = ("version", "run-as", "env", "proxy", "batch", "phases", "reports", "artifacts", "cache")
_PHASE_KEYS = ("run-as", "on-failure", "runtime-versions", "commands", "finally", "steps")
_ENV_KEYS = (
    "shell",
    "variables",
    "parameter-store",
    "secrets-manager",
    "exported-variables",
    "git-credential-helper",
)
_ARTIFACT_KEYS = (
    "files",
    "name",
    "discard-paths",
    "base-directory",
    "exclude-paths",
    "enable-symlinks",
    "s3-prefix",
    "secondary-artifacts",
    "type",
    "encryption",
    "override-artifact-name",
)


@dataclass(frozen=True)
class Phase:
    """Commands of one phase. ``on_failure`` is ABORT, CONTINUE or empty (the ordinary transitions)."""

    commands: tuple[str, ...] = ()
    finally_commands: tuple[str, ...] = ()
    on_failure: str = ""
    runtime_versions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Artifacts:
    """What one artifact holds. ``files`` are patterns below ``base_directory`` (itself a pattern)."""

    files: tuple[str, ...]
    base_directory: str = ""
    name: str = ""
    discard_paths: bool = False
    exclude_paths: tuple[str, ...] = ()
    enable_symlinks: bool = False


@dataclass(frozen=True)
class Buildspec:
    """The whole file. ``secondary_artifacts`` are by artifact identifier; ``ignored`` names parts that CodeBuild
    accepts and that have no effect here. ``shell`` is empty where the image's own is meant; ``separate_shells``: each
    command has one to itself (version 0.1)."""

    shell: str = ""
    separate_shells: bool = False
    variables: dict[str, str] = field(default_factory=dict)
    parameter_store: dict[str, str] = field(default_factory=dict)
    secrets_manager: dict[str, str] = field(default_factory=dict)
    exported_variables: tuple[str, ...] = ()
    git_credential_helper: bool = False
    phases: dict[str, Phase] = field(default_factory=dict)
    artifacts: Artifacts | None = None
    secondary_artifacts: dict[str, Artifacts] = field(default_factory=dict)
    reports: tuple[str, ...] = ()
    cache_paths: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


def parse_buildspec(text: str) -> Buildspec:
    """The buildspec in ``text``. Raises BuildspecError with CodeBuild's own wording where CodeBuild has one."""
    document = read_yaml(text)
    if not isinstance(document, Mapping):
        raise BuildspecError("the buildspec is not a mapping; expected version: 0.2 and phases")
    version = _version(document)
    _refuse_unknown(document, _TOP_LEVEL, "the buildspec")
    _refuse_present(document, "batch", "batch builds (batch)")
    _refuse_present(document, "run-as", "another Linux user (run-as)")
    env = _mapping(document, "env")
    _refuse_unknown(env, _ENV_KEYS, "env")
    artifacts = _mapping(document, "artifacts")
    secondary = _mapping(artifacts, "secondary-artifacts")
    cache = _mapping(document, "cache")
    _refuse_unknown(cache, ("paths", "key", "fallback-keys", "action"), "cache")
    phases = _phases(document)
    return Buildspec(
        shell=_shell(env),
        separate_shells=version == "0.1",
        variables=_strings(env, "variables"),
        parameter_store=_strings(env, "parameter-store"),
        secrets_manager=_strings(env, "secrets-manager"),
        exported_variables=_string_list(env, "exported-variables"),
        git_credential_helper=str(env.get("git-credential-helper", "no")).lower() in ("yes", "true"),
        phases=phases,
        artifacts=_artifacts(artifacts, "artifacts") if artifacts.get("files") else None,
        secondary_artifacts={
            name: _artifacts(_mapping(secondary, name), f"secondary-artifacts {name}") for name in secondary
        },
        reports=tuple(_mapping(document, "reports")),
        cache_paths=_string_list(cache, "paths"),
        ignored=tuple(key for key in ("proxy", "reports") if document.get(key)),
    )


def inline_buildspec(text: str) -> bool:
    """Whether a project's ``buildspec`` is the buildspec itself, not the path of one."""
    return "\n" in text.strip() or text.lstrip().startswith("{") or text.lstrip().startswith("version:")


def _version(document: Mapping) -> str:
    version = document.get("version")
    if version is None:
        raise BuildspecError("The version of the buildspec is missing; expected version: 0.2")
    if str(version) not in ("0.1", "0.2"):
        raise BuildspecError(f"Unknown buildspec version: {version}; expected 0.2 or 0.1")
    return str(version)


def _phases(document: Mapping) -> dict[str, Phase]:
    phases = _mapping(document, "phases")
    if not phases:
        raise BuildspecError("phases are missing; at least one of INSTALL, PRE_BUILD, BUILD, POST_BUILD is required")
    found = {}
    for name in phases:
        if name.upper() not in PHASES or name != name.lower():
            raise BuildspecError(
                f"Invalid buildspec phase name: {name}. Expecting: BUILD,INSTALL,POST_BUILD,PRE_BUILD"
                f" at line {phases.line_of(name)}"
            )
        found[name.upper()] = _phase(name, _mapping(phases, name))
    return found


def _phase(name: str, phase: Mapping) -> Phase:
    _refuse_unknown(phase, _PHASE_KEYS, f"phase {name}")
    _refuse_present(phase, "run-as", f"another Linux user (run-as) in phase {name}")
    _refuse_present(phase, "steps", f"steps in phase {name}")
    on_failure = _text(phase, "on-failure").upper()
    if on_failure.startswith("RETRY"):
        raise BuildspecError(f"on-failure: {on_failure} in phase {name} is not supported here; use ABORT or CONTINUE")
    if on_failure not in ("", "ABORT", "CONTINUE"):
        raise BuildspecError(f"Invalid on-failure value in phase {name}: {on_failure}. Expecting: ABORT or CONTINUE")
    if "runtime-versions" in phase and name != "install":
        raise BuildspecError(f"runtime-versions is allowed in phase install only, found in phase {name}")
    return Phase(
        _commands(phase, "commands"),
        _commands(phase, "finally"),
        on_failure,
        tuple(_strings(phase, "runtime-versions").items()),
    )


def _commands(phase: Mapping, key: str) -> tuple[str, ...]:
    commands = phase.get(key)
    if commands in (None, ""):
        return ()
    title = key.capitalize()
    if isinstance(commands, str):  # one command, as older buildspecs write it
        return (commands,)
    if not isinstance(commands, Sequence):
        raise BuildspecError(f"Expected {title} to be of string array type: at line {phase.line_of(key)}")
    for number, command in enumerate(commands):
        if not isinstance(command, str):
            raise BuildspecError(
                f"Expected {title}[{number}] to be of string type: found subkeys instead at line "
                f"{commands.lines[number]}, value of the key tag on line {commands.lines[number]} might be empty"
            )
    return tuple(commands)


def _artifacts(section: Mapping, where: str) -> Artifacts:
    _refuse_unknown(section, _ARTIFACT_KEYS, where)
    files = _string_list(section, "files")
    if not files:
        raise BuildspecError(f"{where} has no files")
    return Artifacts(
        files=files,
        base_directory=_text(section, "base-directory"),
        name=_text(section, "name"),
        discard_paths=_flag(section, "discard-paths"),
        exclude_paths=_string_list(section, "exclude-paths"),
        enable_symlinks=_flag(section, "enable-symlinks"),
    )


def _shell(env: Mapping) -> str:
    shell = _text(env, "shell")
    if shell not in ("", "sh", "bash", "/bin/sh", "/bin/bash"):
        raise BuildspecError(f"Unknown shell: {shell}. Expecting: bash or sh")
    return shell.rpartition("/")[2]


def _mapping(parent: Mapping, key: str) -> Mapping:
    value = parent.get(key)
    if value in (None, ""):
        return Mapping()
    if not isinstance(value, Mapping):
        raise BuildspecError(f"{key} must be a mapping: at line {parent.line_of(key)}")
    return value


def _strings(parent: Mapping, key: str) -> dict[str, str]:
    values = _mapping(parent, key)
    for name, value in values.items():
        if not isinstance(value, str):
            raise BuildspecError(f"{key} {name} must be a string: at line {values.line_of(name)}")
    return dict(values)


def _string_list(parent: Mapping, key: str) -> tuple[str, ...]:
    values: Any = parent.get(key)
    if values in (None, ""):
        return ()
    if isinstance(values, str):
        return (values,)
    if not isinstance(values, Sequence) or not all(isinstance(value, str) for value in values):
        raise BuildspecError(f"{key} must be a list of strings: at line {parent.line_of(key)}")
    return tuple(values)


def _text(parent: Mapping, key: str) -> str:
    value = parent.get(key, "")
    if not isinstance(value, str):
        raise BuildspecError(f"{key} must be a string: at line {parent.line_of(key)}")
    return value


def _flag(parent: Mapping, key: str) -> bool:
    return _text(parent, key).lower() in ("yes", "true", "on", "y")


def _refuse_unknown(section: Mapping, known: tuple[str, ...], where: str) -> None:
    for key in section:
        if key not in known:
            raise BuildspecError(
                f"Unknown key {json.dumps(key)} in {where} at line {section.line_of(key)}. "
                f"Expecting: {', '.join(known)}"
            )


def _refuse_present(section: Mapping, key: str, what: str) -> None:
    if key in section:
        raise BuildspecError(f"{what} is not supported here: at line {section.line_of(key)}")
