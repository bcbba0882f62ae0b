"""Who approved a release and when, out of what CodePipeline remembers of its actions. Pure.

https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ActionExecutionDetail.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

LONGEST_WAIT = timedelta(days=61)  # an approval waits for 86400 minutes at most, and its build came before it
_REJECTED = re.compile(r"Rejected by (?P<by>\S+): (?P<reason>.*)", re.DOTALL)  # CodePipeline's words for a no
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


@dataclass(frozen=True)
class Answer:
    """What somebody said of a release that waited for a stage: yes or no, when, and why."""

    granted: bool
    execution_id: str
    release_id: str | None
    at: str
    by: str
    reason: str


def answers(
    pipeline_stage: str, history: Iterable[Mapping[str, Any]], state: Mapping[str, Any], since: str | None
) -> list[Answer]:
    """The answers to a pipeline stage's approvals after ``since`` (ISO 8601), oldest first. As of ``approval_of``.

    An approval that nobody answered in its time counts as a no, by nobody.
    """
    written = {
        action["latestExecution"].get("actionExecutionId", ""): action["latestExecution"]
        for stage in state.get("stageStates", [])
        for action in stage.get("actionStates", [])
        if "latestExecution" in action
    }
    given: list[Mapping[str, Any]] = []
    releases: dict[str, str] = {}
    for each in islice(history, MOST_READ):
        if since and each.get("startTime") and each["startTime"] < datetime.fromisoformat(since) - LONGEST_WAIT:
            break
        variables = each.get("output", {}).get("outputVariables", {})
        if variables.get("RELEASE_ID"):
            releases.setdefault(each["pipelineExecutionId"], variables["RELEASE_ID"])
        category = each.get("input", {}).get("actionTypeId", {}).get("category")
        ended = each.get("status") in ("Succeeded", "Failed")
        if category == "Approval" and ended and each.get("stageName") == pipeline_stage:
            given.append(each)
    found = [_answer(each, written.get(each.get("actionExecutionId", ""), {}), releases) for each in given]
    return sorted((each for each in found if since is None or each.at > since), key=lambda each: each.at)


def _answer(detail: Mapping[str, Any], written: Mapping[str, Any], releases: Mapping[str, str]) -> Answer:
    execution = detail["pipelineExecutionId"]
    told = _approval(execution, detail, written)
    error = detail.get("output", {}).get("executionResult", {}).get("errorDetails", {}).get("message", "")
    refused = _REJECTED.fullmatch(told.reason or error)
    return Answer(
        detail["status"] == "Succeeded",
        execution,
        releases.get(execution),
        _utc(detail.get("lastUpdateTime")),
        told.by or (refused["by"] if refused else "nobody: it was not answered in time"),
        refused["reason"] if refused else told.reason or error,
    )


def _utc(at: object) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds") if isinstance(at, datetime) else ""
