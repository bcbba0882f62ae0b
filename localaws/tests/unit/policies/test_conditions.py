"""Condition operators, keys and set operators; each row names the page that decides it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.policies.conditions import judge
from localaws.policies.document import read
from localaws.policies.evaluation import Policies, Query, decide
from tests.unit.policies.guide import (
    CONDITION,
    KEYS,
    OPERATORS,
    SETS,
    SEVERAL,
    USER,
    VARIABLES,
    VERSION,
    allow,
    deny,
    policy,
)

MOMENT = "2030-06-01T12:00:00Z"


def holds(operator: str, key: str, wanted: Any, context: dict[str, Any], version: str = "2012-10-17") -> bool:
    document = policy(allow(Condition={operator: {key: wanted}}), version=version)
    tests = read(document, "identity").statements[0].conditions
    values = {name: tuple(value) if isinstance(value, list) else (value,) for name, value in context.items()}
    return judge(tests, values).holds


Row = tuple[str, str, str, Any, dict[str, Any], bool]
ROWS: list[Row] = [
    # Strings
    (OPERATORS, "StringEquals", "aws:x", "a", {"aws:x": "a"}, True),
    (OPERATORS, "StringEquals", "aws:x", "A", {"aws:x": "a"}, False),
    (OPERATORS, "StringEquals", "aws:x", "a*", {"aws:x": "ab"}, False),
    (OPERATORS, "StringEquals", "aws:x", "a*", {"aws:x": "a*"}, True),
    (OPERATORS, "StringEquals", "AWS:X", "a", {"aws:x": "a"}, True),
    (OPERATORS, "StringNotEquals", "aws:x", "a", {"aws:x": "b"}, True),
    (OPERATORS, "StringNotEquals", "aws:x", "a*", {"aws:x": "ab"}, True),
    (OPERATORS, "StringEqualsIgnoreCase", "aws:x", "AbC", {"aws:x": "aBc"}, True),
    (OPERATORS, "StringNotEqualsIgnoreCase", "aws:x", "AbC", {"aws:x": "aBc"}, False),
    (OPERATORS, "StringLike", "aws:x", "a*c?", {"aws:x": "abbcd"}, True),
    (OPERATORS, "StringLike", "aws:x", "A*", {"aws:x": "ab"}, False),
    (OPERATORS, "StringNotLike", "aws:x", "a*", {"aws:x": "ab"}, False),
    (OPERATORS, "StringNotLike", "aws:x", "a*", {"aws:x": "b"}, True),
    # Numbers
    (OPERATORS, "NumericEquals", "s3:max-keys", "10", {"s3:max-keys": "10.0"}, True),
    (OPERATORS, "NumericNotEquals", "s3:max-keys", 10, {"s3:max-keys": "10"}, False),
    (OPERATORS, "NumericLessThan", "s3:max-keys", "9", {"s3:max-keys": "10"}, False),
    (OPERATORS, "NumericLessThanEquals", "s3:max-keys", "10", {"s3:max-keys": "10"}, True),
    (OPERATORS, "NumericGreaterThan", "s3:max-keys", "9", {"s3:max-keys": "10"}, True),
    (OPERATORS, "NumericGreaterThanEquals", "s3:max-keys", "11", {"s3:max-keys": "10"}, False),
    (OPERATORS, "NumericLessThan", "s3:max-keys", "9", {"s3:max-keys": "many"}, False),
    # Dates
    (OPERATORS, "DateEquals", "aws:CurrentTime", "2030-06-01T14:00:00+02:00", {"aws:currenttime": MOMENT}, True),
    (OPERATORS, "DateNotEquals", "aws:CurrentTime", "2030-06-01", {"aws:currenttime": MOMENT}, True),
    (OPERATORS, "DateLessThan", "aws:CurrentTime", "2030-06-01", {"aws:currenttime": MOMENT}, False),
    (OPERATORS, "DateLessThanEquals", "aws:CurrentTime", "2031-01-01T00:00:00Z", {"aws:currenttime": MOMENT}, True),
    (OPERATORS, "DateGreaterThan", "aws:CurrentTime", "2029-01-01T00:00:00Z", {"aws:currenttime": MOMENT}, True),
    (OPERATORS, "DateGreaterThanEquals", "aws:EpochTime", "1900000000", {"aws:epochtime": "1900000001"}, True),
    (OPERATORS, "DateGreaterThan", "aws:EpochTime", "2030-01-01T00:00:00Z", {"aws:epochtime": "1800000000"}, False),
    # Truth, bytes, addresses
    (OPERATORS, "Bool", "aws:SecureTransport", "false", {"aws:securetransport": "true"}, False),
    (OPERATORS, "Bool", "aws:SecureTransport", True, {"aws:securetransport": "true"}, True),
    (OPERATORS, "Bool", "aws:SecureTransport", "True", {"aws:securetransport": "true"}, True),
    (OPERATORS, "BinaryEquals", "aws:x", "QmluYXJ5", {"aws:x": "QmluYXJ5"}, True),
    (OPERATORS, "BinaryEquals", "aws:x", "QmluYXJ5", {"aws:x": "Binary"}, False),
    (OPERATORS, "IpAddress", "aws:SourceIp", "127.0.0.0/8", {"aws:sourceip": "127.0.0.1"}, True),
    (OPERATORS, "IpAddress", "aws:SourceIp", "127.0.0.1", {"aws:sourceip": "127.0.0.1"}, True),
    (OPERATORS, "IpAddress", "aws:SourceIp", "2001:db8::/32", {"aws:sourceip": "2001:db8::7"}, True),
    (OPERATORS, "IpAddress", "aws:SourceIp", "2001:db8::/32", {"aws:sourceip": "127.0.0.1"}, False),
    (OPERATORS, "NotIpAddress", "aws:SourceIp", ["10.0.0.0/8", "127.0.0.0/8"], {"aws:sourceip": "127.0.0.1"}, False),
    (OPERATORS, "NotIpAddress", "aws:SourceIp", ["10.0.0.0/8"], {"aws:sourceip": "127.0.0.1"}, True),
    # ARNs
    (OPERATORS, "ArnEquals", "aws:SourceArn", "arn:aws:sns:*:1:t*", {"aws:sourcearn": "arn:aws:sns:eu:1:t1"}, True),
    (OPERATORS, "ArnLike", "aws:SourceArn", "arn:aws:sns:*:t", {"aws:sourcearn": "arn:aws:sns:eu:1:t"}, False),
    (OPERATORS, "ArnLike", "aws:SourceArn", "arn:aws:s3:::b/*", {"aws:sourcearn": "arn:aws:s3:::b/a:b/c"}, True),
    (OPERATORS, "ArnNotLike", "aws:SourceArn", "arn:aws:sns:eu:1:*", {"aws:sourcearn": "arn:aws:sns:eu:1:t"}, False),
    (OPERATORS, "ArnNotEquals", "aws:SourceArn", "arn:aws:sns:eu:1:t", {"aws:sourcearn": "arn:aws:sns:eu:2:t"}, True),
    (VARIABLES, "ArnLike", "aws:SourceArn", "arn:aws:sns:eu:${aws:PrincipalAccount}:t",
     {"aws:sourcearn": "arn:aws:sns:eu:1:t", "aws:principalaccount": "1"}, True),
    # Absent keys
    (OPERATORS, "StringEquals", "aws:x", "a", {}, False),
    (OPERATORS, "StringNotEquals", "aws:x", "a", {}, True),
    (OPERATORS, "ArnNotLike", "aws:x", "a", {}, True),
    (OPERATORS, "NotIpAddress", "aws:SourceIp", "10.0.0.0/8", {}, True),
    (OPERATORS, "Bool", "aws:MultiFactorAuthPresent", "false", {}, False),
    (OPERATORS, "BoolIfExists", "aws:MultiFactorAuthPresent", "false", {}, True),
    (OPERATORS, "StringLikeIfExists", "aws:x", "a*", {"aws:x": "b"}, False),
    (OPERATORS, "NumericLessThanIfExists", "aws:x", "1", {}, True),
    (OPERATORS, "Null", "aws:x", "true", {}, True),
    (OPERATORS, "Null", "aws:x", "true", {"aws:x": "1"}, False),
    (OPERATORS, "Null", "aws:x", "false", {"aws:x": "1"}, True),
    (OPERATORS, "Null", "aws:x", False, {}, False),
    # Several values
    (SEVERAL, "StringEquals", "aws:x", ["a", "b"], {"aws:x": "b"}, True),
    (SEVERAL, "StringNotEquals", "aws:x", ["a", "b"], {"aws:x": "b"}, False),
    (SEVERAL, "StringNotLike", "aws:x", ["a*", "b*"], {"aws:x": "c"}, True),
    (SETS, "ForAllValues:StringEquals", "aws:TagKeys", ["a", "b"], {"aws:tagkeys": ["a", "b"]}, True),
    (SETS, "ForAllValues:StringEquals", "aws:TagKeys", ["a", "b"], {"aws:tagkeys": ["a", "c"]}, False),
    (SETS, "ForAllValues:StringEquals", "aws:TagKeys", ["a"], {}, True),
    (SETS, "ForAllValues:StringNotEquals", "aws:TagKeys", ["a"], {"aws:tagkeys": ["b", "a"]}, False),
    (SETS, "ForAnyValue:StringEquals", "aws:TagKeys", ["a", "b"], {"aws:tagkeys": ["c", "a"]}, True),
    (SETS, "ForAnyValue:StringEquals", "aws:TagKeys", ["a"], {}, False),
    (SETS, "ForAnyValue:StringNotEquals", "aws:TagKeys", ["a"], {"aws:tagkeys": ["a", "c"]}, True),
    (SETS, "ForAnyValue:StringLike", "aws:TagKeys", "te*", {"aws:tagkeys": ["x", "team"]}, True),
    (SETS, "ForAllValues:StringLikeIfExists", "aws:TagKeys", "te*", {"aws:tagkeys": ["x"]}, False),
    # Policy variables
    (VARIABLES, "StringEquals", "aws:x", "${aws:username}", {"aws:x": "ann", "aws:username": "ann"}, True),
    (VARIABLES, "StringLike", "aws:x", "${aws:username}/*", {"aws:x": "ann/1", "aws:username": "ann"}, True),
    (VARIABLES, "StringLike", "aws:x", "${aws:username}", {"aws:x": "anna", "aws:username": "a*"}, False),
    (VARIABLES, "StringLike", "aws:x", "a${*}", {"aws:x": "ab"}, False),
    (VARIABLES, "StringEquals", "aws:x", "${aws:username}", {"aws:x": "ann"}, False),
    (VARIABLES, "StringEquals", "aws:x", "${aws:PrincipalTag/t, 'none'}", {"aws:x": "none"}, True),
]  # fmt: skip


@pytest.mark.aws_rule(
    "Each condition operator compares as documented; with IfExists an absent key holds, a negated operator holds for "
    "an absent key",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html",
)
@pytest.mark.aws_rule(
    "Several values of a key are alternatives, but for negated operators, which none of them may match",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html",
)
@pytest.mark.aws_rule(
    "ForAllValues holds where the request has no such key, ForAnyValue does not",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html",
)
@pytest.mark.parametrize(("page", "operator", "key", "wanted", "context", "expected"), ROWS)
def test_operators(page: str, operator: str, key: str, wanted: Any, context: dict[str, Any], expected: bool) -> None:
    assert holds(operator, key, wanted, context) is expected, page


@pytest.mark.aws_rule(
    "A policy without Version 2012-10-17 has no policy variables: they are plain text in it",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html",
)
def test_the_older_version_has_no_policy_variables() -> None:
    context = {"aws:x": "ann", "aws:username": "ann"}
    literal = {"aws:x": "${aws:username}", "aws:username": "ann"}
    assert not holds("StringEquals", "aws:x", "${aws:username}", context, "2008-10-17"), VERSION
    assert holds("StringEquals", "aws:x", "${aws:username}", literal, "2008-10-17"), VERSION


@pytest.mark.aws_rule(
    "Every operator of a Condition and every key of an operator must hold",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html",
)
def test_every_operator_and_every_key_must_hold() -> None:
    condition = {"StringEquals": {"aws:x": "a", "aws:y": "b"}, "Bool": {"aws:z": "true"}}
    tests = read(policy(allow(Condition=condition)), "identity").statements[0].conditions
    full = {"aws:x": ("a",), "aws:y": ("b",), "aws:z": ("true",)}
    assert judge(tests, full).holds, CONDITION
    for absent in full:
        assert not judge(tests, {key: value for key, value in full.items() if key != absent}).holds, CONDITION


PLAIN = st.text("ab/:", max_size=8)
SINGLE = st.sampled_from(["StringEquals", "StringLike", "ArnLike", "StringEqualsIgnoreCase"])


@given(SINGLE, PLAIN, PLAIN)
def test_a_negated_operator_is_the_opposite_where_the_key_is_there(operator: str, wanted: str, value: str) -> None:
    negated = re.sub("(Equals|Like)", r"Not\1", operator, count=1)
    assert holds(operator, "aws:x", wanted, {"aws:x": value}) != holds(negated, "aws:x", wanted, {"aws:x": value})


UNKNOWN = "aws:ResourceTag/team"


@pytest.mark.parametrize(
    ("statements", "key"),
    [
        ([allow(Condition={"StringEquals": {UNKNOWN: "a"}})], UNKNOWN),
        ([allow(Condition={"StringNotEquals": {UNKNOWN: "a"}})], UNKNOWN),
        ([allow(Condition={"StringEqualsIfExists": {UNKNOWN: "a"}})], UNKNOWN),
        ([allow(Condition={"Null": {UNKNOWN: "true"}})], UNKNOWN),
        ([allow(), deny(Condition={"StringEquals": {UNKNOWN: "a"}})], UNKNOWN),
        ([allow(), deny(Condition={"StringEquals": {"aws:userid": "${aws:ResourceTag/team}"}})], UNKNOWN),
        ([allow(), deny(resource="arn:aws:s3:::${aws:ResourceTag/team}/*")], UNKNOWN),
        ([allow(), deny(Condition={"StringEquals": {"s3:ExistingObjectTag/x": "a"}})], "s3:ExistingObjectTag/x"),
    ],
)
def test_a_condition_key_that_is_not_evaluated_is_refused_by_name(statements: list[Any], key: str) -> None:
    decision = decide(Query("s3:GetObject", "arn:aws:s3:::b/k"), USER, Policies([policy(*statements)]))
    assert not decision.allowed, KEYS
    assert f"localaws does not know {key.lower()}" in decision.reason


@pytest.mark.parametrize(
    "statements",
    [
        [allow(), deny(Condition={"StringEquals": {"ec2:InstanceType": "large"}})],  # absent for S3 on AWS, too
        [allow(), deny(Condition={"StringEquals": {UNKNOWN: "a"}, "Bool": {"aws:SecureTransport": "false"}})],
        [allow(), allow(Condition={"StringEquals": {UNKNOWN: "a"}})],
        [allow(resource=["arn:aws:s3:::${aws:ResourceTag/team}/*", "arn:aws:s3:::b/*"])],
        [allow(), deny(resource="arn:aws:s3:::c/${aws:ResourceTag/team}/*")],
    ],
)
def test_an_unknown_key_that_cannot_matter_does_not(statements: list[Any]) -> None:
    query = Query("s3:GetObject", "arn:aws:s3:::b/k", {"aws:securetransport": ("true",)})
    assert decide(query, USER, Policies([policy(*statements)])).allowed
