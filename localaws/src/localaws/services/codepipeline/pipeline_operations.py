"""CodePipelines themselves: create, change, read, list, delete, tag.

https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_CreatePipeline.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.policies.service_roles import role_problem
from localaws.services.codepipeline.records import PAGES, PipelineKey, Records
from localaws.services.codepipeline.stage_run import StageRunner
from localaws.services.codepipeline.structure import check_structure

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


class Pipelines(Service):
    """Every version of a declaration is kept: executions run the version they began with."""

    service = "codepipeline"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = Records(cloud)
        self._scheduler = StageRunner(cloud).scheduler

    def create_pipeline(self, caller: Caller, request: Request) -> Response:
        """Creates it and, as AWS does, runs it once."""
        declared = self._checked(caller, request["pipeline"])
        key, now = PipelineKey.of(caller, declared["name"]), self._records.now()
        declared["version"] = 1
        with self._records.lock:
            if self._records.pipelines.get(str(key)) is not None:
                raise ServiceError(
                    "PipelineNameInUseException",
                    f"A pipeline with the name '{key.name}' already exists in this account",
                )
            tags = {tag["key"]: tag["value"] for tag in request.get("tags", [])}
            document = {"Pipeline": declared, "created": now, "updated": now, "tags": tags, "tokens": {}}
            self._records.structures.put(f"{key}/1", declared)
            self._records.pipelines.put(str(key), document)
        self._scheduler.start(key, {"triggerType": "CreatePipeline", "triggerDetail": caller.arn}, {}, {})
        return {"pipeline": declared, "tags": request.get("tags", [])}

    def update_pipeline(self, caller: Caller, request: Request) -> Response:
        declared = self._checked(caller, request["pipeline"])
        key = PipelineKey.of(caller, declared["name"])
        with self._records.lock:
            document = existing(self._records, key)
            declared["version"] = document["Pipeline"]["version"] + 1
            document.update(Pipeline=declared, updated=self._records.now())
            self._records.structures.put(f"{key}/{declared['version']}", declared)
            self._records.pipelines.put(str(key), document)
        self._scheduler.advance(key)
        return {"pipeline": declared}

    def get_pipeline(self, caller: Caller, request: Request) -> Response:
        key = PipelineKey.of(caller, request["name"])
        document = existing(self._records, key)
        version = request.get("version", document["Pipeline"]["version"])
        structure = self._records.structures.get(f"{key}/{version}")
        if structure is None:
            raise ServiceError(
                "PipelineVersionNotFoundException", f"The pipeline '{key.name}' has no version {version}"
            )
        metadata = {"pipelineArn": key.arn, "created": document["created"], "updated": document["updated"]}
        return {"pipeline": structure, "metadata": metadata}

    def list_pipelines(self, caller: Caller, request: Request) -> Response:
        documents = self._records.pipelines.values(f"{caller.account}/{caller.region}/")
        summaries = [
            {
                "name": document["Pipeline"]["name"],
                "version": document["Pipeline"]["version"],
                "pipelineType": document["Pipeline"]["pipelineType"],
                "executionMode": document["Pipeline"]["executionMode"],
                "created": document["created"],
                "updated": document["updated"],
            }
            for document in documents
        ]
        summaries.sort(key=lambda summary: str(summary["name"]))
        found, more = PAGES.of(summaries, request, lambda summary: str(summary["name"]), usual=1000)
        return {"pipelines": found, **more}

    def delete_pipeline(self, caller: Caller, request: Request) -> Response:
        """Its history goes with it; one that is not there is deleted already."""
        with self._records.lock:
            self._records.forget(PipelineKey.of(caller, request["name"]))
        return {}

    def tag_resource(self, caller: Caller, request: Request) -> Response:
        with self._tagged(caller, request["resourceArn"]) as document:
            document["tags"].update({tag["key"]: tag["value"] for tag in request["tags"]})
        return {}

    def untag_resource(self, caller: Caller, request: Request) -> Response:
        with self._tagged(caller, request["resourceArn"]) as document:
            for name in request["tagKeys"]:
                document["tags"].pop(name, None)
        return {}

    def list_tags_for_resource(self, caller: Caller, request: Request) -> Response:
        with self._tagged(caller, request["resourceArn"]) as document:
            tags = [{"key": name, "value": value} for name, value in document["tags"].items()]
        found, more = PAGES.of(tags, request, lambda tag: str(tag["key"]))
        return {"tags": found, **more}

    def _tagged(self, caller: Caller, arn: str) -> Any:
        key = PipelineKey.of(caller, arn.rpartition(":")[2])
        if key.arn != arn:
            raise ServiceError("InvalidArnException", f"Invalid ARN: {arn}")
        if self._records.pipelines.get(str(key)) is None:
            raise ServiceError("ResourceNotFoundException", f"{arn} not found")
        return self._records.pipelines.edit(str(key))

    def _checked(self, caller: Caller, declared: dict[str, Any]) -> dict[str, Any]:
        """The declaration with its defaults. Raises ServiceError where it could not run."""
        check_structure(declared, caller.region)
        arn = PipelineKey.of(caller, declared["name"]).arn
        problem = role_problem(self._cloud, declared["roleArn"], "codepipeline.amazonaws.com", arn)
        if problem:
            raise ServiceError(
                "InvalidStructureException",
                f"CodePipeline is not authorized to perform AssumeRole on role {declared['roleArn']}: {problem}",
            )
        full = {"pipelineType": "V1", "executionMode": "SUPERSEDED", **declared}
        for stage in full["stages"]:
            for action in stage["actions"]:
                for member, default in (
                    ("runOrder", 1),
                    ("configuration", {}),
                    ("inputArtifacts", []),
                    ("outputArtifacts", []),
                ):
                    action.setdefault(member, default)
        return full


def existing(records: Records, key: PipelineKey) -> dict[str, Any]:
    """The CodePipeline's document. ServiceError PipelineNotFoundException where there is none."""
    document = records.pipelines.get(str(key))
    if document is None:
        raise ServiceError(
            "PipelineNotFoundException", f"Account '{key.account}' does not have a pipeline with name '{key.name}'"
        )
    return document
