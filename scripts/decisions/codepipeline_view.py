"""What a person is shown of a CodePipeline execution: its pipeline stages and actions, and the approval that waits.

Pure: answers of CodePipeline's API in, rows out. Following, printing and answering are done elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

ENDED = ("Succeeded", "Failed", "Stopped", "Superseded", "Cancelled")
NOT_STARTED = "Waiting"
SKIPPED = "Skipped"
REJECTED = "Rejected"
_APPROVAL, _BUILD = "Manual", "CodeBuild"
_BUILDS_WORDS = "Build succeeded"  # what CodeBuild says of every build that did: no news beside the status


@dataclass(frozen=True)
class ActionRow:
    """One action of one execution. ``seconds`` is None until it has ended; ``note`` is its summary or its error.

    ``status`` is CodePipeline's; but an approval that was answered with no is ``Rejected``, where AWS says Failed.
    """

    pipeline_stage: str
    action: str
    provider: str
    status: str
    seconds: float | None
    note: str
    external_id: str | None

    @property
    def key(self) -> tuple[str, str]:
        return self.pipeline_stage, self.action


@dataclass(frozen=True)
class WaitingApproval:
    """A manual approval that nobody has answered: where it stands, its token, and what the approver is told."""

    execution_id: str
    pipeline_stage: str
    action: str
    token: str
    custom_data: str
    evidence_url: str | None


@dataclass(frozen=True)
class HeldUp:
    """An execution that waits before a pipeline stage, because ``ahead`` is in it."""

    pipeline_stage: str
    ahead: str


def action_rows(
    structure: Mapping[str, Any], details: Iterable[Mapping[str, Any]], state: Mapping[str, Any] | None = None
) -> list[ActionRow]:
    """A row for every action of the structure (GetPipeline), in its order, with what ListActionExecutions tells of one
    execution. An action that ran again (a retry) is shown as it was last.

    ``state`` (GetPipelineState) alone says what an approver answered.
    """
    answers = _answers(state or {})
    newest: dict[tuple[str, str], Mapping[str, Any]] = {}
    for detail in details:
        key = detail["stageName"], detail["actionName"]
        if key not in newest or detail["startTime"] >= newest[key]["startTime"]:
            newest[key] = detail
    rows = []
    for stage in structure["stages"]:
        for action in sorted(stage["actions"], key=lambda each: each.get("runOrder", 1)):
            detail = newest.get((stage["name"], action["name"]), {})
            rows.append(_row(stage["name"], action, detail, answers.get(detail.get("actionExecutionId", ""))))
    return rows


def _row(pipeline_stage: str, action: Mapping[str, Any], detail: Mapping[str, Any], answer: str | None) -> ActionRow:
    result = detail.get("output", {}).get("executionResult", {})
    provider, status = action["actionTypeId"]["provider"], detail.get("status", NOT_STARTED)
    note = result.get("errorDetails", {}).get("message") or result.get("externalExecutionSummary") or ""
    shown = status
    if provider == _APPROVAL and status == "Failed" and (answer or note.startswith(REJECTED)):
        shown, note = REJECTED, answer or note
    return ActionRow(
        pipeline_stage,
        action["name"],
        provider,
        shown,
        _seconds(detail) if status in ENDED else None,
        "" if note == _BUILDS_WORDS else note,
        result.get("externalExecutionId"),
    )


def _answers(state: Mapping[str, Any]) -> dict[str, str]:
    """What approvers wrote, and who they are, by the id of the action's execution."""
    found = {}
    for stage in state.get("stageStates", []):
        for action in stage.get("actionStates", []):
            latest = action.get("latestExecution", {})
            if latest.get("summary") and latest.get("lastUpdatedBy"):
                found[latest.get("actionExecutionId", "")] = f"{latest['summary']} (by {latest['lastUpdatedBy']})"
    return found


def _seconds(detail: Mapping[str, Any]) -> float | None:
    started, updated = detail.get("startTime"), detail.get("lastUpdateTime")
    if isinstance(started, datetime) and isinstance(updated, datetime):
        return (updated - started).total_seconds()
    return None


def skipped(rows: Iterable[ActionRow]) -> list[ActionRow]:
    """The rows of an execution that succeeded: what never started there was skipped by a condition."""
    return [replace(row, status=SKIPPED) if row.status == NOT_STARTED else row for row in rows]


def why_skipped(details: Iterable[Mapping[str, Any]]) -> str | None:
    """What the build said of a release that needs no deployment; None where it found one that does, or is not done."""
    for detail in details:
        variables = detail.get("output", {}).get("outputVariables", {})
        if variables.get("RELEASE_CHANGED") == "false":
            return str(variables.get("RELEASE_NOTE", "nothing changed"))
    return None


def failure(rows: Iterable[ActionRow]) -> list[str]:
    """Why an execution failed: one line for each failed action."""
    return [
        f"{row.pipeline_stage} / {row.action}: {row.note or 'no reason given'}"
        for row in rows
        if row.status in ("Failed", REJECTED)
    ]


def rejection(rows: Iterable[ActionRow]) -> ActionRow | None:
    """The approval that was answered with no, if one was."""
    return next((row for row in rows if row.status == REJECTED), None)


def failed_stage(rows: Iterable[ActionRow]) -> str | None:
    """The pipeline stage that can be retried."""
    return next((row.pipeline_stage for row in rows if row.status in ("Failed", REJECTED)), None)


def held_up(state: Mapping[str, Any], execution_id: str) -> HeldUp | None:
    """Before which pipeline stage an execution waits, and behind which one; None where it moves."""
    for stage in state["stageStates"]:
        inbound = [each["pipelineExecutionId"] for each in stage.get("inboundExecutions", [])]
        ahead = stage.get("latestExecution", {})
        if execution_id in inbound and ahead.get("status") == "InProgress":
            return HeldUp(stage["stageName"], ahead["pipelineExecutionId"])
    return None


def entered_by(state: Mapping[str, Any], pipeline_stage: str) -> str | None:
    """The execution that is in this pipeline stage now, by GetPipelineState; None where none is."""
    for stage in state["stageStates"]:
        latest = stage.get("latestExecution", {})
        if stage["stageName"] == pipeline_stage and latest.get("status") == "InProgress":
            return str(latest["pipelineExecutionId"])
    return None


def has_begun(details: Iterable[Mapping[str, Any]], pipeline_stage: str, action: str) -> bool:
    """Whether an action was ever run. ``details`` as of ``has_ended``."""
    return any((each["stageName"], each["actionName"]) == (pipeline_stage, action) for each in details)


def has_ended(details: Iterable[Mapping[str, Any]], pipeline_stage: str, action: str) -> bool:
    """Whether the newest run of an action has ended.

    ``details``: what ListActionExecutions tells of one execution, newest first.
    """
    runs = (each for each in details if (each["stageName"], each["actionName"]) == (pipeline_stage, action))
    newest = next(runs, None)
    return newest is not None and newest["status"] != "InProgress"


def rolled_back_by(executions: Iterable[Mapping[str, Any]], execution_id: str) -> str | None:
    """The execution that rolls a pipeline stage back because ``execution_id`` failed in it.

    ``executions``: summaries of ListPipelineExecutions.
    """
    for each in executions:
        trigger = each.get("trigger", {})
        if trigger.get("triggerType") == "AutomatedRollback" and execution_id in trigger.get("triggerDetail", ""):
            return str(each["pipelineExecutionId"])
    return None


def waiting_approval(
    structure: Mapping[str, Any], state: Mapping[str, Any], details: Iterable[Mapping[str, Any]]
) -> WaitingApproval | None:
    """The approval that waits for an answer, by GetPipelineState; None where none does.

    ``details`` (ListActionExecutions of the execution that waits) hold the texts with their variables filled in.
    """
    approvals = {
        (stage["name"], action["name"]): action.get("configuration", {})
        for stage in structure["stages"]
        for action in stage["actions"]
        if action["actionTypeId"]["category"] == "Approval"
    }
    texts = {
        (each["stageName"], each["actionName"]): each.get("input", {}).get("resolvedConfiguration", {})
        for each in details
    }
    for stage in state["stageStates"]:
        execution_id = stage.get("latestExecution", {}).get("pipelineExecutionId", "")
        for action in stage.get("actionStates", []):
            key = stage["stageName"], action["actionName"]
            latest = action.get("latestExecution", {})
            if key not in approvals or latest.get("status") != "InProgress" or not latest.get("token"):
                continue
            text = {**approvals[key], **texts.get(key, {})}
            return WaitingApproval(
                execution_id, *key, latest["token"], text.get("CustomData", ""), text.get("ExternalEntityLink")
            )
    return None


def release_of(details: Iterable[Mapping[str, Any]]) -> str | None:
    """The release that an execution's build made; None where it made none yet. ``details`` as of ``has_ended``."""
    for detail in details:
        release_id = detail.get("output", {}).get("outputVariables", {}).get("RELEASE_ID")
        if release_id:
            return str(release_id)
    return None


def target_execution(execution: Mapping[str, Any], began_with: int, version: int) -> str | None:
    """Why CodePipeline rolls no pipeline stage back to this execution; None where it does.

    ``execution``: a summary of ListPipelineExecutions. ``began_with``, ``version``: its structure's, and today's.
    """
    if execution.get("executionType") == "ROLLBACK":
        return "itself a rollback"
    if began_with != version:
        return f"of version {began_with} of the CodePipeline, which is now {version}"
    return None
