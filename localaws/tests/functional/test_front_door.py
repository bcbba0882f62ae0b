"""The front door: who is calling, what is refused, what is answered for operations that nobody implements."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.core.caller import MANAGEMENT_ACCOUNT
from tests.functional.conftest import DEV, PREPROD, REGION
from tests.functional.server_process import ServerProcess

Client = Callable[..., Any]


def test_an_account_number_as_access_key_is_that_accounts_root(client: Client) -> None:
    identity = client("sts", account=PREPROD).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::{PREPROD}:root"


def test_an_unknown_access_key_is_refused_in_words(client: Client) -> None:
    with pytest.raises(ClientError) as refused:
        client("s3", aws_access_key_id="AKIAUNKNOWN", aws_secret_access_key="x").list_buckets()
    assert refused.value.response["Error"]["Code"] == "InvalidAccessKeyId"


ORGANIZATION_ROLE = f"arn:aws:iam::{PREPROD}:role/OrganizationAccountAccessRole"


@pytest.mark.aws_rule(
    "OrganizationAccountAccessRole trusts the organization's management account alone, no other member account",
    page="https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html",
)
def test_the_organization_role_leads_the_management_account_and_no_member_into_a_member_account(client: Client) -> None:
    management = client("sts", account=MANAGEMENT_ACCOUNT)
    session = management.assume_role(RoleArn=ORGANIZATION_ROLE, RoleSessionName="test")["Credentials"]
    keys = {
        "aws_access_key_id": session["AccessKeyId"],
        "aws_secret_access_key": session["SecretAccessKey"],
        "aws_session_token": session["SessionToken"],
    }
    assert client("sts", **keys).get_caller_identity()["Account"] == PREPROD
    with pytest.raises(ClientError) as refused:
        client("sts", account=DEV).assume_role(RoleArn=ORGANIZATION_ROLE, RoleSessionName="test")
    assert refused.value.response["Error"]["Code"] == "AccessDenied"


def test_an_account_may_be_named_as_the_management_account(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, [DEV, PREPROD], "eu-west-1", "--management-account", DEV)
    try:
        answer = server.client("sts", DEV).assume_role(RoleArn=ORGANIZATION_ROLE, RoleSessionName="test")
    finally:
        server.stop()
    assert answer["AssumedRoleUser"]["Arn"].endswith("OrganizationAccountAccessRole/test")


def test_a_role_that_does_not_exist_cannot_be_assumed(client: Client) -> None:
    with pytest.raises(ClientError) as refused:
        client("sts").assume_role(RoleArn=f"arn:aws:iam::{PREPROD}:role/nobody", RoleSessionName="test")
    assert refused.value.response["Error"]["Code"] == "AccessDenied"


@pytest.mark.aws_rule(
    "A role is assumed only by whom its trust policy names, whatever the caller's own policies say",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-custom.html",
)
def test_a_role_is_assumed_only_by_whom_it_trusts(client: Client, unique: str) -> None:
    stranger = {"AWS": "arn:aws:iam::999999999999:root"}
    trust = json.dumps({"Statement": [{"Effect": "Allow", "Principal": stranger, "Action": "sts:AssumeRole"}]})
    arn = client("iam").create_role(RoleName=unique, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    with pytest.raises(ClientError) as refused:
        client("sts").assume_role(RoleArn=arn, RoleSessionName="test")
    assert refused.value.response["Error"]["Code"] == "AccessDenied"


def test_an_operation_that_nobody_implements_answers_at_once(client: Client) -> None:
    started = time.monotonic()
    with pytest.raises(ClientError) as refused:
        client("codebuild").batch_get_reports(reportArns=["arn:aws:codebuild:eu-west-1:111111111111:report/x:y"])
    assert refused.value.response["Error"]["Code"] == "NotImplemented"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert time.monotonic() - started < 5


def test_accounts_are_kept_apart(client: Client, unique: str) -> None:
    client("ssm").put_parameter(Name=f"/{unique}", Value="dev", Type="String")
    with pytest.raises(ClientError):
        client("ssm", account=PREPROD).get_parameter(Name=f"/{unique}")


def test_state_outlives_the_server(tmp_path: Path, unique: str) -> None:
    first = ServerProcess(tmp_path, [DEV, PREPROD], REGION)
    first.client("ssm", DEV).put_parameter(Name=f"/{unique}", Value="kept", Type="String")
    where = {"LocationConstraint": REGION}
    first.client("s3", DEV).create_bucket(Bucket=unique, CreateBucketConfiguration=where)
    first.client("s3", DEV).put_object(Bucket=unique, Key="a", Body=b"kept", ChecksumAlgorithm="SHA256")
    first.stop()
    second = ServerProcess(tmp_path, [DEV, PREPROD], REGION)
    try:
        assert second.client("ssm", DEV).get_parameter(Name=f"/{unique}")["Parameter"]["Value"] == "kept"
        head = second.client("s3", DEV).head_object(Bucket=unique, Key="a", ChecksumMode="ENABLED")
        assert head["ContentLength"] == 4
        # another account finds the bucket too: its name is taken for everybody
        with pytest.raises(ClientError) as refused:
            second.client("s3", PREPROD).create_bucket(Bucket=unique, CreateBucketConfiguration=where)
        assert refused.value.response["Error"]["Code"] == "BucketAlreadyExists"
    finally:
        second.stop()
