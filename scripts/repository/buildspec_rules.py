"""What a buildspec of this repository may say. Pure: parsed documents in, findings out.

``buildspecs/schema.json`` narrows CodeBuild's format to make lines; this adds what a schema cannot see: that the make
targets exist and are a build's to call, that no build steps past a check or a person, and that every exported variable
is set by some command.
"""

from __future__ import annotations

import re
from typing import Any

from jsonschema import Draft202012Validator

from scripts.repository.findings import Finding

_TARGET = re.compile(r"\bmake (?:--silent )?([a-z][a-z0-9-]*)")
_EXPORT = re.compile(r"&& export((?: [A-Z][A-Z0-9_]*)+)$")
_ASSIGNMENT = re.compile(r'([A-Z][A-Z0-9_]*)="\$\(make --silent build-variable NAME=([A-Z][A-Z0-9_]*)\)"')
# What a build may call: what only looks, and what the CodePipeline's order and the roles of the stages stand behind.
# CloudFormation deploys, and people approve; a target of your own, which changes no stage, is added here.
BUILD_TARGETS = frozenset(
    {
        "build-variable",
        "check",
        "install",
        "lint",
        "plan",
        "promote",
        "release",
        "render",
        "resolve",
        "status",
        "test",
        "test-localaws",
        "test-unit",
        "verify",
    }
)
# Each takes something past a check or a person, or could carry what does.
UNLAWFUL_VARIABLES = frozenset({"ARGS", "BREAK_GLASS", "GNUMAKEFLAGS", "MAKEFILES", "MAKEFLAGS", "UNVERIFIED"})
_GIVEN = re.compile(r"(?<![A-Za-z0-9_$])([A-Za-z_][A-Za-z0-9_]*)[:+?!]{0,3}=")
_MAKEFILE_TARGET = re.compile(r"^([a-z][a-z0-9-]*):(?!=)", re.MULTILINE)


def makefile_targets(makefile: str) -> set[str]:
    return set(_MAKEFILE_TARGET.findall(makefile))


def check_buildspec(path: str, document: Any, schema: dict[str, Any], targets: set[str]) -> list[Finding]:
    """Everything wrong in one parsed buildspec; what depends on its shape only once the shape is right."""
    shape = [
        Finding(
            path, 0, "BUILDSPEC_SCHEMA", f"{'/'.join(map(str, error.absolute_path)) or 'the file'}: {_sentence(error)}"
        )
        for error in Draft202012Validator(schema).iter_errors(document)
    ]
    return sorted(shape) or [
        *_unknown_targets(path, document, targets),
        *_unlawful(path, document, targets),
        *_exports(path, document),
    ]


def commands_of(document: dict[str, Any]) -> list[str]:
    """The commands of all phases, ``finally`` included, in the order in which they stand."""
    phases = document["phases"].values()
    return [command for phase in phases for part in ("commands", "finally") for command in phase.get(part, [])]


def _unlawful(path: str, document: Any, targets: set[str]) -> list[Finding]:
    """What a build may not call, and which variables it may not set."""
    commands = commands_of(document)
    called = dict.fromkeys(target for command in commands for target in _TARGET.findall(command))
    env = document["env"]
    declared = [*env["variables"], *env.get("parameter-store", {}), *env.get("exported-variables", [])]
    given = dict.fromkeys([*declared, *(name for command in commands for name in _GIVEN.findall(command))])
    return [
        *(
            Finding(path, 0, "BUILD_DEPLOYS_NOTHING", f"a build may not call make {target}; see BUILD_TARGETS")
            for target in called
            if target in targets - BUILD_TARGETS
        ),
        *(
            Finding(path, 0, "BUILD_SKIPS_NO_CHECK", f"a build may not set {name}")
            for name in given
            if name in UNLAWFUL_VARIABLES
        ),
    ]


def _unknown_targets(path: str, document: dict[str, Any], targets: set[str]) -> list[Finding]:
    named = dict.fromkeys(target for command in commands_of(document) for target in _TARGET.findall(command))
    return [
        Finding(path, 0, "MAKE_TARGET_EXISTS", f"the Makefile has no target {target}")
        for target in named
        if target not in targets
    ]


def _exports(path: str, document: dict[str, Any]) -> list[Finding]:
    findings = []
    set_here = set()
    for command in commands_of(document):
        assigned = dict(_ASSIGNMENT.findall(command))
        exported = _EXPORT.search(command)
        names = set(exported[1].split()) if exported else set()
        set_here |= names & set(assigned)
        findings += [
            Finding(path, 0, "VARIABLE_IS_ITSELF", f"{name} is set from the variable {source}")
            for name, source in assigned.items()
            if name != source
        ]
        findings += [
            Finding(path, 0, "VARIABLE_IS_EXPORTED", f"{name} is set and not exported, or exported and not set")
            for name in sorted(names ^ set(assigned))
        ]
    declared = set(document["env"].get("exported-variables", []))
    findings += [
        Finding(path, 0, "EXPORTED_VARIABLE_IS_SET", f"no command sets the exported variable {name}")
        for name in sorted(declared - set_here)
    ]
    findings += [
        Finding(path, 0, "EXPORTED_VARIABLE_IS_DECLARED", f"{name} is missing in exported-variables")
        for name in sorted(set_here - declared)
    ]
    return findings


def _sentence(error: Any) -> str:
    if error.validator == "pattern" and isinstance(error.instance, str) and "make" in str(error.validator_value):
        return f"not a make line: {error.instance}"
    return str(error.message)
