from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.policies.evaluation import Document, Policies, Principal, Query, decide

ME = Principal("111111111111", frozenset({"arn:aws:iam::111111111111:role/me"}))
OTHER = "222222222222"
READ = Query("s3:GetObject", "arn:aws:s3:::b/k")


def policy(effect: str = "Allow", action: Any = "s3:*", resource: Any = "*", **members: Any) -> Document:
    return {"Statement": {"Effect": effect, "Action": action, "Resource": resource, **members}}


ROOT: dict[str, Any] = {"Principal": {"AWS": "arn:aws:iam::111111111111:root"}}
MYSELF: dict[str, Any] = {"Principal": {"AWS": ["arn:aws:iam::111111111111:role/me"]}}
EVERYBODY: dict[str, Any] = {"Principal": "*"}
STRANGER: dict[str, Any] = {"Principal": {"AWS": "arn:aws:iam::333333333333:root"}}

EFFECTS = st.sampled_from(["Allow", "Deny"])
DOCUMENTS = st.builds(
    policy,
    EFFECTS,
    st.sampled_from(["*", "s3:*", "s3:Get*", "s3:PutObject"]),
    st.sampled_from(["*", "arn:aws:s3:::b/*"]),
)
RESOURCE_DOCUMENTS = st.builds(
    lambda document, who: {"Statement": {**document["Statement"], **who}},
    DOCUMENTS,
    st.sampled_from([ROOT, MYSELF, EVERYBODY, STRANGER]),
)
POLICIES = st.builds(
    Policies,
    st.lists(DOCUMENTS, max_size=3),
    st.none() | DOCUMENTS,
    st.none() | RESOURCE_DOCUMENTS,
    st.sampled_from([None, ME.account, OTHER]),
    st.booleans(),
)


@given(POLICIES)
def test_nothing_is_allowed_without_an_allow(policies: Policies) -> None:
    statements = [document["Statement"] for document in policies.identity]
    statements += [policies.resource_policy["Statement"]] if policies.resource_policy else []
    if decide(READ, ME, policies).allowed:
        assert any(statement["Effect"] == "Allow" for statement in statements)


@given(POLICIES)
def test_an_explicit_deny_always_wins(policies: Policies) -> None:
    denied = Policies(
        [*policies.identity, policy("Deny")], policies.boundary, policies.resource_policy, policies.resource_account
    )
    assert not decide(READ, ME, denied).allowed
    assert decide(READ, ME, denied).reason == "with an explicit deny in an identity-based policy"


@given(POLICIES)
def test_a_boundary_never_adds_anything(policies: Policies) -> None:
    unbounded = Policies(
        policies.identity, None, policies.resource_policy, policies.resource_account, policies.resource_policy_decides
    )
    if decide(READ, ME, policies).allowed:
        assert decide(READ, ME, unbounded).allowed


@given(POLICIES)
def test_another_accounts_resource_needs_its_own_policy(policies: Policies) -> None:
    across = Policies(policies.identity, policies.boundary, None, OTHER)
    assert not decide(READ, ME, across).allowed


@pytest.mark.parametrize(
    ("policies", "reason"),
    [
        (Policies(), "no identity-based policy"),
        (Policies([policy(action="s3:PutObject")]), "no identity-based policy"),
        (Policies([policy(resource="arn:aws:s3:::c/*")]), "no identity-based policy"),
        (Policies([policy()], policy(action="ec2:*")), "no permissions boundary"),
        (Policies([policy()], None, policy(**STRANGER), OTHER), "no resource-based policy"),
        (Policies([], None, policy(**ROOT), OTHER), "no identity-based policy"),
        (Policies([], None, policy(**ROOT), ME.account), "no identity-based policy"),
        (Policies([policy()], None, policy(**STRANGER), ME.account, True), "no resource-based policy"),
        (
            Policies([policy()], None, policy("Deny", **EVERYBODY), ME.account),
            "explicit deny in a resource-based policy",
        ),
        (Policies([policy()], policy("Deny")), "explicit deny in a permissions boundary"),
    ],
)
def test_refusals_name_the_kind_of_policy(policies: Policies, reason: str) -> None:
    decision = decide(READ, ME, policies)
    assert not decision.allowed
    assert reason in decision.reason


@pytest.mark.parametrize(
    "policies",
    [
        Policies([policy(action="S3:getobject")]),
        Policies([{"Statement": [{"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::c/*"}]}]),
        Policies([], None, policy(**MYSELF), ME.account),
        Policies([policy()], None, policy(**ROOT), OTHER),
        Policies([policy()], None, policy(**ROOT), ME.account, True),
        Policies([policy()], policy(), None, ME.account),
        Policies([policy()], None, policy("Deny", NotPrincipal=MYSELF["Principal"]), ME.account),
    ],
)
def test_what_is_allowed(policies: Policies) -> None:
    assert decide(READ, ME, policies).allowed


def test_the_root_needs_no_identity_policy_but_the_other_accounts_consent() -> None:
    root = Principal(ME.account, frozenset({"arn:aws:iam::111111111111:root"}), is_root=True)
    assert decide(READ, root, Policies()).allowed
    assert not decide(READ, root, Policies(resource_account=OTHER)).allowed
    assert decide(READ, root, Policies(resource_account=OTHER, resource_policy=policy(**ROOT))).allowed
