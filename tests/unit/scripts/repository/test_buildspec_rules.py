"""Buildspecs hold make lines and nothing else; what they export is set."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from scripts.repository.buildspec_rules import (
    BUILD_TARGETS,
    UNLAWFUL_VARIABLES,
    check_buildspec,
    commands_of,
    makefile_targets,
)

SCHEMA = json.loads((Path(__file__).parents[4] / "buildspecs" / "schema.json").read_text())
TARGETS = {"check", "release", "build-variable"}
GOOD: dict[str, Any] = {
    "version": 0.2,
    "env": {"variables": {"CLOUD": "aws"}},
    "phases": {"build": {"commands": ["make check"]}},
}
ASK = 'RELEASE_ID="$(make --silent build-variable NAME=RELEASE_ID)"'


def _rules(buildspec: Any) -> list[str]:
    return [finding.rule for finding in check_buildspec("b.yml", buildspec, SCHEMA, TARGETS)]


def _rules_of(buildspec: Any, targets: set[str]) -> list[str]:
    return [finding.rule for finding in check_buildspec("b.yml", buildspec, SCHEMA, targets)]


def _with_command(command: str, *exported: str) -> dict[str, Any]:
    buildspec = copy.deepcopy(GOOD)
    buildspec["phases"]["build"]["commands"] = [command]
    buildspec["env"]["exported-variables"] = list(exported)
    return buildspec


@pytest.mark.parametrize(
    "target",
    ["deploy", "destroy", "bootstrap", "run", "schedule", "approve", "reject", "register", "codepipeline", "local-up"],
)
def test_a_build_that_deploys_or_decides_is_refused(target: str) -> None:
    for command in (f"make {target}", f"make --silent {target} STAGE=prod", f"make check && make {target}"):
        found = check_buildspec("b.yml", _with_command(command), SCHEMA, {*TARGETS, target})
        assert "BUILD_DEPLOYS_NOTHING" in {each.rule for each in found} or found[0].rule == "BUILDSPEC_SCHEMA"
    assert _rules_of(_with_command(f"make {target} STAGE=$STAGE"), {*TARGETS, target}) == ["BUILD_DEPLOYS_NOTHING"]


def test_a_target_that_nobody_thought_of_is_refused_until_it_is_allowed() -> None:
    assert _rules_of(_with_command("make polish"), {*TARGETS, "polish"}) == ["BUILD_DEPLOYS_NOTHING"]
    assert {"check", "release", "plan", "promote", "verify"} <= BUILD_TARGETS


@pytest.mark.parametrize("name", sorted(UNLAWFUL_VARIABLES))
def test_a_build_that_steps_past_a_check_is_refused(name: str) -> None:
    assert _rules(_with_command(f"make check {name}=1")) == ["BUILD_SKIPS_NO_CHECK"]
    declared = copy.deepcopy(GOOD)
    declared["env"]["variables"][name] = "1"
    assert _rules(declared) == ["BUILD_SKIPS_NO_CHECK"]
    stored = copy.deepcopy(GOOD)
    stored["env"]["parameter-store"] = {name: "/somewhere"}
    assert _rules(stored) == ["BUILD_SKIPS_NO_CHECK"]


def test_make_lines_pass() -> None:
    assert _rules(GOOD) == []
    assert _rules(_with_command("make check STAGE=$STAGE")) == []
    assert _rules(_with_command(f"make release && {ASK} && export RELEASE_ID", "RELEASE_ID")) == []


@pytest.mark.parametrize(
    "command",
    [
        "pip install boto3",
        "make",
        "make check; rm -rf /",
        "make check && pip install x",
        "make check || true",
        "make check > out.txt",
        "make check STAGE=$(whoami)",
        "make check STAGE=`whoami`",
        "make check\nrm -rf /",
        ". build/variables.sh",
        'eval "$(make check)"',
        f"make release && {ASK}",
        'make release && RELEASE_ID="$(cat build/x)" && export RELEASE_ID',
        " make check",
    ],
)
def test_anything_but_a_make_line_is_refused(command: str) -> None:
    assert _rules(_with_command(command)) == ["BUILDSPEC_SCHEMA"]


def test_a_refusal_shows_the_line() -> None:
    (finding,) = check_buildspec("b.yml", _with_command("pip install boto3"), SCHEMA, TARGETS)
    assert str(finding) == "b.yml: BUILDSPEC_SCHEMA: phases/build/commands/0: not a make line: pip install boto3"


@pytest.mark.parametrize(
    "change",
    [
        {"version": 0.1},
        {"version": "0.2"},
        {"phases": {}},
        {"phases": {"compile": {"commands": ["make check"]}}},
        {"phases": {"build": {"commands": "make check"}}},
        {"phases": {"build": {"commands": []}}},
        {"phases": {"build": {"commands": ["make check"], "runtime-versions": {"python": "3.11"}}}},
        {"phases": {"build": {"commands": ["make check"], "on-failure": "IGNORE"}}},
        {"env": {"variables": {}}},
        {"env": {"variables": {"CLOUD": "local"}}},
        {"env": {"variables": {"CLOUD": "aws", "AWS_REGION": "ap-southeast-2"}}},
        {"env": {"variables": {"CLOUD": "aws"}, "exported-variables": ["AWS_REGION"]}},
        {"env": {"variables": {"CLOUD": "aws"}, "shell": "zsh"}},
        {"artifacts": {}},
        {"cache": {}},
        {"run-as": "root"},
    ],
)
def test_what_codebuild_or_this_repository_does_not_take_is_refused(change: dict[str, Any]) -> None:
    assert "BUILDSPEC_SCHEMA" in _rules({**copy.deepcopy(GOOD), **change})


@pytest.mark.parametrize("document", [None, [], "make check", 3])
def test_what_is_no_mapping_is_refused(document: Any) -> None:
    assert _rules(document) == ["BUILDSPEC_SCHEMA"]


def test_a_target_that_the_makefile_lacks_is_found() -> None:
    assert _rules(_with_command("make chekc")) == ["MAKE_TARGET_EXISTS"]


def test_an_exported_variable_that_nothing_sets_is_found() -> None:
    assert _rules(_with_command("make check", "RELEASE_ID")) == ["EXPORTED_VARIABLE_IS_SET"]


def test_a_variable_that_is_set_and_not_declared_is_found() -> None:
    assert _rules(_with_command(f"make release && {ASK} && export RELEASE_ID")) == ["EXPORTED_VARIABLE_IS_DECLARED"]


def test_a_variable_of_another_name_is_found() -> None:
    command = 'make release && VERSION="$(make --silent build-variable NAME=RELEASE_ID)" && export VERSION'
    assert _rules(_with_command(command, "VERSION")) == ["VARIABLE_IS_ITSELF"]


def test_set_and_exported_are_the_same_variables() -> None:
    rules = _rules(_with_command(f"make release && {ASK} && export OTHER", "RELEASE_ID"))
    assert rules.count("VARIABLE_IS_EXPORTED") == 2


def test_targets_are_read_from_a_makefile() -> None:
    makefile = "A := b\n.PHONY: check\ncheck: lint ## all\n\t@echo no: target\nVALUE = x\nlint:\n"
    assert makefile_targets(makefile) == {"check", "lint"}


def test_commands_of_finally_count_too() -> None:
    assert commands_of({"phases": {"build": {"commands": ["make a"], "finally": ["make b"]}}}) == ["make a", "make b"]
