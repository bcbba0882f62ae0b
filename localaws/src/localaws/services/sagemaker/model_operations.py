"""The operations on models: CreateModel, DescribeModel, ListModels, DeleteModel.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.services.sagemaker import listing
from localaws.services.sagemaker.jobs.role import require_role
from localaws.services.sagemaker.listing import page
from localaws.services.sagemaker.model_records import ModelRecords

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


class Models(Service):
    service = "sagemaker"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = ModelRecords(cloud)

    def create_model(self, caller: Caller, request: Request) -> Response:
        containers = request.get("Containers") or []
        primary = request.get("PrimaryContainer")
        if bool(containers) == bool(primary):
            raise ServiceError(
                "ValidationException",
                "Exactly one of PrimaryContainer and Containers must be given."
                if primary
                else "Either PrimaryContainer or Containers must be given.",
            )
        for container in containers or [primary]:
            _refuse_wrong_container(container)
        hostnames = [container["ContainerHostname"] for container in containers if "ContainerHostname" in container]
        if len(set(hostnames)) < len(hostnames):
            raise ServiceError("ValidationException", "ContainerHostname must be unique within a model.")
        if "ExecutionRoleArn" in request:
            require_role(self._cloud, caller, request["ExecutionRoleArn"], f"model/{request['ModelName']}")
        return {"ModelArn": self._records.create(caller, request)}

    def describe_model(self, caller: Caller, request: Request) -> Response:
        return self._records.describe(caller, request["ModelName"])

    def list_models(self, caller: Caller, request: Request) -> Response:
        found = listing.select(self._records.all(caller), request, "ModelName", "ModelArn", "Descending")
        answer = page(found, request, "Models")
        wanted = ("ModelName", "ModelArn", "CreationTime")
        answer["Models"] = [{member: model[member] for member in wanted} for model in answer["Models"]]
        return answer

    def delete_model(self, caller: Caller, request: Request) -> Response:
        self._records.delete(caller, request["ModelName"])
        return {}


def _refuse_wrong_container(container: dict[str, Any]) -> None:
    if "ModelPackageName" in container:
        mixed = [member for member in ("Image", "ModelDataUrl", "ModelDataSource") if member in container]
        if mixed:
            raise ServiceError(
                "ValidationException",
                f"A container names either a ModelPackageName or its own {' and '.join(mixed)}, not both.",
            )
        return
    if "Image" not in container:
        raise ServiceError("ValidationException", "A container must name an Image or a ModelPackageName.")
    if "ModelDataUrl" in container and "ModelDataSource" in container:
        raise ServiceError("ValidationException", "A container names either ModelDataUrl or ModelDataSource, not both.")
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    if source.get("S3DataType") == "S3Prefix" and source["CompressionType"] == "Gzip":
        raise ServiceError("ValidationException", "ModelDataSource: CompressionType Gzip needs S3DataType S3Object.")
    if source.get("S3DataType") == "S3Prefix" and not source["S3Uri"].endswith("/"):
        raise ServiceError("ValidationException", "ModelDataSource: the S3Uri of an S3Prefix must end with /.")
