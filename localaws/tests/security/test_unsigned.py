"""Requests without a signature: what AWS answers unsigned, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from localaws.server import Server
from tests.security.wire import Wire
from tests.shared_server import DEV, REGION

Client = Callable[..., Any]
TEMPLATE = '{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}'
CREDENTIAL = f"X-Amz-Credential={DEV}%2F20260101%2F{REGION}%2Fcloudformation%2Faws4_request"


@pytest.mark.parametrize(
    "target",
    [
        "/moto-api/",
        "/moto-api/data.json",
        "/moto-api/config",
        "/moto-api/reset",
        "/favicon.ico",
        "/latest/meta-data/iam/security-credentials/default",
        "/latest/api/token",
        "/",
        "/s3_us-east-1/x",
        f"/123456789012/queue?Action=DeleteQueue&{CREDENTIAL}",
        f"/?Action=CreateStack&Version=2010-05-15&StackName=x&{CREDENTIAL}",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_nothing_of_motos_and_no_operation_answers_unsigned(server: Server, target: str, method: str) -> None:
    answer = Wire(method, target).sent(server)
    assert answer.status in (400, 403, 404), answer
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_the_pages_of_moto_are_no_pages_for_signed_requests_either(server: Server, client: Client, bucket: str) -> None:
    """To S3 they are a bucket's name that is none."""
    s3 = client("s3")
    with pytest.raises(s3.exceptions.ClientError):
        s3.list_objects_v2(Bucket="moto-api")
    with pytest.raises(s3.exceptions.ClientError):
        s3.put_object(Bucket="moto-api", Key="reset", Body=b"")
    assert s3.head_object(Bucket=bucket, Key="a.txt")["ContentLength"] == 7


def test_one_image_of_a_web_page_makes_no_stack(server: Server, client: Client, unique: str) -> None:
    query = f"Action=CreateStack&Version=2010-05-15&StackName={unique}&TemplateBody={TEMPLATE}&{CREDENTIAL}"
    assert requests.get(f"{server.endpoint_url}/?{query}", timeout=10).status_code in (400, 403)
    form = {"Action": "CreateStack", "StackName": unique, "TemplateBody": TEMPLATE, "Version": "2010-05-15"}
    assert requests.post(f"{server.endpoint_url}/?{CREDENTIAL}", data=form, timeout=10).status_code in (400, 403)
    names = [each["StackName"] for each in client("cloudformation").describe_stacks()["Stacks"]]
    assert unique not in names


@pytest.mark.aws_rule(
    "An object is read unsigned where its bucket's policy lets everybody read it, and nothing else is",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html",
)
def test_a_public_object_is_read_unsigned_and_no_other(server: Server, client: Client, bucket: str) -> None:
    s3, address = client("s3"), f"{server.endpoint_url}/{bucket}"
    s3.put_object(Bucket=bucket, Key="private.txt", Body=b"secret")
    assert requests.get(f"{address}/a.txt", timeout=10).status_code == 403
    let_in(s3, bucket, "s3:GetObject", f"arn:aws:s3:::{bucket}/a.txt")
    found = requests.get(f"{address}/a.txt", timeout=10)
    assert (found.status_code, found.content) == (200, b"content")
    assert requests.head(f"{address}/a.txt", timeout=10).status_code == 200
    assert requests.get(f"{address}/a.txt?response-content-type=text/html", timeout=10).status_code == 400
    for request in (("GET", "/private.txt"), ("GET", "?list-type=2"), ("PUT", "/a.txt"), ("DELETE", "/a.txt")):
        assert requests.request(request[0], f"{address}{request[1]}", timeout=10).status_code == 403
    assert requests.get(f"{address}/a.txt?acl", timeout=10).status_code == 403
    s3.put_public_access_block(
        Bucket=bucket, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True, "IgnorePublicAcls": True}
    )
    assert requests.get(f"{address}/a.txt", timeout=10).status_code == 403


@pytest.mark.aws_rule(
    "An object whose ACL lets all users read it is read unsigned, unless public ACLs are ignored",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
)
def test_a_public_acl_lets_everybody_read(server: Server, client: Client, bucket: str) -> None:
    s3, address = client("s3"), f"{server.endpoint_url}/{bucket}/open.txt"
    s3.put_object(Bucket=bucket, Key="open.txt", Body=b"open", ACL="public-read")
    assert requests.get(address, timeout=10).content == b"open"
    denial = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [denial]}))
    assert requests.get(address, timeout=10).status_code == 403
    s3.delete_bucket_policy(Bucket=bucket)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"IgnorePublicAcls": True})
    assert requests.get(address, timeout=10).status_code == 403


@pytest.mark.parametrize("operation", ["AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"])
def test_nobody_gets_keys_for_a_token_that_nobody_verifies(server: Server, operation: str) -> None:
    form = {"Action": operation, "Version": "2011-06-15", "RoleArn": f"arn:aws:iam::{DEV}:role/any"}
    form |= {"RoleSessionName": "test", "WebIdentityToken": "token", "SAMLAssertion": "assertion"}
    form["PrincipalArn"] = f"arn:aws:iam::{DEV}:saml-provider/any"
    answer = requests.post(server.endpoint_url, data=form, timeout=10)
    assert (answer.status_code, "NotImplemented" in answer.text) == (501, True)
    assert "SecretAccessKey" not in answer.text


def let_in(s3: Any, bucket: str, action: str, resource: str) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
