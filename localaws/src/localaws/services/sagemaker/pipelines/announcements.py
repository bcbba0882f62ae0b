"""What EventBridge and CloudWatch receive of executions and steps.

https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html#cloudwatch-metrics-pipelines
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localaws.core.arn import Arn
from localaws.core.caller import Caller
from localaws.core.store import Document

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

log = logging.getLogger(__name__)

NAMESPACE = "AWS/Sagemaker/ModelBuildingPipeline"
_METRIC_OF_STATUS = {"Executing": "Started", "Failed": "Failed", "Succeeded": "Succeeded", "Stopped": "Stopped"}
_ENDED = ("Failed", "Succeeded", "Stopped")


def announce_execution(cloud: Cloud, execution: Document, previous: str | None) -> None:
    """``execution`` is a document of ``PipelineRecords``; ``previous`` the status that it had before, if any."""
    status, ended = execution["PipelineExecutionStatus"], execution.get("EndTime")
    members = {
        "pipelineExecutionDisplayName": execution.get("PipelineExecutionDisplayName"),
        "pipelineExecutionDescription": execution.get("PipelineExecutionDescription"),
        "currentPipelineExecutionStatus": status,
        "previousPipelineExecutionStatus": previous,
        "executionStartTime": _timestamp(execution["CreationTime"]),
        "executionEndTime": _timestamp(ended),
    }
    _emit(cloud, execution, "SageMaker Model Building Pipeline Execution Status Change", members)
    figures = _figures("Execution", status, execution["CreationTime"], ended)
    _publish_metrics(cloud, execution, figures, {})


def announce_step(cloud: Cloud, execution: Document, step: Document, previous: str | None) -> None:
    """``step`` is the record of one step of ``execution``."""
    status, ended = step["StepStatus"], step.get("EndTime")
    members = {
        "metadata": _lower_first(step.get("Metadata", {})),
        "stepStartTime": _timestamp(step["StartTime"]),
        "stepEndTime": _timestamp(ended),
        "stepName": step["StepName"],
        "stepType": step["StepType"],
        "previousStepStatus": previous,
        "currentStepStatus": status,
        "failureReason": step.get("FailureReason"),
    }
    _emit(cloud, execution, "SageMaker Model Building Pipeline Execution Step Status Change", members)
    figures = _figures("Step", status, step["StartTime"], ended)
    _publish_metrics(cloud, execution, figures, {"StepName": step["StepName"]})


def _emit(cloud: Cloud, execution: Document, detail_type: str, members: dict[str, Any]) -> None:
    arns = {"pipelineArn": execution["PipelineArn"], "pipelineExecutionArn": execution["PipelineExecutionArn"]}
    detail = {name: value for name, value in {**members, **arns}.items() if value is not None}
    place = Arn.parse(execution["PipelineExecutionArn"])
    cloud.emit(place.account, place.region, "aws.sagemaker", detail_type, detail, list(arns.values()))


def _figures(subject: str, status: str, began: datetime, ended: datetime | None) -> list[tuple[str, float, str]]:
    """Names, values and units of the metrics that a status counts in."""
    figures = []
    if status in _METRIC_OF_STATUS:
        figures.append((f"{subject}{_METRIC_OF_STATUS[status]}", 1.0, "Count"))
    if status in _ENDED and ended is not None:
        figures.append((f"{subject}Duration", (ended - began).total_seconds() * 1000, "Milliseconds"))
    return figures


def _publish_metrics(
    cloud: Cloud, execution: Document, figures: list[tuple[str, float, str]], dimensions: dict[str, str]
) -> None:
    if not figures:
        return
    named = {"PipelineName": execution["PipelineName"], **dimensions}
    metrics = [
        {
            "MetricName": name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in named.items()],
            "Timestamp": cloud.clock.now(),
            "Value": value,
            "Unit": unit,
        }
        for name, value, unit in figures
    ]
    place = Arn.parse(execution["PipelineExecutionArn"])
    cloudwatch = cloud.client("cloudwatch", Caller.root(place.account, place.region))
    try:
        cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=metrics)
    except ClientError:
        # An execution does not fail because its figures could not be kept; AWS's would not either.
        log.exception("metrics of pipeline %s could not be kept", execution["PipelineName"])


def _timestamp(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _lower_first(value: Any) -> Any:
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _lower_first(item) for name, item in value.items()}
    return value
