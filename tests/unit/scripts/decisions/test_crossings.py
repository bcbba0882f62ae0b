"""Who is let in by a resource's policy, and who must not be."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.decisions.crossings import Crossing, Visit, outcome_of

BUILD, PROMOTE = (f"arn:aws:iam::012345670123:role/harbour-{each}" for each in ("build", "promote-prod"))
ROLE = "arn:aws:iam::660011223344:role/harbour-prod-promoter"


def visit(principal: str, wanted: bool = True) -> Visit:
    return Visit(principal, ("sts:AssumeRole",), ROLE, {"aws:principalarn": principal}, wanted)


def trust(condition: dict[str, Any]) -> dict[str, Any]:
    dev = {"AWS": "arn:aws:iam::012345670123:root"}
    return {"Statement": [{"Effect": "Allow", "Principal": dev, "Action": "sts:AssumeRole", "Condition": condition}]}


CROSSING = Crossing("who", "role", "harbour-prod-promoter", (visit(PROMOTE), visit(BUILD, wanted=False)))


@pytest.mark.parametrize(
    ("condition", "status", "word"),
    [
        ({"ArnEquals": {"aws:PrincipalArn": PROMOTE}}, "ok", "keeps out 1"),
        ({}, "wrong", "harbour-build may sts:AssumeRole"),
        ({"ArnEquals": {"aws:PrincipalArn": BUILD}}, "wrong", "harbour-promote-prod may not"),
        ({"StringEquals": {"sts:ExternalId": "1"}}, "unknown", "reading cannot decide"),
    ],
)
def test_a_role_is_right_where_it_lets_in_just_those_whom_it_should(
    condition: dict[str, Any], status: str, word: str
) -> None:
    outcome = outcome_of(CROSSING, trust(condition), "660011223344")
    assert (outcome.status, word in outcome.found) == (status, True), outcome.found
    assert bool(outcome.next_command) == (status != "ok")


def test_a_role_that_is_not_there_is_wrong_and_so_is_a_bucket_that_lets_nobody_in() -> None:
    assert outcome_of(CROSSING, None, "660011223344").status == "wrong"
    bucket = Crossing("b", "bucket", "b", (Visit(PROMOTE, ("s3:PutObject",), "arn:aws:s3:::b/1"),))
    assert outcome_of(bucket, None, "660011223344").status == "wrong"
