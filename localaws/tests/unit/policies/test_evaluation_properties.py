"""What holds for every set of policies, whatever they say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.policies.evaluation import Policies, Query, decide
from localaws.policies.principals import Principal
from tests.unit.policies.guide import HERE, ROLE_ARN, ROOT, SERVICE, SESSION, SESSION_ARN, THERE, USER, USER_ARN

QUERY = Query("s3:GetObject", "arn:aws:s3:::b/k", {"aws:x": ("a",), "aws:username": ("ann",)})
CONDITIONS = st.sampled_from(
    [
        {},
        {"StringEquals": {"aws:x": "a"}},
        {"StringNotLike": {"aws:x": "a*"}},
        {"Null": {"aws:y": "true"}},
        {"ForAllValues:StringEquals": {"aws:TagKeys": "a"}},
        {"StringEquals": {"aws:ResourceTag/t": "a"}},
    ]
)
STATEMENTS = st.builds(
    lambda effect, action, resource, condition: {
        "Effect": effect,
        **action,
        "Resource": resource,
        "Condition": condition,
    },
    st.sampled_from(["Allow", "Deny"]),
    st.sampled_from([{"Action": "*"}, {"Action": "s3:Get*"}, {"Action": "s3:PutObject"}, {"NotAction": "iam:*"}]),
    st.sampled_from(["*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/${aws:username}"]),
    CONDITIONS,
)
WHO = st.sampled_from(
    [
        {"Principal": "*"},
        *({"Principal": {"AWS": name}} for name in (HERE, THERE, USER_ARN, ROLE_ARN, SESSION_ARN)),
        {"Principal": {"Service": SERVICE.name}},
    ]
)


def document(statements: Any) -> Any:
    return st.builds(lambda found: {"Version": "2012-10-17", "Statement": found}, st.lists(statements, min_size=1))


DOCUMENTS = document(STATEMENTS)
GOVERNING = document(st.builds(lambda statement, who: {**statement, **who}, STATEMENTS, WHO))
PRINCIPALS = st.sampled_from([ROOT, USER, SESSION, SERVICE])
POLICIES = st.builds(
    Policies,
    st.lists(DOCUMENTS, max_size=3),
    st.none() | DOCUMENTS,
    st.none() | GOVERNING,
    st.sampled_from([None, HERE, THERE]),
    st.booleans(),
    st.none() | st.lists(DOCUMENTS, min_size=1, max_size=2),
)
DENY = {"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}
DENY_ALL = {"Statement": {**DENY["Statement"], "Principal": "*"}}


@given(POLICIES, PRINCIPALS)
def test_a_decision_is_total_and_says_why_it_refuses(policies: Policies, principal: Principal) -> None:
    decision = decide(QUERY, principal, policies)
    assert decision.allowed or decision.reason


@pytest.mark.aws_rule(
    "Everything is denied unless a policy allows it, and an explicit deny in any policy wins",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html",
)
@given(POLICIES, PRINCIPALS)
def test_one_more_deny_never_allows(policies: Policies, principal: Principal) -> None:
    assert not decide(QUERY, principal, replace(policies, resource_policy=DENY_ALL)).allowed
    if principal.account:
        denied = decide(QUERY, principal, replace(policies, identity=[*policies.identity, DENY]))
        assert denied.explicit
        assert not denied.allowed


@given(POLICIES, PRINCIPALS, st.randoms(use_true_random=False))
def test_the_order_of_statements_and_policies_does_not_matter(
    policies: Policies, principal: Principal, random: Any
) -> None:
    def shuffled(one: Any) -> Any:
        return {**one, "Statement": random.sample(one["Statement"], len(one["Statement"]))} if one else one

    other = replace(
        policies,
        identity=random.sample([shuffled(one) for one in policies.identity], len(policies.identity)),
        boundary=shuffled(policies.boundary),
        resource_policy=shuffled(policies.resource_policy),
    )
    assert decide(QUERY, principal, other).allowed == decide(QUERY, principal, policies).allowed


@pytest.mark.aws_rule(
    "A session policy limits its session and grants nothing",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session",
)
@given(POLICIES, PRINCIPALS)
def test_a_boundary_and_session_policies_never_add_anything(policies: Policies, principal: Principal) -> None:
    if decide(QUERY, principal, policies).allowed:
        assert decide(QUERY, principal, replace(policies, boundary=None, session=None)).allowed


@given(POLICIES, PRINCIPALS)
def test_nothing_is_allowed_without_an_allow(policies: Policies, principal: Principal) -> None:
    documents = [*policies.identity, *([policies.resource_policy] if policies.resource_policy else [])]
    if decide(QUERY, principal, policies).allowed and principal is not ROOT:
        assert any(one["Effect"] == "Allow" for each in documents for one in each["Statement"])  # type: ignore[index]


@pytest.mark.aws_rule(
    "For another account's resource both the identity-based and the resource-based policy must allow",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html",
)
@given(POLICIES, st.sampled_from([ROOT, USER, SESSION]))
def test_another_accounts_resource_needs_its_own_policy(policies: Policies, principal: Principal) -> None:
    across = replace(policies, resource_policy=None, resource_account=THERE)
    assert not decide(QUERY, principal, across).allowed
