"""What reading a policy tells, and what it must leave open."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.policy_reading import Request, read_identity, read_resource, wildcard_match

ROLE = "arn:aws:iam::012345670123:role/harbour-build"
OBJECT = "arn:aws:s3:::b/model-artifacts/1"
VIA = "kms:viaservice"


def allow(action: Any = "s3:*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(**more: Any) -> dict[str, Any]:
    return {**allow(**more), "Effect": "Deny", "Sid": "No"}


def verdict(*statements: dict[str, Any], action: str = "s3:GetObject", **context: str | None) -> str:
    request = Request(action, OBJECT, ROLE, {key.replace("__", ":"): value for key, value in context.items()})
    return read_identity([{"Statement": list(statements)}], request).verdict


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([], "denied"),
        ([allow()], "allowed"),
        ([allow("S3:getobject")], "allowed"),
        ([allow("s3:PutObject")], "denied"),
        ([allow(resource=["arn:aws:s3:::c/*", "arn:aws:s3:::b/model-*"])], "allowed"),
        ([allow(), deny()], "denied"),
        ([allow(), deny(resource="arn:aws:s3:::c/*")], "allowed"),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], "allowed"),
        ([{"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::b/*"}], "denied"),
        ([allow(resource="arn:aws:s3:::b/${aws:username}/*")], "unknown"),
        ([allow(resource="arn:aws:s3:::c/${aws:username}/*")], "denied"),
        ([allow(Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}})], "unknown"),
        ([allow(), deny(Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}})], "unknown"),
        ([allow(), deny(), deny(Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}})], "denied"),
        ([allow(Condition={"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}})], "unknown"),
        ([allow(), allow(Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}})], "allowed"),
    ],
)
def test_a_verdict_follows_from_statements(statements: list[dict[str, Any]], expected: str) -> None:
    assert verdict(*statements) == expected


@pytest.mark.parametrize(
    ("operator", "value", "found", "expected"),
    [
        ("StringEquals", "s3.amazonaws.com", "s3.amazonaws.com", "allowed"),
        ("StringEquals", "s3.*", "s3.amazonaws.com", "denied"),
        ("StringLike", "s3.*", "s3.amazonaws.com", "allowed"),
        ("StringNotEquals", "s3.amazonaws.com", "s3.amazonaws.com", "denied"),
        ("StringNotEquals", "s3.amazonaws.com", None, "allowed"),
        ("StringEquals", "s3.amazonaws.com", None, "denied"),
        ("StringEqualsIfExists", "s3.amazonaws.com", None, "allowed"),
        ("Null", "true", None, "allowed"),
        ("Null", "true", "there", "denied"),
        ("Bool", True, "true", "allowed"),
        ("ForAnyValue:StringEquals", "a", "a", "unknown"),
        ("StringEquals", "${aws:username}", "a", "unknown"),
    ],
)
def test_a_condition_is_decided_where_the_key_and_the_operator_are_known(
    operator: str, value: Any, found: str | None, expected: str
) -> None:
    assert verdict(allow(Condition={operator: {"kms:ViaService": value}}), kms__viaservice=found) == expected


def test_a_boundary_takes_away_what_it_does_not_allow() -> None:
    request = Request("s3:GetObject", OBJECT, ROLE)
    held = [{"Statement": allow()}]
    assert read_identity(held, request, {"Statement": allow("s3:Get*")}).verdict == "allowed"
    assert read_identity(held, request, {"Statement": allow("kms:*")}).verdict == "denied"
    assert "boundary" in read_identity(held, request, {"Statement": allow("kms:*")}).reason


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", "allowed"),
        ({"AWS": ROLE}, "allowed"),
        ({"AWS": ["999999999999", "012345670123"]}, "allowed"),
        ({"AWS": "arn:aws:iam::012345670123:root"}, "allowed"),
        ({"AWS": "arn:aws:iam::999999999999:root"}, "denied"),
        ({"AWS": "arn:aws:iam::012345670123:role/other"}, "denied"),
        ({"Service": "events.amazonaws.com"}, "denied"),
    ],
)
def test_a_resources_policy_lets_in_whom_it_names(principal: Any, expected: str) -> None:
    policy = {"Statement": [allow(Principal=principal)]}
    assert read_resource(policy, Request("s3:GetObject", OBJECT, ROLE)).verdict == expected


@pytest.mark.parametrize(
    ("condition", "context", "expected"),
    [
        ({}, {}, "allowed"),
        ({"StringEquals": {"aws:SourceAccount": "1"}}, {"aws:sourceaccount": "1"}, "allowed"),
        ({"StringEquals": {"aws:SourceAccount": "1"}}, {"aws:sourceaccount": None}, "denied"),
    ],
)
def test_a_service_is_let_in_by_its_name_with_the_keys_that_it_supplies(
    condition: dict[str, Any], context: dict[str, str | None], expected: str
) -> None:
    events = {"Service": ["events.amazonaws.com", "sns.amazonaws.com"]}
    policy = {"Statement": [allow("kms:Decrypt", Principal=events, Condition=condition)]}
    request = Request("kms:Decrypt", "arn:aws:kms:::key/1", "events.amazonaws.com", context)
    assert read_resource(policy, request).verdict == expected
    other = Request("kms:Decrypt", "arn:aws:kms:::key/1", "logs.amazonaws.com", context)
    assert read_resource(policy, other).verdict == "denied"


def test_a_resource_without_a_policy_lets_nobody_in_and_a_deny_but_for_others_excepts_the_named() -> None:
    request = Request("s3:GetObject", OBJECT, ROLE)
    assert read_resource(None, request).verdict == "denied"
    closing = {"Effect": "Deny", "NotPrincipal": {"AWS": ROLE}, "Action": "s3:*", "Resource": "*"}
    assert read_resource({"Statement": [allow(Principal="*"), closing]}, request).verdict == "allowed"
    other = Request("s3:GetObject", OBJECT, f"{ROLE}-other")
    assert read_resource({"Statement": [allow(Principal="*"), closing]}, other).verdict == "denied"


@given(st.text(), st.text(), st.text())
def test_a_pattern_is_about_all_that_its_wildcards_stand_for(before: str, between: str, after: str) -> None:
    assert wildcard_match("*", before)
    if not set("*?") & set(before + after):
        assert wildcard_match(f"{before}*{after}", f"{before}{between}{after}")
        assert wildcard_match(before, after) == (before == after)


@given(
    st.sampled_from(["StringEquals", "StringLike", "Bool", "ForAllValues:StringLike", "IpAddress"]), st.text(min_size=1)
)
def test_nothing_is_allowed_by_a_condition_on_a_key_that_nobody_told(operator: str, key: str) -> None:
    assert verdict(allow(Condition={operator: {key: "x"}})) == "unknown"
