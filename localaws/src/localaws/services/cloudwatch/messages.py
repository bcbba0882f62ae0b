"""What an alarm publishes to its topics. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html tells alarms to functions;
to topics they have the shape that CloudWatch always had.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

Alarm = dict[str, Any]


def subject(alarm: Alarm, state: str, region: str) -> str:
    return f'{state}: "{alarm["AlarmName"]}" in {region}'[:100]


def message(alarm: Alarm, account: str, region: str, old: str, now: datetime) -> str:
    """``alarm`` as DescribeAlarms gives it, in its new state."""
    return json.dumps(
        {
            "AlarmName": alarm["AlarmName"],
            "AlarmDescription": alarm.get("AlarmDescription"),
            "AWSAccountId": account,
            "AlarmConfigurationUpdatedTimestamp": _time(alarm.get("AlarmConfigurationUpdatedTimestamp")),
            "NewStateValue": alarm["StateValue"],
            "NewStateReason": alarm.get("StateReason", ""),
            "StateChangeTime": _time(now),
            "Region": region,
            "AlarmArn": alarm["AlarmArn"],
            "OldStateValue": old,
            "OKActions": alarm.get("OKActions", []),
            "AlarmActions": alarm.get("AlarmActions", []),
            "InsufficientDataActions": alarm.get("InsufficientDataActions", []),
            "Trigger": _trigger(alarm),
        }
    )


def event_detail(alarm: Alarm, old: str, now: datetime) -> dict[str, Any]:
    """What EventBridge learns of a change of state.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    """
    state = {"value": alarm["StateValue"], "reason": alarm.get("StateReason", ""), "timestamp": _time(now)}
    if alarm.get("StateReasonData"):
        state["reasonData"] = alarm["StateReasonData"]
    return {
        "alarmName": alarm["AlarmName"],
        "state": state,
        "previousState": {"value": old},
        "configuration": {"description": alarm.get("AlarmDescription", ""), "metrics": _metrics(alarm)},
    }


def _metrics(alarm: Alarm) -> list[dict[str, Any]]:
    """The metric of an alarm in the event's words; of metric math the expressions."""
    if alarm.get("Metrics"):
        return [
            {"id": each["Id"], "expression": each["Expression"]} for each in alarm["Metrics"] if "Expression" in each
        ]
    dimensions = {each["Name"]: each["Value"] for each in alarm.get("Dimensions", [])}
    metric = {"namespace": alarm.get("Namespace"), "name": alarm.get("MetricName"), "dimensions": dimensions}
    statistic = alarm.get("Statistic", alarm.get("ExtendedStatistic"))
    stat = {"metric": metric, "period": alarm.get("Period"), "stat": statistic}
    return [{"id": "m1", "metricStat": stat, "returnData": True}]


def _trigger(alarm: Alarm) -> dict[str, Any]:
    dimensions = [{"value": each["Value"], "name": each["Name"]} for each in alarm.get("Dimensions", [])]
    return {
        "MetricName": alarm.get("MetricName"),
        "Namespace": alarm.get("Namespace"),
        "StatisticType": "Statistic" if "Statistic" in alarm else "ExtendedStatistic",
        "Statistic": str(alarm.get("Statistic", alarm.get("ExtendedStatistic", ""))).upper(),
        "Unit": alarm.get("Unit"),
        "Dimensions": dimensions,
        "Period": alarm.get("Period"),
        "EvaluationPeriods": alarm.get("EvaluationPeriods"),
        "ComparisonOperator": alarm.get("ComparisonOperator"),
        "Threshold": alarm.get("Threshold"),
        "TreatMissingData": alarm.get("TreatMissingData", ""),
        "EvaluateLowSampleCountPercentile": alarm.get("EvaluateLowSampleCountPercentile", ""),
    }


def _time(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000" if moment else None
