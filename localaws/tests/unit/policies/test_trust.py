"""Trust policies: who may become a role, with which parameters; each row names the page that decides it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from localaws.policies.condition_keys import ORGANIZATION, of_account
from localaws.policies.principals import Principal
from localaws.policies.trust import assume_role_context, needed_actions, trusts, trusts_service, trusts_web_identity
from tests.unit.policies.guide import (
    ACTION,
    DEPUTY,
    EVERYBODY,
    EXTERNAL_ID,
    HERE,
    KEYS,
    LOGIC,
    NOT_PRINCIPAL,
    OIDC,
    OPERATORS,
    PRINCIPAL,
    ROLE_ARN,
    ROOT,
    SESSION,
    SESSION_ARN,
    SESSION_TAGS,
    STS_KEYS,
    THERE,
    USER,
    USER_ARN,
    allow,
    besides,
    policy,
    to,
    without,
)

ROLE = f"arn:aws:iam::{THERE}:role/there"
HOME = f"arn:aws:iam::{HERE}:root"


def trusting(principal: Any = None, effect: str = "Allow", action: str = "sts:AssumeRole", **condition: Any) -> Any:
    statement = without(allow(action, **(principal or to(HOME))), "Resource")
    return {**statement, "Effect": effect, **({"Condition": condition} if condition else {})}


def test_nothing_but_a_statement_allows() -> None:
    assert not trusts(policy(trusting(effect="Deny")), ROLE, USER, {}).allowed


def condition(**tests: Any) -> list[Any]:
    return [trusting(**tests)]


Row = tuple[str, list[Any], Principal, dict[str, Any], bool]
ROWS: list[Row] = [
    (PRINCIPAL, [trusting()], USER, {}, True),
    (PRINCIPAL, [trusting()], ROOT, {}, True),
    (PRINCIPAL, [trusting(to(HERE))], SESSION, {}, True),
    (PRINCIPAL, [trusting(to(USER_ARN))], USER, {}, True),
    (PRINCIPAL, [trusting(to(USER_ARN))], ROOT, {}, False),
    (PRINCIPAL, [trusting(to(ROLE_ARN))], SESSION, {}, True),
    (PRINCIPAL, [trusting(to(SESSION_ARN))], SESSION, {}, True),
    (PRINCIPAL, [trusting(to(THERE))], USER, {}, False),
    (PRINCIPAL, [trusting(EVERYBODY)], USER, {}, True),
    (PRINCIPAL, [trusting({"Principal": {"Service": "ec2.amazonaws.com"}})], USER, {}, False),
    (LOGIC, [trusting(), trusting(effect="Deny")], USER, {}, False),
    (LOGIC, [trusting(), trusting(to(THERE), "Deny")], USER, {}, True),
    (ACTION, [trusting(action="sts:Assume*")], USER, {}, True),
    (ACTION, [trusting(action="sts:TagSession")], USER, {}, False),
    (ACTION, [trusting(action="sts:AssumeRoleWithSAML")], USER, {}, False),
    (NOT_PRINCIPAL, [trusting(EVERYBODY), trusting(besides(THERE), "Deny")], USER, {}, False),
    (NOT_PRINCIPAL, [trusting(EVERYBODY), trusting(besides(HERE, USER_ARN), "Deny")], USER, {}, True),
    (EXTERNAL_ID, condition(StringEquals={"sts:ExternalId": "abc"}), USER, {"ExternalId": "abc"}, True),
    (EXTERNAL_ID, condition(StringEquals={"sts:ExternalId": "abc"}), USER, {"ExternalId": "abd"}, False),
    (EXTERNAL_ID, condition(StringEquals={"sts:ExternalId": "abc"}), USER, {}, False),
    (EXTERNAL_ID, condition(StringEquals={"sts:externalid": "a*"}), USER, {"ExternalId": "abc"}, False),
    (EXTERNAL_ID, condition(StringLike={"sts:ExternalId": "a*"}), USER, {"ExternalId": "abc"}, True),
    (EXTERNAL_ID, [trusting(), trusting(EVERYBODY, "Deny", StringNotEquals={"sts:ExternalId": "abc"})], USER, {},
     False),
    (STS_KEYS, condition(StringEquals={"sts:RoleSessionName": "me"}), USER, {"RoleSessionName": "me"}, True),
    (STS_KEYS, condition(StringLike={"sts:RoleSessionName": "${aws:username}"}), USER, {"RoleSessionName": "bob"},
     False),
    (STS_KEYS, condition(StringEquals={"sts:SourceIdentity": "ann"}), USER, {"SourceIdentity": "ann"}, True),
    (SESSION_TAGS, condition(StringEquals={"aws:RequestTag/Team": "a"}), USER, {"Tags": [("team", "a")]}, True),
    (SESSION_TAGS, condition(StringEquals={"aws:RequestTag/Team": "a"}), USER, {"Tags": [("team", "b")]}, False),
    (SESSION_TAGS, condition(**{"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}), USER,
     {"Tags": [("team", "a"), ("cost", "b")]}, False),
    (SESSION_TAGS, condition(**{"ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": "team"}}), USER,
     {"TransitiveTagKeys": ["team"]}, True),
    (KEYS, condition(StringEquals={"aws:PrincipalAccount": HERE}), USER, {}, True),
    (KEYS, [trusting(), trusting(EVERYBODY, "Deny", StringEquals={"aws:PrincipalAccount": HERE})], USER, {}, False),
    (KEYS, condition(StringEquals={"aws:PrincipalOrgID": ORGANIZATION}), USER, {}, True),
    (KEYS, condition(StringEquals={"aws:PrincipalOrgID": "o-another000"}), USER, {}, False),
    (KEYS, condition(Bool={"aws:PrincipalIsAWSService": "true"}), USER, {}, False),
    (OPERATORS, condition(ArnLike={"aws:PrincipalArn": f"arn:aws:iam::{HERE}:role/team/*"}), SESSION, {}, True),
    (OPERATORS, condition(StringEquals={"aws:PrincipalArn": f"arn:aws:iam::{HERE}:*"}), USER, {}, False),
    (OPERATORS, condition(StringLike={"aws:PrincipalArn": f"arn:aws:iam::{HERE}:*"}), USER, {}, True),
    (KEYS, condition(StringNotEquals={"aws:ResourceTag/open": "no"}), USER, {}, False),
]  # fmt: skip


@pytest.mark.aws_rule(
    "A role is assumed only by whom its trust policy names, whatever the caller's own policies say",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-custom.html",
)
@pytest.mark.aws_rule(
    "A trust policy may ask for an external ID",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html",
)
@pytest.mark.aws_rule(
    "A trust policy may ask for the session's name and source identity",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html",
)
@pytest.mark.parametrize(("page", "statements", "principal", "request_", "allowed"), ROWS)
def test_who_may_become_the_role(
    page: str, statements: list[Any], principal: Principal, request_: dict[str, Any], allowed: bool
) -> None:
    tags = [{"Key": key, "Value": value} for key, value in request_.get("Tags", [])]
    context = {**of_account(HERE), "aws:principalarn": (principal.arn,)}
    context |= assume_role_context({**request_, "Tags": tags})
    assert trusts(policy(*statements), ROLE, principal, context).allowed is allowed, page


@pytest.mark.aws_rule(
    "Session tags and a source identity need sts:TagSession and sts:SetSourceIdentity in the trust policy",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html",
)
def test_tags_and_a_source_identity_need_actions_of_their_own() -> None:
    assert list(needed_actions({"RoleSessionName": "a"})) == ["sts:AssumeRole"], SESSION_TAGS
    request = {"Tags": [{"Key": "a", "Value": "b"}], "SourceIdentity": "ann"}
    assert list(needed_actions(request)) == ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"], SESSION_TAGS


NOW = datetime(2030, 6, 1, tzinfo=UTC)
PROJECT = f"arn:aws:codebuild:eu-west-1:{HERE}:project/daily"
BUILDING = {"Principal": {"Service": "codebuild.amazonaws.com"}}


@pytest.mark.aws_rule(
    "A service assumes a role only where the trust policy names its principal, with aws:SourceAccount and "
    "aws:SourceArn as it supplies them",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
)
@pytest.mark.parametrize(
    ("page", "statements", "allowed"),
    [
        (DEPUTY, [trusting(BUILDING)], True),
        (DEPUTY, [trusting({"Principal": {"Service": ["a.amazonaws.com", "codebuild.amazonaws.com"]}})], True),
        (DEPUTY, [trusting({"Principal": {"Service": "codepipeline.amazonaws.com"}})], False),
        (DEPUTY, [trusting(to(HERE))], False),
        (DEPUTY, [trusting(EVERYBODY)], True),
        (DEPUTY, [trusting(BUILDING, StringEquals={"aws:SourceAccount": HERE})], True),
        (DEPUTY, [trusting(BUILDING, StringEquals={"aws:SourceAccount": THERE})], False),
        (DEPUTY, [trusting(BUILDING, ArnLike={"aws:SourceArn": f"arn:aws:codebuild:*:{HERE}:project/*"})], True),
        (DEPUTY, [trusting(BUILDING, ArnEquals={"aws:SourceArn": f"{PROJECT}-2"})], False),
        (DEPUTY, [trusting(BUILDING), trusting(BUILDING, "Deny", StringNotEquals={"aws:SourceAccount": HERE})], True),
        (LOGIC, [trusting(BUILDING), trusting(BUILDING, "Deny")], False),
        (ACTION, [trusting(BUILDING, action="sts:*")], True),
        (ACTION, [trusting(BUILDING, action="sts:TagSession")], False),
        (KEYS, [trusting(EVERYBODY, Bool={"aws:PrincipalIsAWSService": "true"})], True),
        (KEYS, [trusting(BUILDING, DateLessThan={"aws:CurrentTime": "2030-01-01T00:00:00Z"})], False),
        (KEYS, [trusting(BUILDING, StringEquals={"aws:RequestedRegion": "eu-west-1"})], True),
        (KEYS, [trusting(EVERYBODY, StringEquals={"aws:PrincipalAccount": HERE})], False),
    ],
)
def test_which_service_may_become_the_role(page: str, statements: list[Any], allowed: bool) -> None:
    decision = trusts_service(policy(*statements), ROLE, "codebuild.amazonaws.com", PROJECT, NOW)
    assert decision.allowed is allowed, page


PROVIDER = f"arn:aws:iam::{THERE}:oidc-provider/token.example.org"
CLAIMS = {"sub": "repo:team/batch:ref:refs/heads/main", "aud": "sts.amazonaws.com"}


@pytest.mark.aws_rule(
    "A web identity assumes a role whose trust policy names its provider, by the token's aud and sub",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html",
)
@pytest.mark.parametrize(
    ("principal", "tests", "allowed"),
    [
        (PROVIDER, {"StringEquals": {"token.example.org:aud": "sts.amazonaws.com"}}, True),
        (PROVIDER, {"StringEquals": {"token.example.org:aud": "another"}}, False),
        (PROVIDER, {"StringLike": {"token.example.org:sub": "repo:team/*"}}, True),
        (PROVIDER, {"StringEquals": {"token.example.org:sub": "repo:team/*"}}, False),
        (PROVIDER + ".evil", {}, False),
        (PROVIDER, {}, True),
    ],
)
def test_which_web_identity_may_become_the_role(principal: str, tests: dict[str, Any], allowed: bool) -> None:
    statement = trusting({"Principal": {"Federated": principal}}, action="sts:AssumeRoleWithWebIdentity", **tests)
    assert trusts_web_identity(policy(statement), ROLE, PROVIDER, CLAIMS).allowed is allowed, OIDC
