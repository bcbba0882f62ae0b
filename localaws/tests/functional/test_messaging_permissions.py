"""With IAM enforced, services deliver to queues only as the queues' policies let them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.functional.conftest import DEV, REGION
from tests.functional.server_process import ServerProcess

Client = Callable[[str], Any]


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Clients of a server that enforces IAM."""
    server = ServerProcess(tmp_path_factory.mktemp("aws"), [DEV], REGION, "--enforce-iam")
    yield lambda service: server.client(service, DEV)
    server.stop()


def _queue(strict: Client, name: str, service: str | None, source_arn: str = "*") -> tuple[str, str]:
    """URL and ARN of a queue whose policy lets ``service`` in on behalf of ``source_arn``."""
    url = strict("sqs").create_queue(QueueName=name)["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{DEV}:{name}"
    if service is not None:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnLike": {"aws:SourceArn": source_arn}},
        }
        strict("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Statement": [statement]})})
    return url, arn


def _message(strict: Client, url: str) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = strict("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages", [])
        if found:
            return dict(found[0])
        time.sleep(0.05)
    raise AssertionError("no message came")


@pytest.mark.aws_rule(
    "EventBridge sends to a queue, as a target and as a dead-letter queue, only as the queue's policy lets it",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html",
)
def test_eventbridge_needs_the_policy_of_the_queue(strict: Client, unique: str) -> None:
    events = strict("events")
    rule = events.put_rule(Name=unique, EventPattern=json.dumps({"source": [unique]}))["RuleArn"]
    open_url, open_arn = _queue(strict, f"{unique}-open", "events.amazonaws.com", rule)
    dead_url, dead_arn = _queue(strict, f"{unique}-dead", "events.amazonaws.com", rule)
    _, closed_arn = _queue(strict, f"{unique}-closed", "events.amazonaws.com", f"{rule}-other")
    targets = [
        {"Id": "open", "Arn": open_arn},
        {"Id": "closed", "Arn": closed_arn, "DeadLetterConfig": {"Arn": dead_arn}},
    ]
    events.put_targets(Rule=unique, Targets=targets)
    events.put_events(Entries=[{"Source": unique, "DetailType": "T", "Detail": "{}"}])
    assert json.loads(_message(strict, open_url)["Body"])["source"] == unique
    dead = _message(strict, dead_url)["MessageAttributes"]
    assert dead["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert dead["TARGET_ARN"]["StringValue"] == closed_arn


@pytest.mark.aws_rule(
    "A topic sends to a queue only as the queue's policy lets sns.amazonaws.com",
    page="https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html",
)
def test_a_topic_needs_the_policy_of_the_queue(strict: Client, unique: str) -> None:
    sns = strict("sns")
    topic = sns.create_topic(Name=unique)["TopicArn"]
    dead_url, dead_arn = _queue(strict, f"{unique}-dead", "sns.amazonaws.com", topic)
    _, closed_arn = _queue(strict, f"{unique}-closed", None)
    redrive = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_arn}), "RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=closed_arn, Attributes=redrive)
    sns.publish(TopicArn=topic, Message="refused there")
    assert _message(strict, dead_url)["Body"] == "refused there"
