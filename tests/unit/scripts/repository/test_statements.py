"""What a policy's statement may be about: never told no where AWS would say yes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.repository.statements import (
    actions_of,
    allowances,
    covers,
    denies,
    is_about,
    may_hold,
    may_name,
    names,
    overlap,
    resources_of,
)

BUILD = "arn:aws:iam::012345670123:role/sample-build"
PERSON = "arn:aws:iam::012345670123:role/on-call/person"
DEV = {"AWS": "arn:aws:iam::012345670123:root"}

texts = st.text("ab/", max_size=6)
patterns = st.text("ab/*?", max_size=6)


def matches(pattern: str, text: str) -> bool:
    """As IAM matches a text without wildcards."""
    wanted = "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in pattern)
    return re.fullmatch(wanted, text) is not None


@given(patterns, patterns, texts)
def test_patterns_that_one_text_matches_overlap(first: str, second: str, text: str) -> None:
    if matches(first, text) and matches(second, text):
        assert overlap(first, second)
    assert overlap(first, second) == overlap(second, first)


@given(patterns, patterns, texts)
def test_what_covers_a_pattern_matches_all_that_it_matches(pattern: str, other: str, text: str) -> None:
    if covers(pattern, other) and matches(other, text):
        assert matches(pattern, text)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("cache/promote-prod/*", "*/Release/*", True),
        ("cache/*", "evidence/*", False),
        ("role/sample-*", "role/sample-prod-promoter", True),
        ("", "*", True),
        ("a?", "a", False),
    ],
)
def test_overlaps(first: str, second: str, expected: bool) -> None:
    assert overlap(first, second) is expected


@pytest.mark.parametrize(
    ("condition", "build", "person"),
    [
        ({}, True, True),
        ({"ArnEquals": {"aws:PrincipalArn": [BUILD]}}, True, False),
        ({"ArnLike": {"AWS:principalarn": "arn:aws:iam::*:role/on-call/*"}}, False, True),
        ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::012345670123:role/sample-*"}}, False, True),
        ({"StringEqualsIfExists": {"aws:PrincipalAccount": "550011223344"}}, False, False),
        ({"ForAnyValue:StringEquals": {"aws:PrincipalAccount": "012345670123"}}, True, True),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, True, True),  # what cannot be told may be so
        ({"StringEquals": {"kms:ViaService": "s3"}, "ArnEquals": {"aws:PrincipalArn": PERSON}}, False, True),
    ],
)
def test_conditions_on_who_asks_are_decided_and_others_may_hold(
    condition: dict[str, Any], build: bool, person: bool
) -> None:
    statement = {"Effect": "Allow", "Condition": condition}
    assert (may_hold(statement, BUILD), may_hold(statement, PERSON)) == (build, person)


@pytest.mark.parametrize(
    ("principal", "named"),
    [
        ("*", True),
        (DEV, True),
        ({"AWS": "012345670123"}, True),
        ({"AWS": ["550011223344", BUILD]}, True),
        ({"AWS": PERSON}, False),
        ({"AWS": "550011223344"}, False),
        ({"Service": "codebuild.amazonaws.com"}, False),
    ],
)
def test_a_role_is_named_by_itself_its_account_or_everybody(principal: Any, named: bool) -> None:
    assert may_name({"Effect": "Allow", "Principal": principal}, BUILD) is named


def test_what_a_statement_says_it_is_not_about_may_be_anything() -> None:
    statement = {"Effect": "Allow", "NotAction": "s3:Get*", "NotResource": "x"}
    assert (actions_of(statement), resources_of(statement)) == (["*"], ["*"])
    assert names(statement, "s3:PutObject") and is_about(statement, "arn:aws:s3:::bucket/key")
    assert may_name({"Effect": "Allow", "NotPrincipal": DEV}, BUILD)


def test_only_allowances_count_and_one_statement_needs_no_list() -> None:
    allowed = {"Effect": "Allow", "Action": "a:B"}
    assert list(allowances({"Statement": allowed})) == [allowed]
    assert list(allowances({"Statement": [{"Effect": "Deny", "Action": "a:B"}]})) == []


def test_a_denial_counts_where_it_holds_whatever_the_request_is() -> None:
    denial = {"Effect": "Deny", "Action": "s3:Put*", "Resource": "arn:aws:s3:::bucket/cache/p*"}
    denied = ("s3:PutObject", "arn:aws:s3:::bucket/cache/plan/*")
    assert denies({"Statement": [denial]}, *denied)
    assert not denies({"Statement": [{**denial, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}, *denied)
    assert not denies({"Statement": [{**denial, "Effect": "Allow"}]}, *denied)
    assert not denies({"Statement": [denial]}, "s3:PutObject", "arn:aws:s3:::bucket/cache/*")
