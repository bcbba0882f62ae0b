"""Alarms by localaws' clock: from their first state through metrics to their topics."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.core.events import Event
from localaws.server import Server
from localaws.services.cloudwatch.alarms import Place, Series
from localaws.services.cloudwatch.queue_depths import DEPTH, NAMESPACE, report_depth
from tests.functional.conftest import DEV, REGION
from tests.functional.test_service_principals import Inbox

Client = Callable[..., Any]


def _until(cloudwatch: Any, name: str, state: str) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while True:
        alarm: dict[str, Any] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
        if alarm["StateValue"] == state:
            return alarm
        assert time.monotonic() < deadline, alarm
        time.sleep(0.05)


@pytest.mark.aws_rule(
    "An alarm begins with INSUFFICIENT_DATA; metrics change its state, and a change of state performs its actions",
    page="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html",
)
def test_an_alarm_follows_its_metric(kept_client: Client, server: Server, unique: str) -> None:
    inbox, cloudwatch = Inbox(kept_client, unique), kept_client("cloudwatch")
    dimensions = [{"Name": "Berth", "Value": unique}]
    alarm = {
        "AlarmName": unique,
        "AlarmActions": [inbox.topic],
        "Namespace": "Harbour",
        "MetricName": "Late",
        "Dimensions": dimensions,
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 2,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
    }

    def put(value: float, at: list[dict[str, str]]) -> None:
        datum = {"MetricName": "Late", "Dimensions": at, "Timestamp": server.cloud.clock.now(), "Value": value}
        cloudwatch.put_metric_data(Namespace="Harbour", MetricData=[datum])

    cloudwatch.put_metric_alarm(**alarm)
    first = cloudwatch.describe_alarms(AlarmNames=[unique])["MetricAlarms"][0]
    assert (first["StateValue"], first["StateReason"]) == ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation")
    server.cloud.clock.advance(61)
    _until(cloudwatch, unique, "OK")
    put(2, [])  # another metric: it has no dimension
    put(1, dimensions)
    put(1, dimensions)
    heard: list[Event] = []
    server.cloud.on_event(lambda event: heard.append(event) if event.resources == [first["AlarmArn"]] else None)
    server.cloud.clock.advance(61)
    rung = _until(cloudwatch, unique, "ALARM")
    assert rung["StateReason"].startswith("Threshold Crossed: 1 out of the last 1 datapoint [2.0] was greater than or")
    message = json.loads(inbox.published())
    assert (message["NewStateValue"], message["OldStateValue"]) == ("ALARM", "OK")
    (event,) = heard
    assert (event.source, event.detail_type) == ("aws.cloudwatch", "CloudWatch Alarm State Change")
    assert (event.detail["state"]["value"], event.detail["previousState"]) == ("ALARM", {"value": "OK"})
    assert event.detail["configuration"]["metrics"][0]["metricStat"]["metric"]["dimensions"] == {"Berth": unique}
    cloudwatch.put_metric_alarm(**alarm, AlarmDescription="told in words")
    assert cloudwatch.describe_alarms(AlarmNames=[unique])["MetricAlarms"][0]["StateValue"] == "ALARM"
    server.cloud.clock.advance(600)
    assert "no datapoints were received for 1 period" in _until(cloudwatch, unique, "OK")["StateReason"]
    changes = cloudwatch.describe_alarm_history(AlarmName=unique, HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert [each["HistorySummary"] for each in changes] == [
        "Alarm updated from ALARM to OK",
        "Alarm updated from OK to ALARM",
        "Alarm updated from INSUFFICIENT_DATA to OK",
    ]


def test_an_alarm_rings_for_a_message_in_a_queue(kept_client: Client, server: Server, unique: str) -> None:
    sqs, cloudwatch = kept_client("sqs"), kept_client("cloudwatch")
    url = sqs.create_queue(QueueName=unique)["QueueUrl"]
    cloudwatch.put_metric_alarm(
        AlarmName=unique,
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": unique}],
        Statistic="Maximum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )
    server.cloud.clock.advance(61)
    _until(cloudwatch, unique, "OK")
    sqs.send_message(QueueUrl=url, MessageBody="dead")
    server.cloud.clock.advance(61)
    _until(cloudwatch, unique, "ALARM")


def test_metric_math_is_evaluated(kept_client: Client, server: Server, unique: str) -> None:
    cloudwatch = kept_client("cloudwatch")
    stat = {"Metric": {"Namespace": unique, "MetricName": "a"}, "Period": 60, "Stat": "p90"}
    queries = [
        {"Id": "m1", "MetricStat": stat, "ReturnData": False},
        {"Id": "e1", "Expression": "m1 * 10", "ReturnData": True},
    ]
    cloudwatch.put_metric_alarm(
        AlarmName=unique,
        Metrics=queries,
        EvaluationPeriods=1,
        Threshold=50,
        ComparisonOperator="GreaterThanThreshold",
    )
    datum = {"MetricName": "a", "Timestamp": server.cloud.clock.now(), "Values": [6.0, 7.0]}
    cloudwatch.put_metric_data(Namespace=unique, MetricData=[datum])
    server.cloud.clock.advance(61)
    _until(cloudwatch, unique, "ALARM")
    queries[1]["Expression"] = "RATE(m1)"
    with pytest.raises(ClientError, match="does not implement RATE of metric math"):
        cloudwatch.put_metric_alarm(
            AlarmName=unique,
            Metrics=queries,
            EvaluationPeriods=1,
            Threshold=5,
            ComparisonOperator="GreaterThanThreshold",
        )
    with pytest.raises(ClientError, match="does not implement cloudwatch:PutCompositeAlarm"):
        cloudwatch.put_composite_alarm(AlarmName=f"{unique}-both", AlarmRule=f"ALARM({unique})")


def test_a_queue_that_is_not_there_has_no_depth_and_no_other_failure_passes_for_that(server: Server) -> None:
    series = Series(NAMESPACE, DEPTH, frozenset({("QueueName", "absent")}), 60, "Maximum", None)
    report_depth(server.cloud, Place(DEV, REGION), series, server.cloud.clock.now())
    with pytest.raises(ClientError):
        report_depth(server.cloud, Place(DEV, "nowhere-9"), series, server.cloud.clock.now())
