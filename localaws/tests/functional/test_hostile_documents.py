"""Documents made to exhaust whoever reads them: a client's error in words, and the server goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

from localaws.server import Server
from tests.functional.conftest import REGION

Make = Callable[..., Any]

DEEP = '{"a":' * 3000 + "1" + "}" * 3000
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 30))
LAUGHS = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "ha">{ENTITIES}]><Tagging><TagSet>&e29;</TagSet></Tagging>'

OPERATIONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a template": ("cloudformation", "create_stack", {"StackName": "deep", "TemplateBody": DEEP}),
    "a template of YAML": ("cloudformation", "validate_template", {"TemplateBody": "a: " + "[" * 900}),
    "a trust policy": ("iam", "create_role", {"RoleName": "deep", "AssumeRolePolicyDocument": DEEP}),
    "a managed policy": ("iam", "create_policy", {"PolicyName": "deep", "PolicyDocument": DEEP}),
    "an event pattern": ("events", "put_rule", {"Name": "deep", "EventPattern": DEEP}),
    "an event": ("events", "put_events", {"Entries": [{"Source": "s", "DetailType": "d", "Detail": DEEP}]}),
    "a definition": (
        "sagemaker",
        "create_pipeline",
        {"PipelineName": "deep", "PipelineDefinition": DEEP, "ClientRequestToken": "t" * 32, "RoleArn": "r" * 20},
    ),
    "a filter policy": (
        "sns",
        "subscribe",
        {"TopicArn": "arn:aws:sns:x:1:y", "Protocol": "sqs", "Attributes": {"FilterPolicy": DEEP}},
    ),
    "a queue's policy": ("sqs", "create_queue", {"QueueName": "deep", "Attributes": {"Policy": DEEP}}),
    "a secret's policy": ("secretsmanager", "put_resource_policy", {"SecretId": "s", "ResourcePolicy": DEEP}),
    "a key's policy": ("kms", "create_key", {"Policy": DEEP}),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_document_that_nests_without_end_is_the_clients_error(client: Make, name: str) -> None:
    service, operation, parameters = OPERATIONS[name]
    with pytest.raises(ClientError) as refused:
        getattr(client(service), operation)(**parameters)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert "nests deeper than 100 levels" in refused.value.response["Error"]["Message"]
    assert client("sts").get_caller_identity()["Account"]


def _send(client: Make, server: Server, service: str, method: str, path: str, body: str, **headers: str) -> Any:
    credentials = client("sts")._request_signer._credentials.get_frozen_credentials()
    request = AWSRequest(method, f"{server.endpoint_url}{path}", headers, body)
    (S3SigV4Auth if service == "s3" else SigV4Auth)(credentials, service, REGION).add_auth(request)
    return requests.request(method, request.url, headers=dict(request.headers), data=body, timeout=60)


@pytest.mark.parametrize("body", ["[" * 500_000, '{"TableName":' * 2000, '{"Item": ' + '{"M": ' * 500])
def test_a_body_of_brackets_is_refused_before_it_is_parsed(client: Make, server: Server, body: str) -> None:
    headers = {"X-Amz-Target": "DynamoDB_20120810.PutItem", "Content-Type": "application/x-amz-json-1.0"}
    answer = _send(client, server, "dynamodb", "POST", "/", body, **headers)
    assert answer.status_code == 400
    assert "Serialization" in answer.text


@pytest.mark.parametrize(
    "body", [LAUGHS, "<a>" * 200_000, "<Tagging>" + "<TagSet>" * 5000 + "</TagSet>" * 5000 + "</Tagging>"]
)
def test_xml_made_to_exhaust_its_reader_is_refused(client: Make, server: Server, unique: str, body: str) -> None:
    client("s3").create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": REGION})
    answer = _send(client, server, "s3", "PUT", f"/{unique}?tagging=", body)
    assert (answer.status_code, "MalformedXML" in answer.text) == (400, True)
    assert client("s3").head_bucket(Bucket=unique)
