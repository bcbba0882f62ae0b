"""What a role's session is given along, and what goes on from role to role."""

from __future__ import annotations

from typing import Any

import pytest

from localaws.core.errors import ServiceError
from localaws.services.sts.sessions import inherited, session_policies

FORMER = {"Tags": {"Team": "a", "cost": "1"}, "TransitiveTagKeys": ["Team"], "SourceIdentity": "ann"}
ROLE = "arn:aws:iam::111111111111:role/r"


def tags(**values: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in values.items()]


@pytest.mark.aws_rule(
    "Transitive session tags and the source identity go on from role to role",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html",
)
def test_transitive_tags_and_the_source_identity_go_on_from_role_to_role() -> None:
    session = inherited({"Tags": tags(stage="dev")}, FORMER)
    assert session.kept == {
        "Tags": {"Team": "a", "stage": "dev"},
        "TransitiveTagKeys": ["Team"],
        "SourceIdentity": "ann",
    }
    assert session.given == {"SourceIdentity": "ann"}
    assert inherited({}, {}).kept == {}


@pytest.mark.aws_rule(
    "Transitive session tags and the source identity go on from role to role",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html",
)
@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"Tags": tags(team="b")}, "InvalidParameterValue"),
        ({"SourceIdentity": "bob"}, "AccessDenied"),
        ({"Tags": [*tags(a="1"), *tags(A="2")]}, "InvalidParameterValue"),
        ({"TransitiveTagKeys": ["stage"]}, "InvalidParameterValue"),
    ],
)
def test_what_a_session_cannot_change_or_repeat(request_: dict[str, Any], code: str) -> None:
    with pytest.raises(ServiceError) as refused:
        inherited(request_, FORMER)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ("{}", "MalformedPolicyDocument"),
        ('{"Statement": {"Effect": "Allow", "Action": "s3:*"}}', "MalformedPolicyDocument"),
        (" " * 2049, "PackedPolicyTooLarge"),
    ],
)
def test_a_session_policy_that_is_none_is_refused(policy: str, code: str) -> None:
    with pytest.raises(ServiceError) as refused:
        session_policies({"Policy": policy}, ROLE)
    assert refused.value.code == code


def test_a_session_without_policies_is_not_limited() -> None:
    assert session_policies({}, ROLE) == []
