"""What becomes of a stack that something interrupts: a server that ends, a rollback that fails, a deletion."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from localaws.assembly import assemble
from localaws.core.caller import Caller
from localaws.core.cloud import Cloud
from localaws.services.cloudformation.engine import Engine
from localaws.services.cloudformation.records import Records
from localaws.services.cloudformation.stack_operations import new_stack
from tests.functional.conftest import DEV, REGION
from tests.functional.stacks import HANDLE, Stacks, parameter, refused, resources

Client = Callable[..., Any]
ROOT = Caller.root(DEV, REGION)
_FIELDS = (
    "Capabilities",
    "Description",
    "Imports",
    "NotificationARNs",
    "Outputs",
    "Parameters",
    "RoleARN",
    "Tags",
    "TemplateBody",
)


@pytest.fixture
def stacks(client: Client) -> Stacks:
    return Stacks(client("cloudformation"))


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    cloud = assemble(None, tmp_path, [DEV]).cloud
    yield cloud
    cloud.stop()


def _interrupted(cloud: Cloud, name: str, status: str, **fields: Any) -> None:
    """A stack as a server leaves it that was killed when the first of two resources was there."""
    cloud.client("ssm", ROOT).put_parameter(Name=f"/{name}", Value="new", Type="String")
    stack = new_stack(cloud, ROOT, name)
    record: dict[str, Any] = {
        "Type": "AWS::SSM::Parameter",
        "PhysicalId": f"/{name}",
        "Properties": {"Name": f"/{name}", "Type": "String", "Value": "new"},
        "Status": "CREATE_COMPLETE",
        "Dependencies": [],
        "Updated": cloud.clock.now(),
    }
    template = resources(P=parameter(f"/{name}", "new"), H=HANDLE)
    stack.update(TemplateBody=json.dumps(template), Resources={"P": record}, StackStatus=status, **fields)
    if "Previous" in fields:
        before = {**record, "Properties": {**record["Properties"], "Value": "old"}}
        kept: dict[str, Any] = {key: stack.get(key) for key in fields["Previous"]}
        stack["Previous"] = {**kept, "Resources": {"P": before}}
    Records(cloud).stacks.put(stack["Key"], stack)


@pytest.mark.parametrize(
    ("status", "ended", "value"),
    [
        ("CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE", None),
        ("ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE", None),
        ("UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE", "old"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE", "new"),
        ("DELETE_IN_PROGRESS", "DELETE_COMPLETE", None),
        ("REVIEW_IN_PROGRESS", "REVIEW_IN_PROGRESS", "new"),
    ],
)
def test_no_stack_stays_in_progress_after_a_restart(
    cloud: Cloud, unique: str, status: str, ended: str, value: str | None
) -> None:
    _interrupted(cloud, unique, status, **({"Previous": _FIELDS} if status.startswith("UPDATE") else {}))
    cloud.start("http://127.0.0.1:1")
    deadline = time.monotonic() + 30
    records = Records(cloud)
    while (stack := records.all_stacks(ROOT)[0])["StackStatus"] != ended:
        assert time.monotonic() < deadline, stack["StackStatus"]
        time.sleep(0.02)
    found = cloud.client("ssm", ROOT).get_parameters(Names=[f"/{unique}"])["Parameters"]
    assert [each["Value"] for each in found] == ([value] if value else [])
    if status == "CREATE_IN_PROGRESS":
        reasons = [event.get("ResourceStatusReason") for event in records.events_of(stack)]
        assert "The server stopped while this operation was under way." in reasons


@pytest.mark.parametrize(
    ("status", "wish", "ended", "reason"),
    [
        ("UPDATE_IN_PROGRESS", {"CancelRequested": True}, "UPDATE_ROLLBACK_COMPLETE", "User Initiated"),
        ("CREATE_IN_PROGRESS", {"DeletionRequested": True}, "DELETE_COMPLETE", "User Initiated"),
        ("CREATE_IN_PROGRESS", {"TimeoutInMinutes": 1}, "ROLLBACK_COMPLETE", "exceeded the specified timeout"),
    ],
)
def test_a_running_stack_stops_when_it_is_told_to(
    cloud: Cloud, unique: str, status: str, wish: dict[str, Any], ended: str, reason: str
) -> None:
    _interrupted(cloud, unique, status, **wish, **({"Previous": _FIELDS} if status.startswith("UPDATE") else {}))
    cloud.clock.advance(120)
    records = Records(cloud)
    Engine(cloud, records).run(records.all_stacks(ROOT)[0]["Key"])
    stack = records.all_stacks(ROOT)[0]
    assert stack["StackStatus"] == ended
    assert any(reason in str(event.get("ResourceStatusReason")) for event in records.events_of(stack))


@pytest.mark.aws_rule(
    "A stack in UPDATE_ROLLBACK_FAILED is continued, with resources to skip",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html",
)
def test_a_failed_rollback_continues_without_what_cannot_be_restored(
    stacks: Stacks, client: Client, unique: str
) -> None:
    def template(days: int) -> dict[str, Any]:
        group = {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": unique, "RetentionInDays": days},
        }
        return resources(Group=group)

    bad = template(30)
    bad["Resources"]["Bad"] = {"Type": "AWS::SNS::Topic", "Properties": {"No": 1}, "DependsOn": "Group"}
    stacks.create(unique, template(7))
    assert stacks.update(unique, bad, DisableRollback=True)["StackStatus"] == "UPDATE_FAILED"
    client("logs").delete_log_group(logGroupName=unique)
    stacks.client.rollback_stack(StackName=unique)
    assert stacks.rest(unique)["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    _, message = refused(stacks.client.update_stack, StackName=unique, TemplateBody=json.dumps(template(7)))
    assert "is in UPDATE_ROLLBACK_FAILED state and can not be updated." in message
    stacks.client.continue_update_rollback(StackName=unique, ResourcesToSkip=["Group"])
    assert stacks.rest(unique)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


def test_a_failed_update_without_rollback_can_be_mended(stacks: Stacks, unique: str) -> None:
    stacks.create(unique, resources(P=parameter(f"/{unique}", "1")))
    bad = resources(P=parameter(f"/{unique}", "2"), Bad={"Type": "AWS::SNS::Topic", "Properties": {"No": 1}})
    assert stacks.update(unique, bad, DisableRollback=True)["StackStatus"] == "UPDATE_FAILED"
    good = resources(P=parameter(f"/{unique}", "2"), Bad={"Type": "AWS::SNS::Topic"})
    assert stacks.update(unique, good)["StackStatus"] == "UPDATE_COMPLETE"


def test_a_resource_that_somebody_deleted_does_not_stop_the_deletion(
    stacks: Stacks, client: Client, unique: str
) -> None:
    template = resources(
        P=parameter(f"/{unique}"),
        Q={"Type": "AWS::SQS::Queue", "Properties": {"QueueName": unique}},
        G={"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": unique}},
        B={"Type": "AWS::S3::Bucket", "Properties": {"BucketName": unique}},
        R={"Type": "AWS::Events::Rule", "Properties": {"Name": unique, "ScheduleExpression": "rate(1 day)"}},
    )
    stacks.create(unique, template)
    client("ssm").delete_parameter(Name=f"/{unique}")
    client("sqs").delete_queue(QueueUrl=stacks.physical_id(unique, "Q"))
    client("logs").delete_log_group(logGroupName=unique)
    client("s3").delete_bucket(Bucket=unique)
    client("events").delete_rule(Name=unique)
    assert stacks.delete(unique)["StackStatus"] == "DELETE_COMPLETE"


@pytest.mark.aws_rule(
    "Only a stack in UPDATE_IN_PROGRESS can be cancelled",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html",
)
def test_only_an_update_can_be_cancelled(stacks: Stacks, unique: str) -> None:
    stacks.create(unique, resources(H=HANDLE))
    _, message = refused(stacks.client.cancel_update_stack, StackName=unique)
    assert message == "CancelUpdateStack cannot be called from current stack status: CREATE_COMPLETE"
