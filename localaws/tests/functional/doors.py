"""Policies that let services in, as a user of AWS has to write them: without one, nothing is delivered."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from localaws.core.arn import Arn

Client = Callable[..., Any]


def statement(service: str, action: Any, resource: str, condition: dict[str, Any] | None = None) -> dict[str, Any]:
    """What lets ``service`` (``events``) do ``action`` to a resource."""
    made: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": action,
        "Resource": resource,
    }
    return {**made, "Condition": condition} if condition else made


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def open_queue(client: Client, arn: str, *services: str) -> str:
    """Let services send to a queue; returns its ARN."""
    queue = Arn.parse(arn)
    sqs = client("sqs", account=queue.account)
    policy = document(*(statement(service, "sqs:SendMessage", arn) for service in services))
    url = sqs.get_queue_url(QueueName=queue.resource)["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return arn


def open_topic(client: Client, arn: str, *services: str) -> str:
    """Let services publish to a topic; returns its ARN."""
    policy = document(*(statement(service, "sns:Publish", arn) for service in services))
    sns = client("sns", account=Arn.parse(arn).account)
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    return arn


def open_logs(client: Client, group: str, *services: str) -> None:
    """Let services write to the log groups that a name with wildcards matches."""
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    statements = (statement(service, actions, f"arn:aws:logs:*:*:log-group:{group}:*") for service in services)
    name = group.replace("/", "-").strip("-")
    client("logs").put_resource_policy(policyName=name, policyDocument=document(*statements))


def key(client: Client, *statements: dict[str, Any], account: str) -> str:
    """The ARN of a new key that its account administers and that ``statements`` let others use."""
    root = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    kms = client("kms", account=account)
    return str(kms.create_key(Policy=document(root, *statements))["KeyMetadata"]["Arn"])
