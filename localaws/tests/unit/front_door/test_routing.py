"""One operation, written in the ways in which SDKs write it; and what is not spoken is refused in its own form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.model import OperationModel
from moto.core.utils import get_service_model

from localaws.core.errors import ServiceError
from localaws.core.wire import OperationRequest
from localaws.front_door import smithy_rpc
from localaws.front_door.mistakes import failure
from localaws.front_door.protocol import parse_request, serialise_unparsed_error
from localaws.front_door.routing import called_name, find_route
from tests.unit.front_door.model_requests import environ

JSON = "application/x-amz-json-1.0"


def json_request(target: str, kind: str = JSON) -> dict[str, Any]:
    return environ("POST", "/", "", {"X-Amz-Target": target, "Content-Type": kind}, b"{}", "codeconnections")


@pytest.mark.parametrize("kind", [JSON, f"{JSON}; charset=utf-8", f"{JSON};charset=UTF-8"])
@pytest.mark.parametrize("head", ["com.amazonaws.codeconnections.CodeConnections_20231201", "CodeConnections_20231201"])
def test_a_target_with_and_without_its_namespace_is_one_operation(head: str, kind: str) -> None:
    request = json_request(f"{head}.CreateConnection", kind)
    found = find_route("codeconnections", request)
    assert found is not None
    assert (found.service, found.operation.name, found.protocol) == ("codeconnections", "CreateConnection", "json")


def test_the_target_of_another_service_is_no_operation_of_this_one() -> None:
    request = json_request("CodeBuild_20161006.StartBuild")
    assert find_route("codeconnections", request) is None
    assert called_name(request) == "StartBuild"


@pytest.mark.parametrize(
    ("version", "service"), [("2012-06-01", "elb"), ("2015-12-01", "elbv2"), ("1999-01-01", "elb")]
)
def test_services_of_one_name_are_told_apart_by_their_version(version: str, service: str) -> None:
    content = f"Action=DescribeLoadBalancers&Version={version}".encode()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    found = find_route("elasticloadbalancing", environ("POST", "/", "", form, content, "elasticloadbalancing"))
    assert found is not None
    assert found.service == service


@pytest.mark.parametrize(
    ("method", "path", "query", "service", "operation"),
    [
        ("DELETE", "/b", "inventory&id=w", "s3", "DeleteBucketInventoryConfiguration"),
        ("DELETE", "/b", "", "s3", "DeleteBucket"),
        ("PUT", "/b", "metrics&id=w", "s3", "PutBucketMetricsConfiguration"),
        ("GET", "/b/k", "torrent", "s3", "GetObjectTorrent"),
        ("GET", "/v20180820/configuration/publicAccessBlock", "", "s3control", "GetPublicAccessBlock"),
    ],
)
def test_a_subresource_of_a_bucket_is_not_the_bucket(
    method: str, path: str, query: str, service: str, operation: str
) -> None:
    request = environ(method, path, query, {"x-amz-account-id": "012345670123"}, b"", "s3")
    found = find_route("s3", request)
    assert found is not None
    assert (found.service, found.operation.name) == (service, operation)


def test_cbor_is_refused_in_cbor_by_the_operations_name() -> None:
    headers = {"Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}
    path = "/service/GraniteServiceVersion20100801/operation/ListMetrics"
    answer = smithy_rpc.refusal(environ("POST", path, "", headers, b"\xa0", "monitoring"), "monitoring")
    assert answer is not None
    assert (answer.status, answer.headers["smithy-protocol"]) == (501, "rpc-v2-cbor")
    assert b"NotImplemented" in answer.body
    assert b"call monitoring:ListMetrics as JSON" in answer.body
    assert smithy_rpc.refusal(json_request("x.y"), "codeconnections") is None
    other = smithy_rpc.refusal(environ("POST", path, "", {"Smithy-Protocol": "rpc-v2-json"}, b"", "x"), "x")
    assert other is not None
    assert json.loads(other.body)["__type"] == "NotImplemented"


def test_an_error_of_s3_without_an_operation_has_the_form_of_s3() -> None:
    answer = serialise_unparsed_error("s3", ServiceError("AccessDenied", "Access Denied", 403))
    assert b"<Error><Code>AccessDenied</Code>" in answer.body.replace(b"\n", b"")
    assert b"ErrorResponse" not in answer.body


def test_the_body_of_a_request_that_only_asks_is_left_aside() -> None:
    found = parse_request("s3", environ("GET", "/b/k", "", {}, b"hello", "s3"))
    assert found is not None
    assert (found.operation.name, found.parameters) == ("GetObject", {"Bucket": "b", "Key": "k"})


def operation(service: str, name: str) -> OperationModel:
    return get_service_model(service).operation_model(name)


@pytest.mark.parametrize(
    ("service", "name", "protocol", "parameters", "error", "code"),
    [
        ("kms", "EnableKey", "json", {"KeyId": "none"}, KeyError("none"), "NotFoundException"),
        ("kms", "EnableKey", "json", {"KeyId": "none"}, KeyError("other"), "ValidationException"),
        ("s3", "PutObject", "rest-xml", {"ACL": "fake"}, AssertionError("Unknown canned acl"), "InvalidArgument"),
        ("sns", "DeleteTopic", "query", {"TopicArn": "x"}, IndexError(), "InvalidParameter"),
        ("ec2", "RunInstances", "ec2", {}, TypeError("None"), "InvalidParameterValue"),
    ],
)
def test_what_moto_raises_for_is_told_as_the_clients_mistake(
    service: str, name: str, protocol: str, parameters: dict[str, Any], error: Exception, code: str
) -> None:
    answer = failure(OperationRequest(service, operation(service, name), protocol, parameters), error)
    assert (answer.code, answer.status) == (code, 400)
