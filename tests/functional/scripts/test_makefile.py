"""What the Makefile hands to a verb is what the user wrote, whatever characters are in it."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.functional.scripts.site import ROOT

VERBS = {
    *("logs", "rollback", "schedule", "unlock"),
    *("install", "resolve", "release", "promote", "render", "plan", "deploy", "run", "verify", "status", "history"),
    *("predictions", "destroy", "doctor", "local-up", "local-down", "local-reset", "local-env", "check", "lint"),
    "test",
}


def handed_over(*assignments: str, target: str = "deploy", environment: Mapping[str, str] | None = None) -> list[str]:
    variables = {**os.environ, **(environment or {})}
    command = ["make", "-n", target, *assignments]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    line = next(each for each in done.stdout.splitlines() if f"scripts.verbs.{target}" in each)
    return shlex.split(line.removeprefix("@"))


def after(words: list[str], option: str) -> str:
    return words[words.index(option) + 1]


@pytest.mark.parametrize("state", ["ON", "OFF", "off", "STATE=off", "ON OFF"])
def test_what_a_schedule_is_switched_to_is_a_word_or_a_variable(state: str) -> None:
    words = handed_over("STAGE=prod", "REASON=it's late; `pwd`", *state.split(" "), target="schedule")
    assert after(words, "--state") == state.removeprefix("STATE=")
    assert after(words, "--reason") == "it's late; `pwd`"
    assert after(words, "--stage") == "prod"


def test_on_and_off_are_words_of_schedule_alone() -> None:
    done = subprocess.run(["make", "-n", "OFF"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2


@pytest.mark.parametrize("target", ["deploy", "promote", "verify", "run", "schedule", "rollback", "unlock", "destroy"])
@pytest.mark.parametrize("reason", ["it's late; `pwd`", ""])
def test_why_the_glass_is_broken_arrives_as_written_and_an_empty_reason_too(target: str, reason: str) -> None:
    assert after(handed_over("STAGE=prod", f"BREAK_GLASS={reason}", target=target), "--break-glass") == reason
    assert "--break-glass" not in handed_over("STAGE=prod", target=target)


def test_a_release_and_a_reason_are_handed_to_rollback_and_a_check_to_history() -> None:
    words = handed_over("STAGE=prod", "RELEASE=r1", "REASON=it's late", "UNVERIFIED=1", target="rollback")
    assert (after(words, "--release"), after(words, "--reason"), "--unverified" in words) == ("r1", "it's late", True)
    assert after(handed_over("STAGE=prod", "REASON=`pwd`", target="unlock"), "--reason") == "`pwd`"
    assert "--verify" in handed_over("STAGE=prod", "VERIFY=1", target="history")
    assert "--verify" not in handed_over("STAGE=prod", target="history")


def test_a_step_is_handed_to_logs() -> None:
    words = handed_over("STAGE=prod", "STEP=Pre process", target="logs")
    assert (after(words, "--stage"), after(words, "--step")) == ("prod", "Pre process")
    assert "--stage" not in handed_over(target="logs")


@pytest.mark.parametrize("stage", ["preprod", "it's", 'a"b', "pre prod", "../x", "preprod; false", "a\\b", "`false`"])
def test_a_stage_arrives_as_it_was_written(stage: str) -> None:
    words = handed_over(f"STAGE={stage}")
    assert words[words.index("--stage") + 1] == stage


DOLLARS = "costs $100, $(shell touch {file}), ${{HOME}} and `pwd`"


@pytest.mark.parametrize("how", ["command line", "environment"])
@pytest.mark.parametrize("name", ["STAGE", "RELEASE", "PIPELINE", "BREAK_GLASS"])
def test_a_dollar_is_a_dollar_and_nothing_in_a_value_is_run(name: str, how: str, tmp_path: Path) -> None:
    text = DOLLARS.format(file=tmp_path / "ran")
    given = {"STAGE": "prod", "PIPELINE": "p", name: text}
    if how == "command line":
        words = handed_over(*(f"{key}={value}" for key, value in given.items()))
    else:
        words = handed_over(environment=given)
    assert after(words, f"--{name.lower().replace('_', '-')}") == text
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["DESCRIPTION", "REASON", "ARTIFACT", "METRICS"])
def test_a_dollar_in_what_is_registered_is_one_too(name: str, tmp_path: Path) -> None:
    text = DOLLARS.format(file=tmp_path / "ran")
    words = handed_over("PIPELINE=p", f"{name}={text}", target="register")
    assert after(words, f"--{name.lower()}") == text
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["STAGE", "REASON", "DESCRIPTION"])
def test_a_value_is_not_run_on_its_way_into_the_environment_either(name: str, tmp_path: Path) -> None:
    given = f"{name}=$(shell touch {tmp_path / 'ran'})"
    subprocess.run(["make", "help", given], cwd=ROOT, capture_output=True, check=True)
    assert not (tmp_path / "ran").exists()


def test_a_stage_that_is_not_given_is_told_as_missing_before_anything_starts() -> None:
    words = handed_over()
    assert words[words.index("--stage") + 1] == ""


def test_help_is_plain_text_with_a_line_for_each_verb() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    verbs = {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert verbs >= VERBS
    assert "\033" not in done.stdout
