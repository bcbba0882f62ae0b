"""Buildspecs: what is read, and what is refused in which words."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.services.codebuild.buildspec import inline_buildspec, parse_buildspec
from localaws.services.codebuild.buildspec_yaml import BuildspecError

HEAD = "version: 0.2\nphases: {build: {commands: [ls]}}\n"


def test_everything_that_a_buildspec_may_say_is_read() -> None:
    spec = parse_buildspec(
        """
version: 0.2
env:
  shell: bash
  git-credential-helper: yes
  variables: {A: 1, B: yes}
  parameter-store: {P: /p}
  secrets-manager: {S: "name:key"}
  exported-variables: [A]
phases:
  install:
    runtime-versions: {python: 3.11}
    commands: [pip install x]
  build:
    on-failure: ABORT
    commands:
      - make
      - |
        one
        two
    finally: [echo done]
reports: {unit: {files: ['*.xml']}}
artifacts:
  base-directory: out
  files: ['**/*']
  name: app-$V
  discard-paths: yes
  exclude-paths: ['*.tmp']
  secondary-artifacts: {docs: {files: [a.md]}}
cache: {paths: ['.venv/**/*']}
"""
    )
    assert (spec.shell, spec.variables, spec.exported_variables) == ("bash", {"A": "1", "B": "yes"}, ("A",))
    assert spec.phases["BUILD"].commands == ("make", "one\ntwo\n")
    assert spec.phases["BUILD"].finally_commands == ("echo done",)
    assert spec.phases["INSTALL"].runtime_versions == (("python", "3.11"),)
    assert spec.artifacts is not None
    assert spec.artifacts.discard_paths
    assert spec.secondary_artifacts["docs"].files == ("a.md",)
    assert (spec.cache_paths, spec.reports) == ((".venv/**/*",), ("unit",))


@pytest.mark.aws_rule(
    "A buildspec has a version, the documented phases and keys, and commands that are text",
    page="https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html",
)
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("phases: {build: {commands: [ls]}}", "The version of the buildspec is missing"),
        ("version: 0.3\nphases: {build: {commands: [ls]}}", "Unknown buildspec version: 0.3"),
        ("version: 3\nphases: {build: {commands: [ls]}}", "Unknown buildspec version: 3"),
        ("version: 0.2", "phases are missing"),
        (
            "version: 0.2\nphases:\n  compile: {commands: [ls]}",
            "Invalid buildspec phase name: compile. Expecting: BUILD,",
        ),
        ("version: 0.2\nphases:\n  build: {comands: [ls]}", 'Unknown key "comands" in phase build at line 3'),
        (HEAD + "artefacts: {files: [a]}", 'Unknown key "artefacts" in the buildspec at line 3'),
        (
            "version: 0.2\nphases:\n  build:\n    commands:\n      - echo a: b",
            "Expected Commands[0] to be of string type",
        ),
        (
            "version: 0.2\nphases:\n  build:\n    commands: {a: ls}",
            "Expected Commands to be of string array type: at line 4",
        ),
        ("version: 0.2\nphases:\n  build:\n   commands: [ls\n", "at line"),
        ("version: 0.2\nversion: 0.2\nphases: {}", "already set in map: at line 2"),
        ("version: 0.2\nphases: {build: {run-as: me, commands: [ls]}}", "run-as"),
        ("version: 0.2\nrun-as: me\nphases: {build: {commands: [ls]}}", "run-as"),
        ("version: 0.2\nphases: {build: {on-failure: RETRY, commands: [ls]}}", "on-failure: RETRY"),
        ("version: 0.2\nphases: {build: {on-failure: STOP, commands: [ls]}}", "Invalid on-failure value"),
        (HEAD + "env: {shell: zsh}", "Unknown shell: zsh"),
        (HEAD + "batch: {fast-fail: true}", "batch builds"),
        ("- a list", "not a mapping"),
        ("", "not a mapping"),
    ],
)
def test_a_wrong_buildspec_is_refused_in_words(text: str, message: str) -> None:
    with pytest.raises(BuildspecError) as refused:
        parse_buildspec(text)
    assert message in str(refused.value)


@given(st.text())
def test_any_text_is_a_buildspec_or_a_refusal(text: str) -> None:
    with contextlib.suppress(BuildspecError):
        parse_buildspec(text)


def test_a_single_command_may_stand_without_a_list() -> None:
    assert parse_buildspec("version: 0.2\nphases: {build: {commands: make}}").phases["BUILD"].commands == ("make",)


def test_a_path_is_told_from_a_buildspec() -> None:
    assert inline_buildspec(HEAD)
    assert inline_buildspec('{"version": "0.2"}')
    assert not inline_buildspec("ci/buildspec.yml")
    assert not inline_buildspec("arn:aws:s3:::bucket/buildspec.yml")


def test_anchors_and_aliases_may_be_used() -> None:
    spec = parse_buildspec("version: 0.2\nphases: {install: {commands: &list [ls]}, build: {commands: *list}}\n")
    assert list(spec.phases["BUILD"].commands) == ["ls"]


BOMB = "\n".join(["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 20))])


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (BOMB, "500,000 values"),
        ("a: &a [*a]", "contains itself"),
        ("a: " + "[" * 200 + "]" * 200, "nests deeper than 100 levels"),
        ("\n".join("  " * n + "a:" for n in range(150)), "nests deeper than 100 levels"),
    ],
)
def test_a_buildspec_made_to_exhaust_its_reader_is_refused(text: str, word: str) -> None:
    with pytest.raises(BuildspecError, match=word):
        parse_buildspec(HEAD + text)
