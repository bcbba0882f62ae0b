"""Notification rules of the developer tools: events reach SNS topics in the documented shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.server import Server
from tests.functional.conftest import DEV, REGION
from tests.functional.doors import open_topic
from tests.functional.test_events import Queue, _code

Client = Callable[..., Any]
FAILED = "codepipeline-pipeline-pipeline-execution-failed"


@pytest.fixture
def topic(client: Client, unique: str) -> str:
    return open_topic(client, client("sns").create_topic(Name=unique)["TopicArn"], "codestar-notifications")


@pytest.fixture
def queue(client: Client, unique: str, topic: str) -> Queue:
    queue = Queue(client, unique)
    client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes={"RawMessageDelivery": "true"}
    )
    return queue


@pytest.fixture
def rule(client: Client, unique: str, topic: str) -> Callable[..., str]:
    def make(**changes: Any) -> str:
        created = client("codestar-notifications").create_notification_rule(
            **{
                "Name": unique,
                "EventTypeIds": [FAILED],
                "Resource": f"arn:aws:codepipeline:{REGION}:{DEV}:{unique}",
                "Targets": [{"TargetType": "SNS", "TargetAddress": topic}],
                "DetailType": "BASIC",
                **changes,
            }
        )
        return str(created["Arn"])

    return make


def _emit(server: Server, name: str, state: str) -> None:
    server.cloud.emit(
        DEV,
        REGION,
        "aws.codepipeline",
        "CodePipeline Pipeline Execution State Change",
        {"pipeline": name, "execution-id": "1", "state": state, "version": 1.0},
        [f"arn:aws:codepipeline:{REGION}:{DEV}:{name}"],
    )


def test_only_what_the_rule_asks_for_reaches_the_topic(
    server: Server, unique: str, queue: Queue, rule: Callable[..., str]
) -> None:
    arn = rule()
    _emit(server, unique, "STARTED")
    _emit(server, f"{unique}-other", "FAILED")
    _emit(server, unique, "FAILED")
    message = json.loads(queue.message()["Body"])
    assert message.pop("time").endswith("Z")
    assert message == {
        "account": DEV,
        "detailType": "CodePipeline Pipeline Execution State Change",
        "region": REGION,
        "source": "aws.codepipeline",
        "notificationRuleArn": arn,
        "detail": {"pipeline": unique, "execution-id": "1", "state": "FAILED", "version": 1.0},
        "resources": [f"arn:aws:codepipeline:{REGION}:{DEV}:{unique}"],
        "additionalAttributes": {},
    }
    assert queue.messages() == []


def test_a_push_is_notified(client: Client, unique: str, queue: Queue, rule: Callable[..., str]) -> None:
    codecommit = client("codecommit")
    repository = codecommit.create_repository(repositoryName=unique)["repositoryMetadata"]
    rule(
        Resource=repository["Arn"], EventTypeIds=["codecommit-repository-branches-and-tags-created"], DetailType="FULL"
    )
    codecommit.put_file(repositoryName=unique, branchName="main", filePath="a", fileContent=b"1")
    assert json.loads(queue.message()["Body"])["detail"]["event"] == "referenceCreated"


def test_a_disabled_rule_and_a_deleted_one_are_silent(
    client: Client, server: Server, unique: str, queue: Queue, rule: Callable[..., str]
) -> None:
    notifications, arn = client("codestar-notifications"), rule()
    # Events are notified in their order: what this one's rule sends comes after all that was emitted before.
    last = f"{unique}-last"
    rule(Name=last, Resource=f"arn:aws:codepipeline:{REGION}:{DEV}:{last}")
    for silence, changes in (
        (notifications.update_notification_rule, {"Status": "DISABLED"}),
        (notifications.delete_notification_rule, {}),
    ):
        silence(Arn=arn, **changes)
        _emit(server, unique, "FAILED")
        _emit(server, last, "FAILED")
        assert json.loads(queue.message()["Body"])["detail"]["pipeline"] == last
        assert queue.messages() == []


def test_rules_are_described_listed_tagged_and_given_targets(
    client: Client, unique: str, topic: str, rule: Callable[..., str]
) -> None:
    notifications, arn = client("codestar-notifications"), rule(Tags={"a": "1"})
    described = notifications.describe_notification_rule(Arn=arn)
    assert [entry["EventTypeId"] for entry in described["EventTypes"]] == [FAILED]
    assert described["Targets"] == [{"TargetType": "SNS", "TargetAddress": topic, "TargetStatus": "ACTIVE"}]
    filters = [{"Name": "RESOURCE", "Value": described["Resource"]}]
    assert [r["Arn"] for r in notifications.list_notification_rules(Filters=filters)["NotificationRules"]] == [arn]
    notifications.tag_resource(Arn=arn, Tags={"b": "2"})
    notifications.untag_resource(Arn=arn, TagKeys=["a"])
    assert notifications.list_tags_for_resource(Arn=arn)["Tags"] == {"b": "2"}
    notifications.unsubscribe(Arn=arn, TargetAddress=topic)
    assert notifications.describe_notification_rule(Arn=arn)["Targets"] == []


@pytest.mark.aws_rule(
    "A notification rule asks for event types of its own resource",
    page="https://docs.aws.amazon.com/dtconsole/latest/userguide/concepts.html",
)
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"EventTypeIds": ["codepipeline-pipeline-nothing"]}, "ValidationException"),
        ({"EventTypeIds": ["codebuild-project-build-state-failed"]}, "ValidationException"),
        ({"Targets": [{"TargetType": "SNS", "TargetAddress": "nowhere"}]}, "ValidationException"),
        ({"Targets": [{"TargetType": "AWSChatbotSlack", "TargetAddress": "arn:aws:chatbot::1:c"}]}, "NotImplemented"),
    ],
)
def test_a_wrong_rule_is_refused(rule: Callable[..., str], changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        rule(**changes)
    assert _code(refused) == code


def test_a_name_is_taken_once(rule: Callable[..., str]) -> None:
    rule()
    with pytest.raises(ClientError) as refused:
        rule()
    assert _code(refused) == "ResourceAlreadyExistsException"
