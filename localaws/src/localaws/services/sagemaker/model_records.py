"""What is remembered of a model: what DescribeModel answers, and its containers with every model package resolved.

Containers are resolved when the model is made, as on AWS: a model package that changes or goes afterwards changes no
model.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from localaws.core.caller import Caller
from localaws.core.cloud import Cloud
from localaws.core.errors import ServiceError

_FROM_PACKAGE = (
    "ContainerHostname",
    "Image",
    "ModelDataUrl",
    "ModelDataSource",
    "AdditionalModelDataSources",
    "Environment",
)


class ModelRecords:
    """Models by account, region and name."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._table = cloud.store.table("sagemaker.model")
        self._tags = cloud.store.table("sagemaker.tags")

    def create(self, caller: Caller, request: dict[str, Any]) -> str:
        """Remember a model and return its ARN; ValidationException where its name is taken."""
        name = request["ModelName"]
        arn = caller.resource_arn("sagemaker", f"model/{name}")
        key = f"{caller.account}/{caller.region}/{name}"
        given = request.get("Containers") or [request["PrimaryContainer"]]
        containers = [resolved for container in given for resolved in self._resolved(caller, container)]
        description = {
            "EnableNetworkIsolation": False,
            **{member: value for member, value in request.items() if member != "Tags"},
            "ModelArn": arn,
            "CreationTime": self._cloud.clock.now(),
        }
        for container in given:
            container.setdefault("Mode", "SingleModel")
            container.setdefault("Environment", {})
        with self._cloud.store.lock:
            if self._table.get(key) is not None:
                raise ServiceError("ValidationException", f'Cannot create already existing model "{arn}".')
            self._table.put(key, {"Description": description, "Containers": containers})
            self._tags.put(arn, {"Tags": request.get("Tags", [])})
        return arn

    def describe(self, caller: Caller, name: str) -> dict[str, Any]:
        """What DescribeModel answers."""
        return self._get(caller, name)["Description"]

    def with_containers(self, caller: Caller, name: str) -> dict[str, Any]:
        """What DescribeModel answers, but Containers are all of the model's containers, resolved."""
        found = self._get(caller, name)
        return {**found["Description"], "Containers": found["Containers"]}

    def all(self, caller: Caller) -> list[dict[str, Any]]:
        """The descriptions of every model of the caller's account and region."""
        return [found["Description"] for found in self._table.values(f"{caller.account}/{caller.region}/")]

    def delete(self, caller: Caller, name: str) -> None:
        arn = self.describe(caller, name)["ModelArn"]
        self._table.delete(f"{caller.account}/{caller.region}/{name}")
        self._tags.delete(arn)

    def _get(self, caller: Caller, name: str) -> dict[str, Any]:
        found = self._table.get(f"{caller.account}/{caller.region}/{name}")
        if found is None:
            arn = caller.resource_arn("sagemaker", f"model/{name}")
            raise ServiceError("ValidationException", f'Could not find model "{arn}".')
        return found

    def _resolved(self, caller: Caller, container: dict[str, Any]) -> list[dict[str, Any]]:
        """The container itself, or those of the model package that it names; read as whoever makes the model."""
        package_name = container.get("ModelPackageName")
        if package_name is None:
            return [container]
        package = self._package(caller, package_name)
        specification = _specification(package, container.get("InferenceSpecificationName"))
        own = container.get("Environment", {})
        return [
            {
                **{member: part[member] for member in _FROM_PACKAGE if part.get(member)},
                "Environment": {**part.get("Environment", {}), **own},
            }
            for part in specification["Containers"]
        ]

    def _package(self, caller: Caller, name: str) -> dict[str, Any]:
        try:
            package: dict[str, Any] = self._cloud.client("sagemaker", caller).describe_model_package(
                ModelPackageName=name
            )
        except ClientError as error:
            refused = error.response["Error"]
            raise ServiceError(refused["Code"], refused["Message"]) from error
        arn = package["ModelPackageArn"]
        if package["ModelPackageStatus"] != "Completed":
            raise ServiceError(
                "ValidationException",
                f"Model package {arn} is in status {package['ModelPackageStatus']}, not Completed.",
            )
        status = package.get("ModelApprovalStatus", "Approved")
        if status != "Approved":
            raise ServiceError(
                "ValidationException",
                f"Model package {arn} has ModelApprovalStatus {status}; a model can be made of an Approved one only.",
            )
        return package


def _specification(package: dict[str, Any], name: str | None) -> dict[str, Any]:
    """The package's inference specification, or the additional one that the container names."""
    arn = package["ModelPackageArn"]
    found = package.get("InferenceSpecification")
    if name is not None:
        additional = package.get("AdditionalInferenceSpecifications", ())
        found = next((one for one in additional if one["Name"] == name), None)
    if found is None:
        raise ServiceError(
            "ValidationException",
            f"Model package {arn} has no inference specification{f' named {name}' if name else ''}.",
        )
    return found
