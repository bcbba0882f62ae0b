"""The operations on processing jobs: what AWS refuses is refused here, the rest runs in a worker.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.services.sagemaker.jobs.capacity import PAGE, CapacityPage
from localaws.services.sagemaker.jobs.job_rules import refuse_wrong_processing
from localaws.services.sagemaker.jobs.processing import ProcessingRun
from localaws.services.sagemaker.jobs.records import PROCESSING, JobRecords
from localaws.services.sagemaker.jobs.role import require_role
from localaws.services.sagemaker.jobs.running import RunningJobs

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_ROOT = PurePosixPath("/opt/ml/processing")


class ProcessingJobs(Service):
    service = "sagemaker"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = JobRecords(cloud, PROCESSING)
        self._running = RunningJobs(cloud, self._records)
        cloud.operations.mount(PAGE, CapacityPage(cloud.store))

    def create_processing_job(self, caller: Caller, request: Request) -> Response:
        _refuse_wrong_cluster(request)
        refuse_wrong_processing(request)
        _refuse_wrong_inputs(request.get("ProcessingInputs", []))
        _refuse_wrong_outputs(request.get("ProcessingOutputConfig", {}).get("Outputs", []))
        if not request["AppSpecification"]["ImageUri"].strip():
            raise ServiceError("ValidationException", "AppSpecification.ImageUri must name an image.")
        require_role(self._cloud, caller, request["RoleArn"], f"processing-job/{request['ProcessingJobName']}")
        description = {name: value for name, value in request.items() if name != "Tags"}
        description.setdefault("StoppingCondition", {"MaxRuntimeInSeconds": 86400})
        key = self._records.create(caller, description, request.get("Tags", []))
        job = self._records.get(key)
        self._running.start(key, lambda stop: ProcessingRun(self._cloud, job, key.account, key.region, stop).run())
        return {"ProcessingJobArn": job["ProcessingJobArn"]}

    def describe_processing_job(self, caller: Caller, request: Request) -> Response:
        return self._records.describe(caller, request["ProcessingJobName"])

    def list_processing_jobs(self, caller: Caller, request: Request) -> Response:
        return self._records.summaries(caller, request)

    def stop_processing_job(self, caller: Caller, request: Request) -> Response:
        self._running.stop(self._records.stopping(caller, request["ProcessingJobName"]))
        return {}

    def delete_processing_job(self, caller: Caller, request: Request) -> Response:
        self._records.delete(caller, request["ProcessingJobName"])
        return {}


def _refuse_wrong_cluster(request: Request) -> None:
    cluster = request["ProcessingResources"]["ClusterConfig"]
    if "InstancePreferences" in cluster:
        raise ServiceError(
            "NotImplemented",
            "localaws does not implement InstancePreferences: give InstanceType and InstanceCount.",
            501,
        )
    for member in ("InstanceType", "InstanceCount"):
        if member not in cluster:
            raise ServiceError("ValidationException", f"ProcessingResources.ClusterConfig needs {member}.")


def _refuse_wrong_inputs(inputs: list[dict[str, Any]]) -> None:
    _refuse_repeated("InputName", [item["InputName"] for item in inputs])
    for item in inputs:
        where = f"The processing input {item['InputName']}"
        if item.get("AppManaged") or "DatasetDefinition" in item:
            kind = "DatasetDefinition" if "DatasetDefinition" in item else "AppManaged"
            raise ServiceError("NotImplemented", f"{where}: localaws does not implement {kind}, only S3Input.", 501)
        if "S3Input" not in item:
            raise ServiceError("ValidationException", f"{where} must have an S3Input or a DatasetDefinition.")
        s3 = item["S3Input"]
        _refuse_wrong_uri(where, s3["S3Uri"])
        _refuse_wrong_path(where, s3.get("LocalPath"))
        if s3.get("S3CompressionType") == "Gzip" and s3.get("S3InputMode", "File") != "Pipe":
            raise ServiceError(
                "ValidationException", f"{where}: S3CompressionType Gzip can only be used if S3InputMode is Pipe."
            )
        if s3.get("S3InputMode") == "Pipe":
            raise ServiceError("NotImplemented", f"{where}: localaws does not implement S3InputMode Pipe.", 501)
    _refuse_repeated("LocalPath", [item["S3Input"]["LocalPath"] for item in inputs])


def _refuse_wrong_outputs(outputs: list[dict[str, Any]]) -> None:
    _refuse_repeated("OutputName", [item["OutputName"] for item in outputs])
    for item in outputs:
        where = f"The processing output {item['OutputName']}"
        if item.get("AppManaged") or "FeatureStoreOutput" in item:
            kind = "FeatureStoreOutput" if "FeatureStoreOutput" in item else "AppManaged"
            raise ServiceError("NotImplemented", f"{where}: localaws does not implement {kind}, only S3Output.", 501)
        if "S3Output" not in item:
            raise ServiceError("ValidationException", f"{where} must have an S3Output.")
        _refuse_wrong_uri(where, item["S3Output"]["S3Uri"])
        _refuse_wrong_path(where, item["S3Output"].get("LocalPath"))
    _refuse_repeated("LocalPath", [item["S3Output"]["LocalPath"] for item in outputs])


def _refuse_wrong_path(where: str, path: str | None) -> None:
    if not path:
        raise ServiceError("ValidationException", f"{where} must have a LocalPath.")
    pure = PurePosixPath(path)
    if not pure.is_relative_to(_ROOT) or pure == _ROOT or ".." in pure.parts:
        raise ServiceError(
            "ValidationException", f"{where}: LocalPath must begin with {_ROOT}/, which {path} does not."
        )


def _refuse_wrong_uri(where: str, uri: str) -> None:
    if not uri.startswith("s3://") or not uri.removeprefix("s3://").partition("/")[0]:
        raise ServiceError("ValidationException", f"{where}: {uri} is not an S3 URI (s3://bucket/key).")


def _refuse_repeated(member: str, values: list[str]) -> None:
    repeated = {value for value in values if values.count(value) > 1}
    if repeated:
        raise ServiceError("ValidationException", f"{member} must be unique: {', '.join(sorted(repeated))} is not.")
