"""EventBridge Scheduler: fires by the cloud's clock, in time zones, once or again, with dead letters."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ClientError

from localaws.server import Server
from tests.functional.conftest import DEV, PREPROD, REGION
from tests.functional.test_events import Queue, _advance, _code, _role

Client = Callable[..., Any]
OFF = {"Mode": "OFF"}


@pytest.fixture
def queue(client: Client, unique: str) -> Queue:
    return Queue(client, unique)


@pytest.fixture
def role(client: Client, unique: str) -> str:
    return _role(client, unique, "scheduler.amazonaws.com")


@pytest.fixture
def schedule(client: Client, unique: str, queue: Queue, role: str) -> Iterator[Callable[..., str]]:
    """Makes a schedule ``unique`` that sends to the queue; returns its ARN. It is gone when the test ends."""

    def make(expression: str, target: dict[str, Any] | None = None, **options: Any) -> str:
        created = client("scheduler").create_schedule(
            **{
                "Name": unique,
                "ScheduleExpression": expression,
                "FlexibleTimeWindow": OFF,
                "Target": {"Arn": queue.arn, "RoleArn": role, "Input": '{"n": 1}', **(target or {})},
                **options,
            }
        )
        return str(created["ScheduleArn"])

    yield make
    for found in client("scheduler").list_schedules(NamePrefix=unique)["Schedules"]:
        client("scheduler").delete_schedule(Name=found["Name"], GroupName=found["GroupName"])


def _soon(server: Server, zone: str, after: timedelta) -> str:
    return (server.cloud.clock.now() + after).astimezone(ZoneInfo(zone)).strftime("at(%Y-%m-%dT%H:%M:%S)")


def test_a_schedule_fires_once_at_its_time_in_its_zone_and_is_deleted(
    client: Client, server: Server, unique: str, queue: Queue, schedule: Callable[..., str]
) -> None:
    at = _soon(server, "Asia/Tokyo", timedelta(minutes=30))
    arn = schedule(
        at,
        {"Input": '{"arn": "<aws.scheduler.schedule-arn>"}'},
        ScheduleExpressionTimezone="Asia/Tokyo",
        ActionAfterCompletion="DELETE",
    )
    assert arn == f"arn:aws:scheduler:{REGION}:{DEV}:schedule/default/{unique}"
    _advance(server, timedelta(minutes=20))
    assert queue.messages() == []
    _advance(server, timedelta(minutes=11))
    assert json.loads(queue.message()["Body"]) == {"arn": arn}
    with pytest.raises(ClientError) as refused:
        client("scheduler").get_schedule(Name=unique)
    assert _code(refused) == "ResourceNotFoundException"


def test_a_rate_fires_at_once_and_again_until_its_end(
    client: Client, server: Server, unique: str, queue: Queue, schedule: Callable[..., str]
) -> None:
    schedule("rate(1 hour)", EndDate=server.cloud.clock.now() + timedelta(minutes=90))
    assert queue.message()
    _advance(server, timedelta(minutes=61))
    assert queue.message()
    _advance(server, timedelta(hours=2))
    assert queue.messages() == []
    assert client("scheduler").get_schedule(Name=unique)["State"] == "ENABLED"


def test_a_disabled_schedule_is_silent(server: Server, queue: Queue, schedule: Callable[..., str]) -> None:
    schedule("rate(1 minute)", State="DISABLED")
    _advance(server, timedelta(minutes=5))
    assert queue.messages() == []


def test_an_event_bus_and_an_api_call_are_targets(
    client: Client, server: Server, unique: str, queue: Queue, role: str, schedule: Callable[..., str]
) -> None:
    events = client("events")
    events.put_rule(Name=unique, EventPattern=json.dumps({"source": [unique]}))
    events.put_targets(Rule=unique, Targets=[{"Id": "q", "Arn": queue.arn}])
    bus = f"arn:aws:events:{REGION}:{DEV}:event-bus/default"
    schedule("rate(1 day)", {"Arn": bus, "EventBridgeParameters": {"Source": unique, "DetailType": "T"}})
    assert json.loads(queue.message()["Body"])["detail"] == {"n": 1}
    topic = client("sns").create_topic(Name=unique)["TopicArn"]
    client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes={"RawMessageDelivery": "true"}
    )
    client("scheduler").create_schedule(
        Name=f"{unique}-2",
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow=OFF,
        Target={
            "Arn": "arn:aws:scheduler:::aws-sdk:sns:publish",
            "RoleArn": role,
            "Input": json.dumps({"TopicArn": topic, "Message": "by Scheduler"}),
        },
    )
    assert queue.message()["Body"] == "by Scheduler"


@pytest.mark.aws_rule(
    "Scheduler hands dead letters over as the schedule's role",
    page="https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html",
)
def test_what_cannot_be_delivered_is_a_dead_letter(queue: Queue, schedule: Callable[..., str]) -> None:
    """The queue's policy does not name scheduler.amazonaws.com."""
    arn = f"arn:aws:sqs:{REGION}:{DEV}:gone"
    made = schedule("rate(1 day)", {"Arn": arn, "DeadLetterConfig": {"Arn": queue.arn}})
    message = queue.message()
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert (attributes["SCHEDULE_ARN"], attributes["TARGET_ARN"]) == (made, arn)
    assert "NonExistentQueue" in attributes["ERROR_CODE"]
    assert json.loads(message["Body"]) == {"n": 1}


@pytest.mark.aws_rule(
    "A schedule is a rate, a cron or a moment, in an IANA time zone, in a group that exists",
    page="https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html",
)
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ScheduleExpression": "cron(0 12 * * * *)"}, "ValidationException"),
        ({"ScheduleExpression": "at(2030-02-30T00:00:00)"}, "ValidationException"),
        ({"ScheduleExpressionTimezone": "Mars/Olympus"}, "ValidationException"),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}}, "NotImplemented"),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "ValidationException"),
        ({"EndDate": datetime(2020, 1, 1)}, "ValidationException"),
        ({"GroupName": "absent"}, "ResourceNotFoundException"),
    ],
)
def test_a_wrong_schedule_is_refused(schedule: Callable[..., str], changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        schedule(changes.pop("ScheduleExpression", "rate(1 hour)"), None, **changes)
    assert _code(refused) == code


@pytest.mark.aws_rule(
    "A universal target names a writing operation of a service, in lower camel case",
    page="https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets.html",
)
@pytest.mark.parametrize(
    ("target", "code"),
    [
        ({"Arn": f"arn:aws:lambda:{REGION}:{DEV}:function:f"}, "NotImplemented"),
        ({"Arn": "arn:aws:scheduler:::aws-sdk:sns:listTopics"}, "ValidationException"),
        ({"Arn": "arn:aws:scheduler:::aws-sdk:sns:fly"}, "ValidationException"),
        ({"Arn": "arn:aws:scheduler:::aws-sdk:nothing:fly"}, "ValidationException"),
        ({"Arn": "arn:aws:scheduler:::aws-sdk:sns:publish", "Input": "["}, "ValidationException"),
        ({"RoleArn": f"arn:aws:iam::{PREPROD}:role/r"}, "ValidationException"),
    ],
)
def test_a_wrong_target_is_refused(schedule: Callable[..., str], target: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        schedule("rate(1 hour)", target)
    assert _code(refused) == code


@pytest.mark.aws_rule(
    "A schedule's execution role must exist and trust scheduler.amazonaws.com when the schedule is made",
    page="https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html",
)
def test_a_role_that_scheduler_cannot_assume_is_refused_when_the_schedule_is_made(
    client: Client, unique: str, schedule: Callable[..., str]
) -> None:
    of_events = _role(client, f"{unique}-events", "events.amazonaws.com")
    for role in (of_events, f"arn:aws:iam::{DEV}:role/{unique}-none"):
        with pytest.raises(ClientError) as refused:
            schedule("rate(1 hour)", {"RoleArn": role})
        assert _code(refused) == "ValidationException"
        assert "must allow AWS EventBridge Scheduler to assume the role" in str(refused.value)


def test_schedules_and_groups_are_listed_updated_and_deleted(
    client: Client, unique: str, queue: Queue, role: str, schedule: Callable[..., str]
) -> None:
    scheduler = client("scheduler")
    group = scheduler.create_schedule_group(Name=unique, Tags=[{"Key": "a", "Value": "1"}])["ScheduleGroupArn"]
    assert scheduler.list_tags_for_resource(ResourceArn=group)["Tags"] == [{"Key": "a", "Value": "1"}]
    schedule("rate(1 day)", GroupName=unique, State="DISABLED")
    with pytest.raises(ClientError) as refused:
        schedule("rate(1 day)", GroupName=unique)
    assert _code(refused) == "ConflictException"
    scheduler.update_schedule(
        Name=unique,
        GroupName=unique,
        ScheduleExpression="rate(2 days)",
        FlexibleTimeWindow=OFF,
        State="DISABLED",
        Target={"Arn": queue.arn, "RoleArn": role},
    )
    assert scheduler.get_schedule(Name=unique, GroupName=unique)["ScheduleExpression"] == "rate(2 days)"
    assert [found["Name"] for found in scheduler.list_schedules(GroupName=unique)["Schedules"]] == [unique]
    scheduler.delete_schedule_group(Name=unique)
    with pytest.raises(ClientError) as refused:
        scheduler.get_schedule_group(Name=unique)
    assert _code(refused) == "ResourceNotFoundException"
