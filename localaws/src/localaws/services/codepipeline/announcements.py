"""CodePipeline's three events on EventBridge, in their documented shapes.

https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from localaws.services.codepipeline.records import PipelineKey

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_ACTION_STATES = {"InProgress": "STARTED", "Succeeded": "SUCCEEDED", "Failed": "FAILED", "Abandoned": "ABANDONED"}


def announce_execution(cloud: Cloud, key: PipelineKey, execution: dict[str, Any], state: str) -> None:
    """``state``: STARTED, RESUMED, SUCCEEDED, FAILED, STOPPING, STOPPED or SUPERSEDED."""
    detail = {
        "pipeline": key.name,
        "execution-id": execution["id"],
        "start-time": _moment(execution["startTime"]),
        "state": state,
        "version": float(execution["version"]),
        "execution-trigger": {
            "trigger-type": execution["trigger"]["triggerType"],
            "trigger-detail": execution["trigger"].get("triggerDetail", ""),
        },
        "pipeline-execution-attempt": float(execution["attempt"]),
    }
    if execution.get("stop") and execution["stop"].get("reason"):
        detail["stop-execution-comments"] = execution["stop"]["reason"]
    cloud.emit(
        key.account, key.region, "aws.codepipeline", "CodePipeline Pipeline Execution State Change", detail, [key.arn]
    )


def announce_stage(cloud: Cloud, key: PipelineKey, execution: dict[str, Any], stage: str, state: str) -> None:
    """``state``: STARTED, RESUMED, SUCCEEDED, FAILED, STOPPING or STOPPED."""
    entered = execution["stages"].get(stage, {}).get("startTime", execution["startTime"])
    detail = {
        "pipeline": key.name,
        "execution-id": execution["id"],
        "start-time": _moment(entered),
        "stage": stage,
        "state": state,
        "version": float(execution["version"]),
        "pipeline-execution-attempt": float(execution["attempt"]),
    }
    cloud.emit(
        key.account, key.region, "aws.codepipeline", "CodePipeline Stage Execution State Change", detail, [key.arn]
    )


def announce_action(cloud: Cloud, key: PipelineKey, action: dict[str, Any], attempt: int) -> None:
    """The state that the action's record has now."""
    result = action["output"]["executionResult"]
    detail: dict[str, Any] = {
        "pipeline": key.name,
        "execution-id": action["pipelineExecutionId"],
        "start-time": _moment(action["startTime"]),
        "stage": action["stageName"],
        "action": action["actionName"],
        "action-execution-id": action["actionExecutionId"],
        "state": _ACTION_STATES[action["status"]],
        "region": action["input"]["region"],
        "type": {name: action["input"]["actionTypeId"][name] for name in ("owner", "provider", "category", "version")},
        "input-artifacts": _artifacts(action["input"].get("inputArtifacts", [])),
        "output-artifacts": _artifacts(action["output"].get("outputArtifacts", [])),
        "version": float(action["pipelineVersion"]),
        "pipeline-execution-attempt": float(attempt),
    }
    names = {
        "externalExecutionId": "external-execution-id",
        "externalExecutionUrl": "external-execution-url",
        "externalExecutionSummary": "external-execution-summary",
    }
    execution_result = {names[name]: value for name, value in result.items() if name in names}
    if "errorDetails" in result:
        execution_result["error-code"] = result["errorDetails"]["code"]
        execution_result.setdefault("external-execution-summary", result["errorDetails"]["message"])
    if execution_result:
        detail["execution-result"] = execution_result
    cloud.emit(
        key.account, key.region, "aws.codepipeline", "CodePipeline Action Execution State Change", detail, [key.arn]
    )


def _artifacts(artifacts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"name": artifact["name"], "s3location": artifact["s3location"]} for artifact in artifacts]


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
