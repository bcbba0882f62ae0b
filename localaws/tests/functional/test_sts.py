"""STS: keys that it gives are keys, and whose they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.conftest import DEV

Client = Callable[..., Any]


def keys_of(credentials: dict[str, Any]) -> dict[str, str]:
    return {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials["SessionToken"],
    }


@pytest.fixture
def user(client: Client, unique: str) -> dict[str, Any]:
    """A user's name, id, ARN and keys."""
    made = client("iam").create_user(UserName=unique)["User"]
    key = client("iam").create_access_key(UserName=unique)["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    return {"name": unique, "id": made["UserId"], "arn": made["Arn"], "keys": keys}


def refused(call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return str(error.value.response["Error"]["Code"])


def test_a_user_is_told_by_its_own_id(client: Client, user: dict[str, Any]) -> None:
    identity = client("sts", **user["keys"]).get_caller_identity()
    assert (identity["UserId"], identity["Arn"]) == (user["id"], user["arn"])
    assert client("sts").get_access_key_info(AccessKeyId=user["keys"]["aws_access_key_id"])["Account"] == DEV
    assert refused(client("sts").get_access_key_info, AccessKeyId="AKIANOBODYSKEY000000") == "ValidationError"


@pytest.mark.aws_rule(
    "The keys of GetSessionToken are their user's, and call neither IAM nor GetSessionToken again",
    page="https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html",
)
def test_a_session_token_is_its_users(client: Client, user: dict[str, Any]) -> None:
    keys = keys_of(client("sts", **user["keys"]).get_session_token()["Credentials"])
    identity = client("sts", **keys).get_caller_identity()
    assert (identity["UserId"], identity["Arn"]) == (user["id"], user["arn"])
    assert client("s3", **keys).list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert refused(client("iam", **keys).list_users) == "InvalidClientTokenId"
    assert refused(client("sts", **keys).get_session_token) == "AccessDenied"


@pytest.mark.aws_rule(
    "A federated user has the ARN of its name, may not call IAM or take on a role, and lasts twelve hours; one hour "
    "where a root asks",
    page="https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html",
)
def test_a_federation_tokens_keys_are_the_federated_users(client: Client, user: dict[str, Any]) -> None:
    answer = client("sts", **user["keys"]).get_federation_token(Name="bob")
    assert answer["FederatedUser"] == {
        "FederatedUserId": f"{DEV}:bob",
        "Arn": f"arn:aws:sts::{DEV}:federated-user/bob",
    }
    keys = keys_of(answer["Credentials"])
    identity = client("sts", **keys).get_caller_identity()
    assert (identity["UserId"], identity["Arn"]) == (f"{DEV}:bob", f"arn:aws:sts::{DEV}:federated-user/bob")
    assert client("s3", **keys).list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert refused(client("iam", **keys).list_users) == "InvalidClientTokenId"
    for call, parameters in (
        ("get_federation_token", {"Name": "again"}),
        ("assume_role", {"RoleArn": f"arn:aws:iam::{DEV}:role/any", "RoleSessionName": "any"}),
    ):
        assert refused(getattr(client("sts", **keys), call), **parameters) == "AccessDenied"
    malformed = refused(client("sts").get_federation_token, Name="bob", Policy="{}")
    assert malformed == "MalformedPolicyDocument"
    assert refused(client("sts").get_federation_token, Name="bob", DurationSeconds=7200) == "ValidationError"


@pytest.mark.aws_rule(
    "A role that is assumed by the session of another role lasts one hour at most, whatever the role allows",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining",
)
def test_a_chained_session_lasts_an_hour_at_most(client: Client, unique: str) -> None:
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{DEV}:root"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = client("iam").create_role(RoleName=unique, AssumeRolePolicyDocument=document, MaxSessionDuration=7200)
    asked = {"RoleArn": role["Role"]["Arn"], "RoleSessionName": "one"}
    session = keys_of(client("sts").assume_role(**asked, DurationSeconds=7200)["Credentials"])
    chained = client("sts", **session)
    assert refused(chained.assume_role, **asked, DurationSeconds=3601) == "ValidationError"
    assert chained.assume_role(**asked, DurationSeconds=3600)["PackedPolicySize"] == 0
