"""What CodeBuild tells others about a build: its two EventBridge events and its CloudWatch metrics.

https://docs.aws.amazon.com/codebuild/latest/userguide/sample-build-notifications-ref.html
https://docs.aws.amazon.com/codebuild/latest/userguide/cloudwatch_metrics-codebuild.html
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.services.codebuild.records import BuildRecord


def announce_state(cloud: Cloud, record: BuildRecord) -> None:
    """CodeBuild Build State Change."""
    build = record.build()
    detail = {
        "build-status": build["buildStatus"],
        **_identity(build),
        "current-phase": build["currentPhase"],
        "current-phase-context": "[]",
        "additional-information": _additional(build),
        "version": "1",
    }
    _emit(cloud, record, "CodeBuild Build State Change", detail, build["arn"])


def announce_phase(cloud: Cloud, record: BuildRecord, phase: dict[str, Any]) -> None:
    """CodeBuild Build Phase Change, for a phase that has ended."""
    build = record.build()
    detail = {
        "completed-phase": phase["phaseType"],
        **_identity(build),
        "completed-phase-context": _context(phase),
        "additional-information": _additional(build),
        "completed-phase-status": phase["phaseStatus"],
        "completed-phase-duration-seconds": phase["durationInSeconds"],
        "completed-phase-start": _moment(phase["startTime"]),
        "completed-phase-end": _moment(phase["endTime"]),
        "version": "1",
    }
    _emit(cloud, record, "CodeBuild Build Phase Change", detail, build["arn"])


def publish_metrics(cloud: Cloud, record: BuildRecord) -> None:
    """Builds, Duration and SucceededBuilds or FailedBuilds, by project and for the account."""
    build = record.build()
    seconds = (build["endTime"] - build["startTime"]).total_seconds()
    outcome = "SucceededBuilds" if build["buildStatus"] == "SUCCEEDED" else "FailedBuilds"
    by_project = [{"Name": "ProjectName", "Value": build["projectName"]}]
    data = [
        {"MetricName": name, "Value": value, "Unit": unit, "Timestamp": build["endTime"], "Dimensions": dimensions}
        for name, value, unit in (
            ("Builds", 1, "Count"),
            (outcome, 1, "Count"),
            ("Duration", seconds, "Seconds"),
        )
        for dimensions in (by_project, [])
    ]
    cloudwatch = cloud.client("cloudwatch", Caller.root(record.account, record.region))
    cloudwatch.put_metric_data(Namespace="AWS/CodeBuild", MetricData=data)


def _emit(cloud: Cloud, record: BuildRecord, kind: str, detail: dict[str, Any], arn: str) -> None:
    cloud.emit(record.account, record.region, "aws.codebuild", kind, detail, [arn])


def _identity(build: dict[str, Any]) -> dict[str, Any]:
    return {"project-name": build["projectName"], "build-id": build["arn"]}


def _additional(build: dict[str, Any]) -> dict[str, Any]:
    environment = build["environment"]
    found: dict[str, Any] = {
        "environment": {
            "image": environment["image"],
            "privileged-mode": environment.get("privilegedMode", False),
            "image-pull-credentials-type": environment.get("imagePullCredentialsType", "CODEBUILD"),
            "compute-type": environment["computeType"],
            "type": environment["type"],
            "environment-variables": environment.get("environmentVariables", []),
        },
        "timeout-in-minutes": build["timeoutInMinutes"],
        "queued-timeout-in-minutes": build["queuedTimeoutInMinutes"],
        "build-complete": build["buildComplete"],
        "build-number": build["buildNumber"],
        "initiator": build["initiator"],
        "build-start-time": _moment(build["startTime"]),
        "source": {name: build["source"][name] for name in ("type", "location") if name in build["source"]},
        "source-version": build.get("sourceVersion", ""),
        "logs": _logs(build.get("logs", {})),
        "phases": [_phase(phase) for phase in build["phases"]],
    }
    artifact = build.get("artifacts") or {}
    if artifact.get("location"):
        found["artifact"] = {
            name: artifact[member]
            for name, member in (("md5sum", "md5sum"), ("sha256sum", "sha256sum"), ("location", "location"))
            if member in artifact
        }
    return found


def _logs(logs: dict[str, Any]) -> dict[str, Any]:
    names = {"groupName": "group-name", "streamName": "stream-name", "deepLink": "deep-link"}
    return {names[name]: value for name, value in logs.items() if name in names}


def _phase(phase: dict[str, Any]) -> dict[str, Any]:
    found = {
        "phase-context": [_context(phase)] if phase.get("contexts") else [],
        "start-time": _moment(phase["startTime"]),
        "phase-type": phase["phaseType"],
    }
    if "endTime" in phase:
        found["end-time"] = _moment(phase["endTime"])
        found["duration-in-seconds"] = phase["durationInSeconds"]
        found["phase-status"] = phase["phaseStatus"]
    return found


def _context(phase: dict[str, Any]) -> str:
    context = phase["contexts"][0]
    return f"{context['statusCode']}: {context['message']}"


def _moment(moment: datetime) -> str:
    """CodeBuild's own form: ``Sep 1, 2017 4:12:29 PM``."""
    return f"{moment:%b} {moment.day}, {moment.year} {moment.hour % 12 or 12}:{moment:%M:%S %p}"
