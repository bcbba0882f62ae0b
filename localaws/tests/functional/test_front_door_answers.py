"""What any client may ask of the front door: presigned URLs old and new, unknown services, things that do not run."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from botocore.auth import HmacV1QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from localaws.core.account_keys import TOKEN_HEADER
from localaws.server import Server
from tests.functional.conftest import DEV, REGION, secret_of

Make = Callable[..., Any]


@pytest.fixture
def address(server: Server, client: Make, unique: str) -> str:
    s3 = client("s3")
    s3.create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=unique, Key="a b.txt", Body=b"content")
    return f"{server.endpoint_url}/{unique}/a%20b.txt"


def _signed_by_version_2(url: str, key: str, secret: str, seconds: int) -> str:
    request = AWSRequest("GET", url)
    HmacV1QueryAuth(Credentials(key, secret), seconds).add_auth(request)
    return str(request.url)


@pytest.mark.aws_rule(
    "A request is signed by Signature Version 4 in its headers or its query",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html",
)
def test_urls_presigned_by_either_version_are_followed(server: Server, client: Make, address: str, unique: str) -> None:
    newer = client("s3").generate_presigned_url("get_object", {"Bucket": unique, "Key": "a b.txt"})
    for url in (newer, _signed_by_version_2(address, DEV, secret_of(server, DEV), 60)):
        assert requests.get(url, timeout=10).content == b"content"


@pytest.mark.aws_rule(
    "A presigned URL ends with its Expires",
    page="https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html",
)
def test_an_expired_presigned_url_is_refused(server: Server, client: Make, address: str, unique: str) -> None:
    newer = client("s3").generate_presigned_url("get_object", {"Bucket": unique, "Key": "a b.txt"}, ExpiresIn=1)
    older = _signed_by_version_2(address, DEV, secret_of(server, DEV), -1)
    deadline = time.monotonic() + 10
    while requests.get(newer, timeout=10).status_code == 200 and time.monotonic() < deadline:
        pass
    for url in (newer, older):
        answer = requests.get(url, timeout=10)
        assert (answer.status_code, "Request has expired" in answer.text) == (403, True)


def test_a_presigned_url_of_an_unknown_key_is_refused(address: str) -> None:
    answer = requests.get(_signed_by_version_2(address, "AKIAUNKNOWN", "x", 60), timeout=10)
    assert (answer.status_code, "InvalidAccessKeyId" in answer.text) == (403, True)


@pytest.mark.parametrize(
    ("service", "operation", "request_"),
    [
        ("codeartifact", "list_domains", {}),  # a service that moto lacks
        ("bedrock", "list_foundation_models", {}),  # an operation that moto lacks
        ("lambda", "invoke", {"FunctionName": "f"}),
        ("sagemaker", "create_endpoint", {"EndpointName": "e", "EndpointConfigName": "c"}),
        ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": "e", "Body": b"1"}),
        ("athena", "start_query_execution", {"QueryString": "SELECT 1"}),
        (
            "stepfunctions",
            "start_execution",
            {"stateMachineArn": "arn:aws:states:eu-west-1:111111111111:stateMachine:m"},
        ),
    ],
)
def test_what_does_not_run_says_so(client: Make, service: str, operation: str, request_: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(client(service), operation)(**request_)
    assert refused.value.response["Error"]["Code"] == "NotImplemented"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "localaws does not implement" in refused.value.response["Error"]["Message"]


def _posted(server: Server, signing_name: str, region: str = REGION, **request: Any) -> requests.Response:
    headers = {"Content-Type": "application/x-amz-json-1.1", **request.pop("headers", {})}
    signed = AWSRequest("POST", f"{server.endpoint_url}/", headers, **request)
    SigV4Auth(Credentials(DEV, secret_of(server, DEV)), signing_name, region).add_auth(signed)
    return requests.post(server.endpoint_url, headers=dict(signed.headers), timeout=10, **request)


def test_requests_that_nobody_can_read_are_refused_in_words(server: Server) -> None:
    target = {"X-Amz-Target": "SageMaker.ListModels"}
    broken = _posted(server, "sagemaker", headers=target, data="{broken")
    assert (broken.status_code, "SerializationException" in broken.text) == (400, True)
    unknown = _posted(server, "sagemaker", headers={"X-Amz-Target": "SageMaker.Nope"}, data="{}")
    assert (unknown.status_code, "does not implement sagemaker:Nope" in unknown.text) == (501, True)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    action = _posted(server, "cloudformation", headers=form, data="Action=Nope&Version=2010-05-15")
    assert (action.status_code, "NotImplemented" in action.text) == (501, True)


@pytest.mark.parametrize(
    ("header", "body"), [("Content-Length: many", ""), ("Content-Length: -5", ""), ("Transfer-Encoding: chunked", "ZZ")]
)
def test_a_body_of_no_length_is_refused_in_words(server: Server, header: str, body: str) -> None:
    host, port = server.endpoint_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"PUT /bucket/key HTTP/1.1\r\nHost: {host}\r\n{header}\r\n\r\n{body}\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b" 400 " in answer.splitlines()[0]
    assert b"body cannot be read" in answer


@pytest.mark.parametrize("service", ["sqs", "cloudformation", "ssm"])
def test_a_region_that_aws_has_not_is_refused(client: Make, service: str) -> None:
    operation = {"sqs": "list_queues", "cloudformation": "list_stacks", "ssm": "describe_parameters"}[service]
    with pytest.raises(ClientError, match="valid region, not 'mars-north-1'"):
        getattr(client(service, region="mars-north-1"), operation)()


@pytest.mark.parametrize("body", ["[1]", "{}", '{"advance_seconds": 1e300}', '{"advance_seconds": NaN}', "{"])
def test_the_clock_takes_only_what_it_can_follow(server: Server, body: str) -> None:
    before = server.cloud.clock.now()
    headers = {TOKEN_HEADER: server.cloud.control_token, "Content-Type": "application/json"}
    page = f"{server.endpoint_url}/_localaws/clock"
    assert requests.post(page, data=body, headers=headers, timeout=10).status_code == 400
    assert (server.cloud.clock.now() - before).total_seconds() < 60
