"""Pipelines: create, update, describe, list, delete, and their versions.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreatePipeline.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.core.store import Document
from localaws.services.sagemaker.listing import bounds, page
from localaws.services.sagemaker.pipelines.arguments import check_arguments
from localaws.services.sagemaker.pipelines.definition import DefinitionError, parse_definition
from localaws.services.sagemaker.pipelines.records import RUNNING, PipelineRecords, pipeline_key, user_context

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_VERSIONED = ("PipelineDefinition", "RoleArn", "PipelineDescription", "PipelineDisplayName", "ParallelismConfiguration")


class Pipelines(Service):
    """Every change of a pipeline makes a new version, numbered from 1."""

    service = "sagemaker"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = PipelineRecords(cloud.store)
        self._tags = cloud.store.table("sagemaker.tags")

    def create_pipeline(self, caller: Caller, request: Request) -> Response:
        _refuse_aliases(request)
        key, arn = pipeline_key(caller, request["PipelineName"])
        definition = self._definition(caller, request)
        if definition is None:
            raise _invalid("Either PipelineDefinition or PipelineDefinitionS3Location is required.")
        with self._records.lock:
            existing = self._records.pipelines.get(key)
            if existing is not None:
                if existing["ClientRequestToken"] == request["ClientRequestToken"]:
                    return {"PipelineArn": arn}
                # The SDK's upsert recognises this sentence.
                raise _invalid(
                    "Pipeline names must be unique within an AWS account and region. "
                    f"Pipeline with name ({request['PipelineName']}) already exists."
                )
            now = self._cloud.clock.now()
            pipeline: Document = {
                "PipelineArn": arn,
                "PipelineName": request["PipelineName"],
                "PipelineDisplayName": request["PipelineName"],
                "PipelineStatus": "Active",
                "ClientRequestToken": request["ClientRequestToken"],
                "CreationTime": now,
                "CreatedBy": user_context(caller),
            }
            self._write(caller, key, pipeline, {**request, "PipelineDefinition": definition})
        if request.get("Tags"):
            self._tags.put(arn, {"Tags": request["Tags"]})
        return {"PipelineArn": arn}

    def update_pipeline(self, caller: Caller, request: Request) -> Response:
        _refuse_aliases(request)
        self._records.pipeline(caller, request["PipelineName"])
        definition = self._definition(caller, request)
        with self._records.lock:
            key, pipeline = self._records.pipeline(caller, request["PipelineName"])
            changes = {name: value for name, value in request.items() if name in _VERSIONED}
            if definition is not None:
                changes["PipelineDefinition"] = definition
            number = self._write(caller, key, pipeline, changes)
        return {"PipelineArn": pipeline["PipelineArn"], "PipelineVersionId": number}

    def describe_pipeline(self, caller: Caller, request: Request) -> Response:
        if "PipelineVersionAlias" in request:
            raise _not_aliases()
        key, pipeline = self._records.pipeline(caller, request["PipelineName"])
        number = request.get("PipelineVersionId")
        if number is None:
            return pipeline
        version = self._version(key, pipeline, number)
        created = {"LastModifiedTime": version["CreationTime"], "LastModifiedBy": version["CreatedBy"]}
        return {**pipeline, **version, **created, "CreationTime": pipeline["CreationTime"]}

    def list_pipelines(self, caller: Caller, request: Request) -> Response:
        prefix = request.get("PipelineNamePrefix", "").lower()
        found = [
            (key, pipeline)
            for key, pipeline in self._records.pipelines.items(f"{caller.account}/{caller.region}/")
            if pipeline["PipelineName"].lower().startswith(prefix)
            and _created_within(pipeline["CreationTime"], request)
            and request.get("ManagedBy", "CUSTOMER") == "CUSTOMER"
        ]
        by_name = request.get("SortBy") == "Name"
        found.sort(
            key=lambda item: item[1]["PipelineName"].lower() if by_name else item[1]["CreationTime"],
            reverse=request.get("SortOrder", "Descending") == "Descending",
        )
        shown = [
            (key, {**pipeline, "LastExecutionTime": pipeline.get("LastRunTime", pipeline["CreationTime"])})
            for key, pipeline in found
        ]
        return page(shown, request, "PipelineSummaries")

    def delete_pipeline(self, caller: Caller, request: Request) -> Response:
        with self._records.lock:
            key, pipeline = self._records.pipeline(caller, request["PipelineName"])
            running = [
                execution["PipelineExecutionArn"]
                for execution in self._records.executions.values(f"{key}/")
                if execution["PipelineExecutionStatus"] in RUNNING
            ]
            if running:
                raise ServiceError(
                    "ConflictException",
                    f"Pipeline '{pipeline['PipelineArn']}' has running executions, which must be stopped first: "
                    f"{', '.join(running)}",
                )
            self._records.delete_pipeline(key)
            self._tags.delete(pipeline["PipelineArn"])
        return {"PipelineArn": pipeline["PipelineArn"]}

    def list_pipeline_versions(self, caller: Caller, request: Request) -> Response:
        key, pipeline = self._records.pipeline(caller, request["PipelineName"])
        found = [
            (version_key, {**version, "PipelineArn": pipeline["PipelineArn"]})
            for version_key, version in self._records.versions.items(f"{key}/")
            if _created_within(version["CreationTime"], request)
        ]
        if request.get("SortOrder", "Descending") == "Descending":
            found.reverse()
        return page(found, request, "PipelineVersionSummaries")

    def update_pipeline_version(self, caller: Caller, request: Request) -> Response:
        if "PipelineVersionAliasOperations" in request:
            raise _not_aliases()
        with self._records.lock:
            key, pipeline = self._records.pipeline(caller, request["PipelineArn"])
            number = request["PipelineVersionId"]
            version = self._version(key, pipeline, number)
            for name in ("PipelineVersionDisplayName", "PipelineVersionDescription"):
                if name in request:
                    version[name] = request[name]
            self._records.put_version(key, number, version)
        return {"PipelineArn": pipeline["PipelineArn"], "PipelineVersionId": number}

    def _write(self, caller: Caller, key: str, pipeline: Document, changes: Request) -> int:
        """Apply ``changes`` to the pipeline as a new version; the number of that version."""
        pipeline.update({name: changes[name] for name in _VERSIONED if name in changes})
        number = pipeline["LatestVersion"] = int(pipeline.get("LatestVersion", 0)) + 1
        now = self._cloud.clock.now()
        pipeline |= {"LastModifiedTime": now, "LastModifiedBy": user_context(caller)}
        version: Document = {name: pipeline[name] for name in _VERSIONED if name in pipeline}
        version |= {"PipelineVersionId": number, "CreationTime": now, "CreatedBy": user_context(caller)}
        self._records.pipelines.put(key, pipeline)
        self._records.put_version(key, number, version)
        return number

    def _version(self, key: str, pipeline: Document, number: int) -> Document:
        version = self._records.version(key, number)
        if version is None:
            raise ServiceError("ResourceNotFound", f"Pipeline '{pipeline['PipelineArn']}' has no version {number}.")
        return version

    def _definition(self, caller: Caller, request: Request) -> str | None:
        """The checked text of the request's definition, or None where the request brings none."""
        text, location = request.get("PipelineDefinition"), request.get("PipelineDefinitionS3Location")
        if text is not None and location is not None:
            raise _invalid("Only one of PipelineDefinition and PipelineDefinitionS3Location can be given.")
        if location is not None:
            text = self._read(caller, location)
        if text is not None:
            try:
                check_arguments(parse_definition(text))
            except DefinitionError as error:
                raise _invalid(f"Unable to parse pipeline definition. {error}") from error
        return text

    def _read(self, caller: Caller, location: dict[str, Any]) -> str:
        request = {"Bucket": location["Bucket"], "Key": location["ObjectKey"]}
        if "VersionId" in location:
            request["VersionId"] = location["VersionId"]
        where = f"s3://{location['Bucket']}/{location['ObjectKey']}"
        try:
            return str(self._cloud.client("s3", caller).get_object(**request)["Body"].read().decode())
        except ClientError as error:
            details = error.response["Error"]
            raise _invalid(f"Unable to read the pipeline definition {where}: {details['Message']}") from error
        except UnicodeDecodeError as error:
            raise _invalid(f"Unable to parse pipeline definition. {where} is not UTF-8: {error}") from error


def _created_within(moment: Any, request: Request) -> bool:
    after, before = bounds(request, "CreatedAfter", "CreatedBefore")
    return (after is None or moment >= after) and (before is None or moment <= before)


def _refuse_aliases(request: Request) -> None:
    if request.get("PipelineVersionAliases"):
        raise _not_aliases()


def _not_aliases() -> ServiceError:
    return _invalid("localaws does not keep aliases of pipeline versions; name the version by PipelineVersionId.")


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)
