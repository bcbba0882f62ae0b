"""Who approved a release and when, out of what CodePipeline remembers of its actions. Pure.

https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ActionExecutionDetail.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

MOST_READ = 2000  # actions: months of releases


@dataclass(frozen=True)
class ReleaseApproval:
    """The answer that let a release pass. ``at`` is ISO 8601; ``by`` an ARN, ``reason`` what was written with it."""

    execution_id: str
    at: str
    by: str
    reason: str


def approval_of(
    release_id: str, history: Iterable[Mapping[str, Any]], state: Mapping[str, Any]
) -> ReleaseApproval | None:
    """The newest approval of a release; None where none is among the newest ``MOST_READ`` actions.

    ``history`` (ListActionExecutions) goes from new to old: an approval comes before the build that names its release.
    ``state`` (GetPipelineState) has the answers as they were written, of the newest executions alone.
    """
    approvals: dict[str, Mapping[str, Any]] = {}
    written = {
        action["latestExecution"].get("actionExecutionId", ""): action["latestExecution"]
        for stage in state.get("stageStates", [])
        for action in stage.get("actionStates", [])
        if "latestExecution" in action
    }
    for each in islice(history, MOST_READ):
        execution = each["pipelineExecutionId"]
        if _is_granted(each):
            approvals.setdefault(execution, each)
        variables = each.get("output", {}).get("outputVariables", {})
        if variables.get("RELEASE_ID") == release_id and execution in approvals:
            granted = approvals[execution]
            return _approval(execution, granted, written.get(granted.get("actionExecutionId", ""), {}))
    return None


def _is_granted(detail: Mapping[str, Any]) -> bool:
    category = detail.get("input", {}).get("actionTypeId", {}).get("category")
    return category == "Approval" and detail.get("status") == "Succeeded"


def _approval(execution: str, detail: Mapping[str, Any], written: Mapping[str, Any]) -> ReleaseApproval:
    at = detail.get("lastUpdateTime")
    summary = detail.get("output", {}).get("executionResult", {}).get("externalExecutionSummary", "")
    return ReleaseApproval(
        execution,
        at.isoformat(timespec="seconds") if isinstance(at, datetime) else "",
        written.get("lastUpdatedBy") or detail.get("updatedBy", ""),
        written.get("summary") or summary,
    )
