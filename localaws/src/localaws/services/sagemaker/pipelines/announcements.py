"""What EventBridge and CloudWatch are told of executions and steps.

https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html#cloudwatch-metrics-pipelines
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localaws.core.caller import Caller
from localaws.core.store import Document

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

log = logging.getLogger(__name__)

NAMESPACE = "AWS/Sagemaker/ModelBuildingPipeline"
_METRIC_OF_STATUS = {"Executing": "Started", "Failed": "Failed", "Succeeded": "Succeeded", "Stopped": "Stopped"}
_ENDED = ("Failed", "Succeeded", "Stopped")


class Announcements:
    """Speaks for one execution; ``execution`` documents are those of ``PipelineRecords``."""

    def __init__(self, cloud: Cloud, account: str, region: str, pipeline_name: str) -> None:
        self._cloud = cloud
        self._account = account
        self._region = region
        self._pipeline_name = pipeline_name

    def execution_changed(self, execution: Document, previous: str | None) -> None:
        status, ended = execution["PipelineExecutionStatus"], execution.get("EndTime")
        self._emit(
            "SageMaker Model Building Pipeline Execution Status Change",
            execution,
            {
                "pipelineExecutionDisplayName": execution.get("PipelineExecutionDisplayName"),
                "pipelineExecutionDescription": execution.get("PipelineExecutionDescription"),
                "currentPipelineExecutionStatus": status,
                "previousPipelineExecutionStatus": previous,
                "executionStartTime": _timestamp(execution["CreationTime"]),
                "executionEndTime": _timestamp(ended),
            },
        )
        self._measure("Execution", status, execution["CreationTime"], ended, {})

    def step_changed(self, execution: Document, record: Document, previous: str | None) -> None:
        status, ended = record["StepStatus"], record.get("EndTime")
        self._emit(
            "SageMaker Model Building Pipeline Execution Step Status Change",
            execution,
            {
                "metadata": _lower_first(record.get("Metadata", {})),
                "stepStartTime": _timestamp(record["StartTime"]),
                "stepEndTime": _timestamp(ended),
                "stepName": record["StepName"],
                "stepType": record["StepType"],
                "previousStepStatus": previous,
                "currentStepStatus": status,
                "failureReason": record.get("FailureReason"),
            },
        )
        self._measure("Step", status, record["StartTime"], ended, {"StepName": record["StepName"]})

    def _emit(self, detail_type: str, execution: Document, members: dict[str, Any]) -> None:
        arns = {"pipelineArn": execution["PipelineArn"], "pipelineExecutionArn": execution["PipelineExecutionArn"]}
        detail = {name: value for name, value in {**members, **arns}.items() if value is not None}
        self._cloud.emit(self._account, self._region, "aws.sagemaker", detail_type, detail, list(arns.values()))

    def _measure(
        self, subject: str, status: str, began: datetime, ended: datetime | None, dimensions: dict[str, str]
    ) -> None:
        data = []
        if status in _METRIC_OF_STATUS:
            data.append((f"{subject}{_METRIC_OF_STATUS[status]}", 1.0, "Count"))
        if status in _ENDED and ended is not None:
            data.append((f"{subject}Duration", (ended - began).total_seconds() * 1000, "Milliseconds"))
        if not data:
            return
        named = {"PipelineName": self._pipeline_name, **dimensions}
        metrics = [
            {
                "MetricName": name,
                "Dimensions": [{"Name": key, "Value": value} for key, value in named.items()],
                "Timestamp": self._cloud.clock.now(),
                "Value": value,
                "Unit": unit,
            }
            for name, value, unit in data
        ]
        cloudwatch = self._cloud.client("cloudwatch", Caller.root(self._account, self._region))
        try:
            cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=metrics)
        except ClientError:
            # An execution does not fail because its figures could not be kept; AWS's would not either.
            log.exception("metrics of pipeline %s could not be kept", self._pipeline_name)


def _timestamp(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _lower_first(value: Any) -> Any:
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _lower_first(item) for name, item in value.items()}
    return value
