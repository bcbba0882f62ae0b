"""CodeBuild builds: start, look, stop, retry, forget.

https://docs.aws.amazon.com/codebuild/latest/APIReference/API_BatchGetBuilds.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.services.codebuild.announcements import announce_state
from localaws.services.codebuild.records import BUILDS, PAGES, PROJECTS, BuildRecord, fail_interrupted_builds
from localaws.services.codebuild.start import codepipeline_job, start_build
from localaws.services.codebuild.workspace import remove_leftovers

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


class Builds(Service):
    """Builds in the table ``codebuild.build`` (see records.py)."""

    service = "codebuild"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._table = cloud.store.table(BUILDS)
        cloud.on_start(self._settle)

    def start_build(self, caller: Caller, request: Request) -> Response:
        return {"build": start_build(self._cloud, caller, request, codepipeline_job(self._cloud, caller, request))}

    def batch_get_builds(self, caller: Caller, request: Request) -> Response:
        found, missing = [], []
        for name in request["ids"]:
            document = self._table.get(_key(caller, name))
            if document is None:
                missing.append(name)
            else:
                found.append(document["Build"])
        return {"builds": found, "buildsNotFound": missing}

    def list_builds(self, caller: Caller, request: Request) -> Response:
        return self._listed(f"{caller.account}/{caller.region}/", request, "DESCENDING")

    def list_builds_for_project(self, caller: Caller, request: Request) -> Response:
        name = request["projectName"]
        if self._cloud.store.table(PROJECTS).get(f"{caller.account}/{caller.region}/{name}") is None:
            arn = caller.resource_arn("codebuild", f"project/{name}")
            raise ServiceError("ResourceNotFoundException", f"The provided project {arn} does not exist")
        return self._listed(f"{caller.account}/{caller.region}/{name}:", request, "DESCENDING")

    def stop_build(self, caller: Caller, request: Request) -> Response:
        """The build ends within a second; StopBuild answers it as it is now, as on AWS."""
        key = self._existing(caller, request["id"])
        with self._table.edit(key) as document:
            if document["Build"]["buildStatus"] == "IN_PROGRESS":
                document["StopRequested"] = True
            return {"build": document["Build"]}

    def retry_build(self, caller: Caller, request: Request) -> Response:
        if "id" not in request:
            raise ServiceError("InvalidInputException", "id is required")
        document = self._table.get(self._existing(caller, request["id"])) or {}
        build = document["Build"]
        again: dict[str, Any] = {
            "projectName": build["projectName"],
            "environmentVariablesOverride": build["environment"]["environmentVariables"],
            "timeoutInMinutesOverride": build["timeoutInMinutes"],
        }
        for member, declared in document.get("Artifacts", {}).items():
            again[f"{member}Override"] = declared
        if document.get("CodePipeline") is None:
            again |= {"sourceTypeOverride": build["source"]["type"]}
            for member, override in (("location", "sourceLocationOverride"), ("buildspec", "buildspecOverride")):
                if build["source"].get(member):
                    again[override] = build["source"][member]
            version = build.get("resolvedSourceVersion") or build.get("sourceVersion")
            again |= {"sourceVersion": version} if version else {}
        if "idempotencyToken" in request:
            again["idempotencyToken"] = request["idempotencyToken"]
        return {"build": start_build(self._cloud, caller, again, document.get("CodePipeline"))}

    def batch_delete_builds(self, caller: Caller, request: Request) -> Response:
        deleted, kept = [], []
        for name in request["ids"]:
            document = self._table.get(_key(caller, name))
            if document is None:
                kept.append({"id": name, "statusCode": "BUILD_NOT_FOUND"})
            elif document["Build"]["buildStatus"] == "IN_PROGRESS":
                kept.append({"id": name, "statusCode": "BUILD_IN_PROGRESS"})
            else:
                self._table.delete(_key(caller, name))
                deleted.append(document["Build"]["arn"])
        return {"buildsDeleted": deleted, "buildsNotDeleted": kept}

    def _listed(self, prefix: str, request: Request, default: str) -> Response:
        ids = [document["Build"]["id"] for document in self._table.values(prefix)]
        if request.get("sortOrder", default) == "DESCENDING":
            ids.reverse()
        found, more = PAGES.of(ids, request, str)
        return {"ids": found, **more}

    def _existing(self, caller: Caller, name: str) -> str:
        key = _key(caller, name)
        if self._table.get(key) is None:
            raise ServiceError("ResourceNotFoundException", f"Build does not exist: {name}")
        return key

    def _settle(self) -> None:
        remove_leftovers(self._cloud.work_directory)
        fail_interrupted_builds(self._cloud, lambda key: announce_state(self._cloud, BuildRecord(self._cloud, key)))


def _key(caller: Caller, name: str) -> str:
    """The record's key of a build id or ARN."""
    return f"{caller.account}/{caller.region}/{name.rpartition(':build/')[2]}"
