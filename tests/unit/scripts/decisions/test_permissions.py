"""What IAM's answers about a role amount to."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from scripts.decisions.actors import Actor
from scripts.decisions.permissions import Answer, no_role, outcome_of

ACTOR = Actor("build", "arn:aws:iam::012345670123:role/harbour-build", ())
GOOD = Answer("s3:GetObject", "b/1", "allowed")
READ = Answer("s3:GetObject", "b/1", "allowed", simulated=False)
OPEN = Answer("s3:GetObject", "b/1", "unknown", "a key")
BAD = Answer("s3:PutObject", "b/1", "denied", "no policy allows it")


@pytest.mark.parametrize(
    ("answers", "status", "word"),
    [
        ([GOOD, GOOD], "ok", "2 calls simulated"),
        ([READ, READ], "ok", "2 calls read, not simulated"),
        ([GOOD, READ], "ok", "1 by reading"),
        ([GOOD, OPEN], "unknown", "a key"),
        ([OPEN, BAD], "wrong", "s3:PutObject on b/1: no policy allows it"),
        (
            [BAD, Answer("s3:DeleteObject", "b", "denied", "x"), Answer("s3:ListBucket", "b", "denied", "x")],
            "wrong",
            "and 1 more",
        ),
    ],
)
def test_one_refusal_is_wrong_and_what_is_open_is_never_ok(answers: Sequence[Answer], status: str, word: str) -> None:
    outcome = outcome_of(ACTOR, "012345670123", answers)
    assert (outcome.status, word in outcome.found) == (status, True), outcome.found
    assert bool(outcome.next_command) == (status != "ok")


def test_only_a_role_that_need_not_be_there_may_be_missing() -> None:
    assert no_role(ACTOR, "012345670123").status == "wrong"
    assert no_role(Actor("break-glass", ACTOR.role_arn, (), optional=True), "012345670123").status == "ok"
