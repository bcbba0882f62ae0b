"""SNS and SQS among themselves: filters, raw delivery, other accounts, confirmation, and what people are mailed."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError

from localaws.server import Server
from tests.functional.conftest import DEV, PREPROD, REGION
from tests.functional.server_process import page
from tests.functional.test_events import Queue, _code

Client = Callable[..., Any]


@pytest.fixture
def topic(client: Client, unique: str) -> str:
    return str(client("sns").create_topic(Name=unique)["TopicArn"])


@pytest.fixture
def queue(client: Client, unique: str) -> Queue:
    return Queue(client, unique)


def _mail(server: Server, address: str) -> list[dict[str, Any]]:
    found = page(server.endpoint_url, server.cloud.control_token, f"/_localaws/mail?to={quote(address)}")
    messages: list[dict[str, Any]] = found["messages"]
    return messages


def test_a_queue_receives_the_notification_document(client: Client, topic: str, queue: Queue) -> None:
    sns = client("sns")
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)["SubscriptionArn"]
    assert sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)["SubscriptionArn"] == arn
    attributes = {"kind": {"DataType": "String", "StringValue": "x"}}
    sent = sns.publish(TopicArn=topic, Subject="S", Message="text", MessageAttributes=attributes)
    document = json.loads(queue.message()["Body"])
    assert document["MessageId"] == sent["MessageId"]
    assert (document["Type"], document["TopicArn"]) == ("Notification", topic)
    assert (document["Subject"], document["Message"]) == ("S", "text")
    assert document["MessageAttributes"] == {"kind": {"Type": "String", "Value": "x"}}
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsConfirmed"] == "1"


def test_raw_delivery_passes_the_message_and_its_attributes(client: Client, topic: str, queue: Queue) -> None:
    sns = client("sns")
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)["SubscriptionArn"]
    sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="RawMessageDelivery", AttributeValue="true")
    attributes = {"kind": {"DataType": "String", "StringValue": "x"}}
    texts = json.dumps({"default": "d", "sqs": "for queues"})
    sns.publish(TopicArn=topic, Message=texts, MessageStructure="json", MessageAttributes=attributes)
    message = queue.message()
    assert message["Body"] == "for queues"
    assert message["MessageAttributes"]["kind"]["StringValue"] == "x"


@pytest.mark.parametrize("scope", ["MessageAttributes", "MessageBody"])
def test_a_filter_policy_lets_through_only_what_matches(client: Client, topic: str, queue: Queue, scope: str) -> None:
    policy = {"state": [{"prefix": "fail"}], "count": [{"numeric": [">", 3]}]}
    options = {"FilterPolicy": json.dumps(policy), "FilterPolicyScope": scope, "RawMessageDelivery": "true"}
    sns = client("sns")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes=options)
    for state, count in (("failed", 3), ("ok", 4), ("failed", 4)):
        attributes = {
            "state": {"DataType": "String", "StringValue": state},
            "count": {"DataType": "Number", "StringValue": str(count)},
        }
        body = json.dumps({"state": state, "count": count})
        sns.publish(TopicArn=topic, Message=body, **({"MessageAttributes": attributes} if "A" in scope else {}))
    assert json.loads(queue.message()["Body"]) == {"state": "failed", "count": 4}
    assert queue.messages() == []


def test_a_queue_of_another_account_subscribes_itself(client: Client, topic: str, unique: str) -> None:
    there = Queue(client, unique, PREPROD)
    client("sns", account=PREPROD).subscribe(TopicArn=topic, Protocol="sqs", Endpoint=there.arn)
    client("sns").publish(TopicArn=topic, Message="across")
    assert json.loads(there.message()["Body"])["Message"] == "across"


def test_a_queue_that_another_account_subscribes_is_asked_first(
    client: Client, server: Server, topic: str, unique: str
) -> None:
    there, sns = Queue(client, unique, PREPROD), client("sns")
    answer = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=there.arn)["SubscriptionArn"]
    assert answer == "pending confirmation"
    asked = json.loads(there.message()["Body"])
    assert asked["Type"] == "SubscriptionConfirmation"
    sns.publish(TopicArn=topic, Message="too early")
    assert there.messages() == []
    client("sns", account=PREPROD).confirm_subscription(TopicArn=topic, Token=asked["Token"])
    sns.publish(TopicArn=topic, Message="now")
    assert json.loads(there.message()["Body"])["Message"] == "now"


def test_what_an_approver_is_mailed_can_be_read(client: Client, server: Server, topic: str, unique: str) -> None:
    sns, address = client("sns"), f"{unique}@example.com"
    assert (
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address)["SubscriptionArn"] == "pending confirmation"
    )
    assert (
        sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"][0]["SubscriptionArn"] == "PendingConfirmation"
    )
    sns.publish(TopicArn=topic, Subject="Approval needed", Message="Please look")
    confirmation, early = _mail(server, address)
    assert (confirmation["kind"], early["text"], early["delivered"]) == ("confirmation", "Please look", False)
    link = confirmation["text"].split(" ")[-1]
    with urllib.request.urlopen(link, timeout=10) as answer:
        assert b"confirmed" in answer.read()
    sns.publish(TopicArn=topic, Subject="Approval needed", Message="Once more")
    assert [mail["delivered"] for mail in _mail(server, address)] == [True, False, True]
    assert _mail(server, address)[-1]["subject"] == "Approval needed"


def test_what_a_queue_does_not_take_goes_to_the_dead_letters_of_the_subscription(
    client: Client, topic: str, queue: Queue, unique: str
) -> None:
    gone = f"arn:aws:sqs:{REGION}:{DEV}:{unique}-gone"
    policy = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": queue.arn}), "RawMessageDelivery": "true"}
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=gone, Attributes=policy)
    client("sns").publish(TopicArn=topic, Message="lost")
    assert queue.message()["Body"] == "lost"


def test_a_fifo_topic_keeps_groups(client: Client, unique: str) -> None:
    sns, queue = client("sns"), Queue(client, f"{unique}.fifo")
    topic = sns.create_topic(Name=f"{unique}.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    with pytest.raises(ClientError) as refused:
        sns.publish(TopicArn=topic, Message="m")
    assert _code(refused) == "InvalidParameter"
    sns.publish(TopicArn=topic, Message="m", MessageGroupId="g", MessageDeduplicationId="1")
    assert json.loads(queue.message()["Body"])["Message"] == "m"


def test_a_fifo_topic_delivers_the_same_message_once(client: Client, unique: str) -> None:
    sns, queue = client("sns"), Queue(client, f"{unique}.fifo")
    options = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    topic = sns.create_topic(Name=f"{unique}.fifo", Attributes=options)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes={"RawMessageDelivery": "true"})
    answers = [sns.publish(TopicArn=topic, Message="same", MessageGroupId="g")["MessageId"] for _ in range(2)]
    sns.publish(TopicArn=topic, Message="other", MessageGroupId="g")
    assert answers[0] == answers[1]
    assert [queue.message()["Body"], queue.message()["Body"]] == ["same", "other"]


def test_a_topic_is_reached_in_its_own_region_by_a_whole_arn(client: Client, topic: str) -> None:
    other = client("sns", region="us-east-1")
    for call, parameters in (
        (other.publish, {"TopicArn": topic, "Message": "m"}),
        (other.subscribe, {"TopicArn": topic, "Protocol": "email", "Endpoint": "a@example.org"}),
        (other.get_topic_attributes, {"TopicArn": topic}),
        (client("sns").get_topic_attributes, {"TopicArn": "topic"}),
        (client("sns").tag_resource, {"ResourceArn": topic, "Tags": [{"Key": "a", "Value": v} for v in "12"]}),
    ):
        with pytest.raises(ClientError) as refused:
            call(**parameters)
        assert _code(refused) == "InvalidParameter"


def test_a_topic_of_the_same_name_is_the_same_or_refused(client: Client, unique: str) -> None:
    sns = client("sns")
    made = sns.create_topic(Name=unique, Attributes={"DisplayName": "one"})["TopicArn"]
    assert sns.create_topic(Name=unique)["TopicArn"] == made
    assert sns.create_topic(Name=unique, Attributes={"DisplayName": "one"})["TopicArn"] == made
    with pytest.raises(ClientError, match="already exists with different attributes"):
        sns.create_topic(Name=unique, Attributes={"DisplayName": "two"})


def test_a_batch_reports_each_entry(client: Client, topic: str, queue: Queue) -> None:
    sns = client("sns")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes={"RawMessageDelivery": "true"})
    entries = [{"Id": "good", "Message": "m"}, {"Id": "bad", "Message": "m", "Subject": "x" * 101}]
    answer = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert [entry["Id"] for entry in answer["Successful"]] == ["good"]
    assert [entry["Id"] for entry in answer["Failed"]] == ["bad"]
    assert queue.message()["Body"] == "m"


@pytest.mark.aws_rule(
    "A subscription needs a known protocol, an endpoint of it and well-formed policies",
    page="https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html",
)
@pytest.mark.aws_rule(
    "A message is neither empty nor, as JSON, without a default",
    page="https://docs.aws.amazon.com/sns/latest/api/API_Publish.html",
)
def test_wrong_subscriptions_and_messages_are_refused(client: Client, topic: str, queue: Queue) -> None:
    sns = client("sns")
    subscribe = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue.arn}
    for changes, code in (
        ({"TopicArn": f"{topic}-absent"}, "NotFound"),
        ({"Protocol": "pigeon"}, "InvalidParameter"),
        ({"Protocol": "lambda"}, "NotImplemented"),
        ({"Endpoint": "nowhere"}, "InvalidParameter"),
        ({"Attributes": {"FilterPolicy": '{"a": "b"}'}}, "InvalidParameter"),
        ({"Attributes": {"RedrivePolicy": "{}"}}, "InvalidParameter"),
    ):
        with pytest.raises(ClientError) as refused:
            sns.subscribe(**{**subscribe, **changes})
        assert _code(refused) == code, changes
    for message in ({"Message": ""}, {"Message": "{}", "MessageStructure": "json"}, {"Message": "m", "Subject": ""}):
        with pytest.raises(ClientError) as refused:
            sns.publish(TopicArn=topic, **message)
        assert _code(refused) == "InvalidParameter", message


def test_subscriptions_end(client: Client, topic: str, queue: Queue) -> None:
    sns = client("sns")
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)["SubscriptionArn"]
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["PendingConfirmation"] == "false"
    sns.unsubscribe(SubscriptionArn=arn)
    sns.publish(TopicArn=topic, Message="nobody listens")
    assert queue.messages() == []
    with pytest.raises(ClientError) as refused:
        sns.get_subscription_attributes(SubscriptionArn=arn)
    assert _code(refused) == "NotFound"
