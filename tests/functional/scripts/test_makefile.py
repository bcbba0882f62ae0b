"""What the Makefile hands to a verb is what the user wrote, whatever characters are in it."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from tests.functional.scripts.site import ROOT

VERBS = {
    *("install", "resolve", "release", "promote", "render", "plan", "deploy", "run", "verify", "status"),
    *("predictions", "destroy", "doctor", "local-up", "local-down", "local-reset", "local-env", "check", "lint"),
    "test",
}


def handed_over(*assignments: str) -> list[str]:
    done = subprocess.run(["make", "-n", "deploy", *assignments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return shlex.split(done.stdout.splitlines()[-1].removeprefix("@"))


@pytest.mark.parametrize("stage", ["preprod", "it's", 'a"b', "pre prod", "../x", "preprod; false", "a\\b", "`false`"])
def test_a_stage_arrives_as_it_was_written(stage: str) -> None:
    words = handed_over(f"STAGE={stage}")
    assert words[words.index("--stage") + 1] == stage


def test_a_stage_that_is_not_given_is_told_as_missing_before_anything_starts() -> None:
    words = handed_over()
    assert words[words.index("--stage") + 1] == ""


def test_help_is_plain_text_with_a_line_for_each_verb() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    verbs = {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert verbs >= VERBS
    assert "\033" not in done.stdout
