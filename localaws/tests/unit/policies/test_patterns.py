from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.policies.patterns import matches, matches_arn

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


@pytest.mark.aws_rule(
    "What a policy variable brings in is text: an asterisk in it is no wildcard",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html",
)
@given(TEXT)
def test_what_a_variable_brings_in_is_no_wildcard(value: str) -> None:
    context = {"aws:username": (value,)}
    assert matches("x/${aws:username}/*", f"x/{value}/y", context)
    assert matches("${aws:username}", "aaaa", context) == (value == "aaaa")


@pytest.mark.aws_rule(
    "A policy variable without a value matches nothing, unless it has a default",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html",
)
def test_variables_without_a_value_match_nothing_but_may_have_a_default() -> None:
    assert not matches("${aws:username}*", "anything", {})
    assert matches("team-${aws:PrincipalTag/team, 'none'}", "team-none", {})
    assert matches("${*}", "*", {})
    assert not matches("${*}", "a", {})


def test_a_variable_of_several_values_matches_nothing() -> None:
    assert not matches("${aws:TagKeys}", "a", {"aws:tagkeys": ("a", "b")})


@pytest.mark.aws_rule(
    "In ArnLike and ArnEquals a wildcard does not reach over a colon of the ARN",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html",
)
def test_wildcards_do_not_reach_over_the_parts_of_an_arn() -> None:
    role = "arn:aws:iam::111111111111:role/a/b"
    assert matches_arn("arn:aws:iam::*:role/*", role, {})
    assert not matches_arn("arn:aws:*:role/*", role, {})
    assert matches_arn("arn:aws:iam::${aws:PrincipalAccount}:role/*", role, {"aws:principalaccount": ("1" * 12,)})
