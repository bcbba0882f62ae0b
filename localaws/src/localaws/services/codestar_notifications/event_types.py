"""Which event types there are, and which of them an event is. Pure.

https://docs.aws.amazon.com/dtconsole/latest/userguide/concepts.html
"""

from __future__ import annotations

from typing import Any

from localaws.core.arn import Arn

# (what the identifier begins with, service, kind of resource, title, states)
_FAMILIES = (
    (
        "codepipeline-pipeline-action-execution",
        "CodePipeline",
        "Pipeline",
        "Action execution",
        ("succeeded", "failed", "canceled", "started"),
    ),
    (
        "codepipeline-pipeline-stage-execution",
        "CodePipeline",
        "Pipeline",
        "Stage execution",
        ("started", "succeeded", "resumed", "canceled", "failed"),
    ),
    (
        "codepipeline-pipeline-pipeline-execution",
        "CodePipeline",
        "Pipeline",
        "Pipeline execution",
        ("failed", "canceled", "started", "resumed", "succeeded", "superseded"),
    ),
    (
        "codepipeline-pipeline-manual-approval",
        "CodePipeline",
        "Pipeline",
        "Manual approval",
        ("failed", "needed", "succeeded"),
    ),
    (
        "codebuild-project-build-state",
        "CodeBuild",
        "Project",
        "Build state",
        ("failed", "succeeded", "in-progress", "stopped"),
    ),
    ("codebuild-project-build-phase", "CodeBuild", "Project", "Build phase", ("failure", "success")),
    (
        "codecommit-repository-branches-and-tags",
        "CodeCommit",
        "Repository",
        "Branches and tags",
        ("created", "deleted", "updated"),
    ),
)
_CHANGES = {"referenceCreated": "created", "referenceUpdated": "updated", "referenceDeleted": "deleted"}
_APPROVAL = {"STARTED": "needed", "SUCCEEDED": "succeeded", "FAILED": "failed"}
# Types of AWS that nothing here ever emits: pull requests, comments and approval rules of CodeCommit.
_NEVER_EMITTED = ("comments-on-", "approvals-", "pull-request-")


def event_types() -> list[dict[str, str]]:
    """Every event type, as ListEventTypes shows it."""
    return [
        {
            "EventTypeId": f"{prefix}-{state}",
            "ServiceName": service,
            "EventTypeName": f"{title}: {state.replace('-', ' ').capitalize()}",
            "ResourceType": kind,
        }
        for prefix, service, kind, title, states in _FAMILIES
        for state in states
    ]


def unknown_type(identifier: str, resource: str) -> str | None:
    """Why a rule on ``resource`` (an ARN) cannot have this event type, or None where it can."""
    service = Arn.parse(resource).service
    if any(identifier.startswith(f"codecommit-repository-{name}") for name in _NEVER_EMITTED):
        return f"localaws never emits {identifier}"
    if identifier not in {entry["EventTypeId"] for entry in event_types()}:
        return f"Unknown event type {identifier}"
    if not identifier.startswith(f"{service}-"):
        return f"{identifier} is not an event type of {resource}"
    return None


def types_of(source: str, detail_type: str, detail: dict[str, Any]) -> set[str]:
    """The event types that an event is; empty for one that no notification rule is about."""
    if source == "aws.codepipeline":
        return _of_codepipeline(detail_type, detail)
    if source == "aws.codecommit" and detail.get("event") in _CHANGES:
        return {f"codecommit-repository-branches-and-tags-{_CHANGES[detail['event']]}"}
    if source == "aws.codebuild" and detail_type == "CodeBuild Build State Change":
        status = str(detail.get("build-status", "")).lower().replace("_", "-")
        return {f"codebuild-project-build-state-{status}"}
    if source == "aws.codebuild" and detail_type == "CodeBuild Build Phase Change":
        succeeded = detail.get("completed-phase-status") == "SUCCEEDED"
        return {f"codebuild-project-build-phase-{'success' if succeeded else 'failure'}"}
    return set()


def resource_of(source: str, detail: dict[str, Any], resources: list[str]) -> str:
    """The ARN that rules about an event name as their resource."""
    arn = resources[0] if resources else ""
    if source == "aws.codebuild" and ":build/" in arn:
        return arn.split(":build/")[0] + f":project/{detail.get('project-name', '')}"
    return arn


def _of_codepipeline(detail_type: str, detail: dict[str, Any]) -> set[str]:
    subject = detail_type.removeprefix("CodePipeline ").split(" ")[0].lower()  # pipeline, stage, action
    state = str(detail.get("state", ""))
    found = {f"codepipeline-pipeline-{subject}-execution-{state.lower()}"}
    if subject == "action" and detail.get("type", {}).get("category") == "Approval" and state in _APPROVAL:
        found.add(f"codepipeline-pipeline-manual-approval-{_APPROVAL[state]}")
    return found
