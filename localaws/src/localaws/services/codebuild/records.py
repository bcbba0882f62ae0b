"""Builds as they are remembered: the document of one build, its phases, and when it was stopped.

Table ``codebuild.build``: ``account/region/project:uuid`` -> {"Build": what BatchGetBuilds answers, "StopRequested":
bool, "CodePipeline": the action's artifacts or None, "Artifacts": those of the project or the start}. Every change is
durable at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from localaws.core.pages import Pages

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Table

BUILDS = "codebuild.build"
PROJECTS = "codebuild.project"
TOKENS = "codebuild.token"
PAGES = Pages("InvalidInputException", continuation="nextToken")
JOBS = "codebuild.codepipeline_job"
NO_CONTEXT = {"statusCode": "", "message": ""}


class BuildRecord:
    """One build. ``changed`` hears of each phase that ends and of the build's own end."""

    def __init__(self, cloud: Cloud, key: str) -> None:
        self.key = key
        self.account, self.region, self.id = key.split("/", 2)
        self._table: Table = cloud.store.table(BUILDS)
        self._now = cloud.clock.now

    def build(self) -> dict[str, Any]:
        return dict(self._document()["Build"])

    def codepipeline(self) -> dict[str, Any] | None:
        """The action this build runs for: its pipeline, input and output artifacts."""
        return self._document().get("CodePipeline")

    def is_stopped(self) -> bool:
        return bool(self._document().get("StopRequested"))

    def set(self, **members: Any) -> None:
        with self._table.edit(self.key) as document:
            document["Build"].update(members)

    def begin_phase(self, name: str) -> None:
        with self._table.edit(self.key) as document:
            build = document["Build"]
            build["currentPhase"] = name
            build["phases"].append({"phaseType": name, "startTime": self._now()})

    def end_phase(self, status: str, code: str = "", message: str = "") -> dict[str, Any]:
        """End the phase that runs now and return it."""
        with self._table.edit(self.key) as document:
            phase = document["Build"]["phases"][-1]
            end_phase(phase, self._now(), status, code, message)
            return dict(phase)

    def finish(self, status: str) -> None:
        with self._table.edit(self.key) as document:
            finish(document["Build"], self._now(), status)

    def _document(self) -> dict[str, Any]:
        document = self._table.get(self.key)
        if document is None:
            raise KeyError(self.key)
        return document


def end_phase(phase: dict[str, Any], now: datetime, status: str, code: str = "", message: str = "") -> None:
    phase["phaseStatus"] = status
    phase["endTime"] = now
    phase["durationInSeconds"] = int((now - phase["startTime"]).total_seconds())
    phase["contexts"] = [{"statusCode": code, "message": message}]


def finish(build: dict[str, Any], now: datetime, status: str) -> None:
    build["phases"].append({"phaseType": "COMPLETED", "startTime": now})
    build.update(currentPhase="COMPLETED", buildStatus=status, buildComplete=True, endTime=now)


def fail_interrupted_builds(cloud: Cloud, announce: Callable[[str], None]) -> None:
    """A build that a former server left running can never end by itself: it has failed, and says why."""
    table = cloud.store.table(BUILDS)
    for key, document in table.items():
        if document["Build"]["buildStatus"] != "IN_PROGRESS":
            continue
        with table.edit(key) as found:
            build, now = found["Build"], cloud.clock.now()
            if "endTime" in build["phases"][-1]:
                build["phases"].append({"phaseType": "FINALIZING", "startTime": now})
            message = "The server that ran this build was stopped. Start the build again with RetryBuild."
            end_phase(build["phases"][-1], now, "FAILED", "INTERNAL_SERVICE_ERROR", message)
            finish(build, now, "FAILED")
        announce(key)
