"""Words for the tables of policy cases: the pages that decide them, and the principals, statements and policies that
the cases are made of."""

from __future__ import annotations

from typing import Any

from localaws.policies.principals import Principal

_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
LOGIC = f"{_IAM}/reference_policies_evaluation-logic.html"
ORDER = f"{_IAM}/reference_policies_evaluation-logic_policy-eval-denyallow.html"
ACROSS = f"{_IAM}/reference_policies_evaluation-logic-cross-account.html"
BOUNDARIES = f"{_IAM}/access_policies_boundaries.html"
SESSIONS = f"{_IAM}/access_policies.html#policies_session"
PRINCIPAL = f"{_IAM}/reference_policies_elements_principal.html"
NOT_PRINCIPAL = f"{_IAM}/reference_policies_elements_notprincipal.html"
ACTION = f"{_IAM}/reference_policies_elements_action.html"
NOT_ACTION = f"{_IAM}/reference_policies_elements_notaction.html"
RESOURCE = f"{_IAM}/reference_policies_elements_resource.html"
NOT_RESOURCE = f"{_IAM}/reference_policies_elements_notresource.html"
VARIABLES = f"{_IAM}/reference_policies_variables.html"
VERSION = f"{_IAM}/reference_policies_elements_version.html"
EFFECT = f"{_IAM}/reference_policies_elements_effect.html"
GRAMMAR = f"{_IAM}/reference_policies_grammar.html"
OPERATORS = f"{_IAM}/reference_policies_elements_condition_operators.html"
SEVERAL = f"{_IAM}/reference_policies_condition-logic-multiple-context-keys-or-values.html"
SETS = f"{_IAM}/reference_policies_condition-single-vs-multi-valued-context-keys.html"
CONDITION = f"{_IAM}/reference_policies_elements_condition.html"
KEYS = f"{_IAM}/reference_policies_condition-keys.html"
EXTERNAL_ID = f"{_IAM}/id_roles_common-scenarios_third-party.html"
DEPUTY = f"{_IAM}/confused-deputy.html"
STS_KEYS = f"{_IAM}/reference_policies_iam-condition-keys.html"
SESSION_TAGS = f"{_IAM}/id_session-tags.html"
OIDC = f"{_IAM}/id_roles_create_for-idp_oidc.html"
KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"
BUSES = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html"
STACKS = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html"
PUBLIC = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"

HERE, THERE, ELSEWHERE = "111111111111", "222222222222", "333333333333"
ROLE_ARN = f"arn:aws:iam::{HERE}:role/team/me"
SESSION_ARN = f"arn:aws:sts::{HERE}:assumed-role/me/today"
USER_ARN = f"arn:aws:iam::{HERE}:user/ann"
SESSION = Principal.of_arn(SESSION_ARN, ROLE_ARN)
USER = Principal.of_arn(USER_ARN)
ROOT = Principal.of_arn(f"arn:aws:iam::{HERE}:root")
SERVICE = Principal.service("codebuild.amazonaws.com")

Statement = dict[str, Any]


def policy(*statements: Statement, version: str | None = "2012-10-17") -> dict[str, Any]:
    return {**({"Version": version} if version else {}), "Statement": list(statements)}


def allow(action: Any = "s3:GetObject", resource: Any = "*", **members: Any) -> Statement:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **members}


def deny(action: Any = "s3:GetObject", resource: Any = "*", **members: Any) -> Statement:
    return {**allow(action, resource, **members), "Effect": "Deny"}


def to(*names: str) -> Statement:
    """A statement's Principal: ARNs or accounts."""
    return {"Principal": {"AWS": list(names)}}


def besides(*names: str) -> Statement:
    return {"NotPrincipal": {"AWS": list(names)}}


EVERYBODY: Statement = {"Principal": "*"}


def without(statement: Statement, *names: str) -> Statement:
    return {name: value for name, value in statement.items() if name not in names}
