from __future__ import annotations

import fnmatch
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.policies.conditions import hold
from localaws.policies.patterns import Context, matches, matches_arn

TEXT = st.text("ab*?/:${}", max_size=8)
PLAIN = st.text("ab/:", max_size=8)


@given(st.text("ab*?", max_size=8), PLAIN)
def test_wildcards_are_those_of_the_shell(pattern: str, value: str) -> None:
    assert matches(pattern, value, {}) == fnmatch.fnmatchcase(value, pattern)


@given(PLAIN)
def test_a_text_without_wildcards_matches_itself_alone(value: str) -> None:
    assert matches(value, value, {})
    assert not matches(value, value + "c", {})
    assert matches("*", value, {})


@given(TEXT)
def test_what_a_variable_brings_in_is_no_wildcard(value: str) -> None:
    context = {"aws:username": (value,)}
    assert matches("x/${aws:username}/*", f"x/{value}/y", context)
    assert matches("${aws:username}", "aaaa", context) == (value == "aaaa")


def test_variables_without_a_value_match_nothing_but_may_have_a_default() -> None:
    assert not matches("${aws:username}*", "anything", {})
    assert matches("team-${aws:PrincipalTag/team, 'none'}", "team-none", {})
    assert matches("${*}", "*", {})
    assert not matches("${*}", "a", {})


def test_wildcards_do_not_reach_over_the_parts_of_an_arn() -> None:
    role = "arn:aws:iam::111111111111:role/a/b"
    assert matches_arn("arn:aws:iam::*:role/*", role, {})
    assert not matches_arn("arn:aws:*:role/*", role, {})


def holds(operator: str, key: str, wanted: Any, **context: Any) -> bool:
    values: Context = {
        name.replace("_", ":"): tuple(value) if isinstance(value, list) else (value,) for name, value in context.items()
    }
    return hold({operator: {key: wanted}}, values)


OPERATORS = st.sampled_from(["StringEquals", "StringLike", "ArnLike", "StringEqualsIgnoreCase"])


@given(OPERATORS, PLAIN, PLAIN)
def test_a_negated_operator_is_the_opposite_where_the_key_is_there(operator: str, wanted: str, value: str) -> None:
    negated = re.sub("(Equals|Like)", r"Not\1", operator, count=1)
    assert holds(operator, "aws:x", wanted, aws_x=value) != holds(negated, "aws:x", wanted, aws_x=value)


@given(OPERATORS, PLAIN)
def test_a_missing_key_is_false_unless_negated_or_optional(operator: str, wanted: str) -> None:
    negated = re.sub("(Equals|Like)", r"Not\1", operator, count=1)
    assert not holds(operator, "aws:x", wanted)
    assert holds(negated, "aws:x", wanted)
    assert holds(f"{operator}IfExists", "aws:x", wanted)
    assert holds(f"ForAllValues:{operator}", "aws:x", wanted)
    assert not holds(f"ForAnyValue:{operator}", "aws:x", wanted)


@given(st.integers(-5, 5), st.integers(-5, 5))
def test_numbers_are_compared_as_numbers(left: int, right: int) -> None:
    assert holds("NumericLessThan", "s3:max-keys", str(right), **{"s3_max-keys": str(left)}) == (left < right)
    assert holds("NumericGreaterThanEquals", "s3:max-keys", right, **{"s3_max-keys": str(left)}) == (left >= right)


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "context", "expected"),
    [
        ("Bool", "aws:SecureTransport", "false", {"aws_securetransport": "true"}, False),
        ("Bool", "aws:SecureTransport", True, {"aws_securetransport": "true"}, True),
        ("Null", "aws:x", "true", {}, True),
        ("Null", "aws:x", "true", {"aws_x": "1"}, False),
        ("Null", "aws:x", "false", {"aws_x": "1"}, True),
        (
            "DateGreaterThan",
            "aws:CurrentTime",
            "2029-01-01T00:00:00Z",
            {"aws_currenttime": "2030-01-01T00:00:00Z"},
            True,
        ),
        ("DateLessThan", "aws:CurrentTime", "2029-01-01", {"aws_currenttime": "2030-01-01T00:00:00Z"}, False),
        ("IpAddress", "aws:SourceIp", "127.0.0.0/8", {"aws_sourceip": "127.0.0.1"}, True),
        ("NotIpAddress", "aws:SourceIp", ["10.0.0.0/8"], {"aws_sourceip": "127.0.0.1"}, True),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["a", "b"], {"aws_tagkeys": ["a", "c"]}, False),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["a", "b"], {"aws_tagkeys": ["a", "c"]}, True),
        ("StringNotEquals", "aws:x", ["a", "b"], {"aws_x": "b"}, False),
        ("NumericEquals", "aws:x", "one", {"aws_x": "1"}, False),
        ("NoSuchOperator", "aws:x", "1", {"aws_x": "1"}, False),
    ],
)
def test_operators(operator: str, key: str, wanted: Any, context: dict[str, Any], expected: bool) -> None:
    assert holds(operator, key, wanted, **context) is expected
