"""The operations on transform jobs: what AWS refuses is refused here, the rest runs in a worker.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.services.sagemaker.jobs.job_rules import refuse_wrong_transform
from localaws.services.sagemaker.jobs.python_environments import PythonEnvironments
from localaws.services.sagemaker.jobs.records import TRANSFORM, JobRecords
from localaws.services.sagemaker.jobs.role import require_role
from localaws.services.sagemaker.jobs.running import RunningJobs
from localaws.services.sagemaker.jobs.transform import TransformRun
from localaws.services.sagemaker.model_records import ModelRecords

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


class TransformJobs(Service):
    service = "sagemaker"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = JobRecords(cloud, TRANSFORM)
        self._models = ModelRecords(cloud)
        self._running = RunningJobs(cloud, self._records)
        self._environments = PythonEnvironments(cloud.kept_directory("environments"))

    def create_transform_job(self, caller: Caller, request: Request) -> Response:
        _refuse_unimplemented(request)
        _refuse_wrong_request(request)
        model = self._models.with_containers(caller, request["ModelName"])
        _refuse_unfit_model(model)
        require_role(self._cloud, caller, model["ExecutionRoleArn"], f"transform-job/{request['TransformJobName']}")
        description = {name: value for name, value in request.items() if name != "Tags"}
        key = self._records.create(caller, description, request.get("Tags", []))
        job = self._records.get(key)
        self._running.start(
            key,
            lambda stop: TransformRun(self._cloud, job, model, self._environments, key.account, key.region, stop).run(),
        )
        return {"TransformJobArn": job["TransformJobArn"]}

    def describe_transform_job(self, caller: Caller, request: Request) -> Response:
        return self._records.describe(caller, request["TransformJobName"])

    def list_transform_jobs(self, caller: Caller, request: Request) -> Response:
        return self._records.summaries(caller, request)

    def stop_transform_job(self, caller: Caller, request: Request) -> Response:
        self._running.stop(self._records.stopping(caller, request["TransformJobName"]))
        return {}


def _refuse_unimplemented(request: Request) -> None:
    if "DataCaptureConfig" in request:
        raise ServiceError("NotImplemented", "localaws does not implement DataCaptureConfig of transform jobs.", 501)
    data_type = request["TransformInput"]["DataSource"]["S3DataSource"]["S3DataType"]
    if data_type not in ("S3Prefix", "ManifestFile"):
        raise ServiceError("NotImplemented", f"localaws does not implement S3DataType {data_type}.", 501)


def _refuse_wrong_request(request: Request) -> None:
    for uri in (
        request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"],
        request["TransformOutput"]["S3OutputPath"],
    ):
        if not uri.startswith("s3://") or not uri.removeprefix("s3://").partition("/")[0]:
            raise ServiceError("ValidationException", f"{uri} is not an S3 URI (s3://bucket/key).")
    refuse_wrong_transform(request)


def _refuse_unfit_model(model: dict[str, Any]) -> None:
    if "ExecutionRoleArn" not in model:
        raise ServiceError(
            "ValidationException",
            f"The model {model['ModelArn']} has no ExecutionRoleArn, which a transform job needs to read and write S3.",
        )
    if any(container.get("Mode") == "MultiModel" for container in model["Containers"]):
        raise ServiceError("ValidationException", "Batch transform does not support models of Mode MultiModel.")
