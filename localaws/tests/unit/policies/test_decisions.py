"""What identity, resource, boundary and session policies decide together; each row names the page that decides it."""

from __future__ import annotations

from typing import Any

import pytest

from localaws.policies.evaluation import Policies, Query, decide
from localaws.policies.principals import Principal
from tests.unit.policies.guide import (
    ACROSS,
    ACTION,
    BOUNDARIES,
    EVERYBODY,
    HERE,
    KMS,
    LOGIC,
    NOT_ACTION,
    NOT_PRINCIPAL,
    NOT_RESOURCE,
    ORDER,
    PRINCIPAL,
    RESOURCE,
    ROLE_ARN,
    ROOT,
    SERVICE,
    SESSION,
    SESSION_ARN,
    SESSIONS,
    THERE,
    USER,
    USER_ARN,
    VARIABLES,
    VERSION,
    allow,
    besides,
    deny,
    policy,
    to,
    without,
)

BUCKET = "arn:aws:s3:::b"
OBJECT = f"{BUCKET}/in/k"
ALLOWED = ""
IDENTITY, BY_RESOURCE = "no identity-based policy", "no resource-based policy"
BOUNDARY, BY_SESSION = "no permissions boundary", "no session policy"
DENIED = "explicit deny in "
HOME = f"arn:aws:iam::{HERE}:root"


def having(**policies: Any) -> Policies:
    """Identity statements are given bare; so are those of the other kinds, each as one policy."""
    made: dict[str, Any] = {
        name: policy(*policies[name]) for name in ("boundary", "resource_policy") if name in policies
    }
    if "session" in policies:
        made["session"] = [policy(*policies["session"])]
    kept = {name: value for name, value in policies.items() if name.startswith("resource_") and name not in made}
    return Policies([policy(one) for one in policies.get("identity", [])], **made, **kept)


def grants(*statements: Any, account: str = HERE, identity: Any = (), **policies: Any) -> Policies:
    return having(resource_policy=statements, resource_account=account, identity=identity, **policies)


Row = tuple[str, Principal, Policies, str]
ROWS: list[Row] = [
    # Deny first, then what allows
    (LOGIC, SESSION, having(), IDENTITY),
    (LOGIC, USER, having(identity=[allow()]), ALLOWED),
    (LOGIC, USER, having(identity=[allow("s3:PutObject")]), IDENTITY),
    (LOGIC, USER, having(identity=[allow(), deny()]), DENIED + "an identity-based policy"),
    (LOGIC, USER, having(identity=[deny(), allow()]), DENIED + "an identity-based policy"),
    (LOGIC, USER, having(identity=[allow(), deny("s3:PutObject")]), ALLOWED),
    (LOGIC, ROOT, having(), ALLOWED),
    (LOGIC, ROOT, grants(deny(**EVERYBODY)), DENIED + "a resource-based policy"),
    (ORDER, USER, grants(deny(**EVERYBODY), identity=[allow()]), DENIED + "a resource-based policy"),
    (ORDER, USER, grants(allow(**to(USER_ARN)), deny(**to(HERE))), DENIED + "a resource-based policy"),
    (ORDER, USER, having(identity=[allow()], boundary=[allow(), deny()]), DENIED + "a permissions boundary"),
    (ORDER, SESSION, having(identity=[allow()], session=[allow(), deny()]), DENIED + "a session policy"),
    # Resource policies within the account
    (ORDER, USER, grants(allow(**to(USER_ARN))), ALLOWED),
    (ORDER, SESSION, grants(allow(**to(ROLE_ARN))), ALLOWED),
    (ORDER, SESSION, grants(allow(**to(SESSION_ARN))), ALLOWED),
    (PRINCIPAL, SESSION, grants(allow(**to("arn:aws:iam::111111111111:role/me"))), IDENTITY),
    (PRINCIPAL, SESSION, grants(allow(**to(SESSION_ARN + "-2"))), IDENTITY),
    (PRINCIPAL, USER, grants(allow(**to(HERE))), IDENTITY),
    (PRINCIPAL, USER, grants(allow(**to(HOME))), IDENTITY),
    (PRINCIPAL, USER, grants(allow(**to(HOME)), identity=[allow()]), ALLOWED),
    (PRINCIPAL, USER, grants(allow(**EVERYBODY)), ALLOWED),
    (PRINCIPAL, USER, grants(allow(Principal={"AWS": "*"})), ALLOWED),
    (PRINCIPAL, USER, grants(allow(Principal={"Service": "s3.amazonaws.com"})), IDENTITY),
    (PRINCIPAL, USER, grants(allow(Principal={"Federated": "cognito-identity.amazonaws.com"})), IDENTITY),
    (PRINCIPAL, USER, grants(allow(**to(THERE, USER_ARN))), ALLOWED),
    (PRINCIPAL, SERVICE, grants(allow(Principal={"Service": "codebuild.amazonaws.com"})), ALLOWED),
    (PRINCIPAL, SERVICE, grants(allow(Principal={"Service": ["a.amazonaws.com", "b.amazonaws.com"]})), BY_RESOURCE),
    (PRINCIPAL, SERVICE, grants(allow(**to(HERE))), BY_RESOURCE),
    (PRINCIPAL, SERVICE, grants(allow(**EVERYBODY)), ALLOWED),
    (PRINCIPAL, SERVICE, having(), BY_RESOURCE),
    # Permissions boundaries
    (BOUNDARIES, USER, having(identity=[allow()], boundary=[allow("ec2:*")]), BOUNDARY),
    (BOUNDARIES, USER, having(identity=[allow()], boundary=[allow("s3:*")]), ALLOWED),
    (BOUNDARIES, USER, having(boundary=[allow()]), IDENTITY),
    (BOUNDARIES, USER, grants(allow(**to(USER_ARN)), boundary=[allow("ec2:*")]), ALLOWED),
    (BOUNDARIES, SESSION, grants(allow(**to(ROLE_ARN)), boundary=[allow("ec2:*")]), BOUNDARY),
    (BOUNDARIES, SESSION, grants(allow(**to(SESSION_ARN)), boundary=[allow("ec2:*")]), ALLOWED),
    (BOUNDARIES, SESSION, grants(allow(**to(SESSION_ARN)), boundary=[deny()]), DENIED + "a permissions boundary"),
    (BOUNDARIES, SESSION, grants(allow(**EVERYBODY), boundary=[allow("ec2:*")]), BOUNDARY),
    # Session policies
    (SESSIONS, SESSION, having(identity=[allow()], session=[allow("s3:Get*")]), ALLOWED),
    (SESSIONS, SESSION, having(identity=[allow("s3:*")], session=[allow("s3:PutObject")]), BY_SESSION),
    (SESSIONS, SESSION, having(session=[allow()]), IDENTITY),
    (SESSIONS, SESSION, grants(allow(**to(ROLE_ARN)), session=[allow("s3:PutObject")]), BY_SESSION),
    (SESSIONS, SESSION, grants(allow(**to(ROLE_ARN)), session=[allow()]), ALLOWED),
    (SESSIONS, SESSION, grants(allow(**to(SESSION_ARN)), session=[allow("s3:PutObject")]), ALLOWED),
    (SESSIONS, SESSION, Policies([policy(allow())], session=[policy(allow("a:b")), policy(allow())]), ALLOWED),
    # Another account's resource
    (ACROSS, USER, Policies([policy(allow())], resource_account=THERE), BY_RESOURCE),
    (ACROSS, USER, grants(allow(**to(USER_ARN)), account=THERE), IDENTITY),
    (ACROSS, USER, grants(allow(**to(USER_ARN)), account=THERE, identity=[allow()]), ALLOWED),
    (ACROSS, USER, grants(allow(**to(HERE)), account=THERE, identity=[allow()]), ALLOWED),
    (ACROSS, USER, grants(allow(**EVERYBODY), account=THERE), IDENTITY),
    (ACROSS, USER, grants(allow(**to(THERE)), account=THERE, identity=[allow()]), BY_RESOURCE),
    (ACROSS, SESSION, grants(allow(**to(SESSION_ARN)), account=THERE), IDENTITY),
    (ACROSS, SESSION, grants(allow(**to(ROLE_ARN)), account=THERE, identity=[allow()], session=[allow("a:b")]),
     BY_SESSION),
    (ACROSS, USER, grants(allow(**to(HERE)), account=THERE, identity=[allow()], boundary=[allow("a:b")]), BOUNDARY),
    (ACROSS, ROOT, grants(allow(**to(HOME)), account=THERE), ALLOWED),
    (ACROSS, ROOT, Policies(resource_account=THERE), BY_RESOURCE),
    (ACROSS, USER, grants(allow(**to(HERE)), deny(**to(USER_ARN)), account=THERE, identity=[allow()]),
     DENIED + "a resource-based policy"),
    # Keys: the account's own policies count only where the key's policy lets them
    (KMS, USER, grants(allow(**to(THERE)), identity=[allow()], resource_policy_decides=True), BY_RESOURCE),
    (KMS, USER, grants(allow(**to(HOME)), identity=[allow()], resource_policy_decides=True), ALLOWED),
    (KMS, USER, grants(allow(**to(HOME)), resource_policy_decides=True), IDENTITY),
    (KMS, USER, grants(allow(**to(USER_ARN)), resource_policy_decides=True), ALLOWED),
    (KMS, ROOT, grants(allow(**to(USER_ARN)), resource_policy_decides=True), BY_RESOURCE),
    # NotPrincipal
    (NOT_PRINCIPAL, USER, grants(deny(**besides(USER_ARN, HOME)), identity=[allow()]), ALLOWED),
    (NOT_PRINCIPAL, USER, grants(deny(**besides(USER_ARN)), identity=[allow()]), DENIED + "a resource-based policy"),
    (NOT_PRINCIPAL, USER, grants(deny(**besides(HOME)), identity=[allow()]), DENIED + "a resource-based policy"),
    (NOT_PRINCIPAL, USER, grants(deny(**besides(THERE)), identity=[allow()]), DENIED + "a resource-based policy"),
    (NOT_PRINCIPAL, SESSION, grants(deny(**besides(ROLE_ARN, HERE)), identity=[allow()]), ALLOWED),
    (NOT_PRINCIPAL, SESSION, grants(deny(**besides(SESSION_ARN, HERE)), identity=[allow()]), DENIED),
    (NOT_PRINCIPAL, USER, grants(deny(**besides(USER_ARN, HERE)), identity=[allow()], boundary=[allow()]), DENIED),
    (NOT_PRINCIPAL, ROOT, grants(deny(**besides(HOME))), ALLOWED),
    (NOT_PRINCIPAL, SERVICE, grants(allow(**EVERYBODY), deny(**besides(HOME))), DENIED),
    (NOT_PRINCIPAL, SERVICE, grants(allow(**EVERYBODY), without(deny(NotPrincipal={"Service": SERVICE.name}))),
     ALLOWED),
    # Actions
    (ACTION, USER, having(identity=[allow("S3:getobject")]), ALLOWED),
    (ACTION, USER, having(identity=[allow("s3:*Object")]), ALLOWED),
    (ACTION, USER, having(identity=[allow("s3:Get?bject")]), ALLOWED),
    (ACTION, USER, having(identity=[allow("s3:Get?")]), IDENTITY),
    (ACTION, USER, having(identity=[allow("*")]), ALLOWED),
    (ACTION, USER, having(identity=[allow("*:Get*")]), ALLOWED),
    (ACTION, USER, having(identity=[allow(["ec2:*", "s3:GetObject"])]), ALLOWED),
    (ACTION, USER, having(identity=[allow("s3:GetObjectVersion")]), IDENTITY),
    (NOT_ACTION, USER, having(identity=[without({**allow(), "NotAction": "iam:*"}, "Action")]), ALLOWED),
    (NOT_ACTION, USER, having(identity=[without({**allow(), "NotAction": "s3:*"}, "Action")]), IDENTITY),
    (NOT_ACTION, USER, having(identity=[allow(), without({**deny(), "NotAction": "S3:Get*"}, "Action")]), ALLOWED),
    (NOT_ACTION, USER, having(identity=[allow(), without({**deny(), "NotAction": ["iam:*"]}, "Action")]), DENIED),
    # Resources
    (RESOURCE, USER, having(identity=[allow(resource=f"{BUCKET}/*")]), ALLOWED),
    (RESOURCE, USER, having(identity=[allow(resource=f"{BUCKET}/in/?")]), ALLOWED),
    (RESOURCE, USER, having(identity=[allow(resource=f"{BUCKET}/IN/*")]), IDENTITY),
    (RESOURCE, USER, having(identity=[allow(resource=BUCKET)]), IDENTITY),
    (RESOURCE, USER, having(identity=[allow(resource=["arn:aws:s3:::c/*", "arn:*:s3:::b/*"])]), ALLOWED),
    (NOT_RESOURCE, USER, having(identity=[without({**allow(), "NotResource": "arn:aws:s3:::c/*"}, "Resource")]),
     ALLOWED),
    (NOT_RESOURCE, USER, having(identity=[allow(), without({**deny(), "NotResource": f"{BUCKET}/in/*"}, "Resource")]),
     ALLOWED),
    (NOT_RESOURCE, USER, having(identity=[allow(), without({**deny(), "NotResource": f"{BUCKET}/out/*"}, "Resource")]),
     DENIED),
    # Policy variables
    (VARIABLES, USER, having(identity=[allow(resource=f"{BUCKET}/${{aws:username}}/k")]), ALLOWED),
    (VARIABLES, USER, having(identity=[allow(resource=f"{BUCKET}/${{aws:USERNAME}}/*")]), ALLOWED),
    (VARIABLES, USER, having(identity=[allow(resource=f"{BUCKET}/${{aws:PrincipalTag/team}}*")]), IDENTITY),
    (VARIABLES, USER, having(identity=[allow(resource=f"{BUCKET}/${{aws:PrincipalTag/team, 'in'}}/*")]), ALLOWED),
    (VARIABLES, USER, having(identity=[allow(resource=f"{BUCKET}/${{*}}")]), IDENTITY),
    (VERSION, USER, Policies([policy(allow(resource=f"{BUCKET}/${{aws:username}}/k"), version=None)]), IDENTITY),
    (VERSION, USER, Policies([policy(allow(resource=f"{BUCKET}/${{aws:username}}/k"), version="2008-10-17")]),
     IDENTITY),
]  # fmt: skip


@pytest.mark.aws_rule(
    "Everything is denied unless a policy allows it, and an explicit deny in any policy wins",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html",
)
@pytest.mark.aws_rule(
    "Within an account a resource-based policy that names the user or session allows by itself; one that names the "
    "account does not",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html",
)
@pytest.mark.aws_rule(
    "For another account's resource both the identity-based and the resource-based policy must allow",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html",
)
@pytest.mark.aws_rule(
    "A permissions boundary grants nothing; it limits a role even where a resource-based policy names the role",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
)
@pytest.mark.aws_rule(
    "A session policy limits its session and grants nothing",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session",
)
@pytest.mark.aws_rule(
    "An account's own policies count for a KMS key only where the key's policy lets that account use IAM policies",
    page="https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html",
)
@pytest.mark.aws_rule(
    "NotPrincipal with Deny must name the role's or user's ARN and its account, or it denies them as well",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html",
)
@pytest.mark.aws_rule(
    "Actions match without regard to case and with wildcards; resources match with regard to case",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html",
)
@pytest.mark.parametrize(("page", "principal", "policies", "reason"), ROWS)
def test_what_policies_decide_together(page: str, principal: Principal, policies: Policies, reason: str) -> None:
    decision = decide(Query("s3:GetObject", OBJECT, {"aws:username": ("in",)}), principal, policies)
    assert decision.allowed is (reason == ALLOWED), (page, decision.reason)
    assert reason in decision.reason, page
