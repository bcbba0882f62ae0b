"""Model packages: versions in a group, and unversioned packages by name.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.core.store import Document
from localaws.services.sagemaker.listing import bounds, page
from localaws.services.sagemaker.pipelines.records import user_context
from localaws.services.sagemaker.registry.announcements import announce_package
from localaws.services.sagemaker.registry.artifacts import Artifacts
from localaws.services.sagemaker.registry.names import PackageName
from localaws.services.sagemaker.registry.records import RegistryRecords, conflict, invalid

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_NOT_KEPT = ("ClientToken", "Tags", "ModelPackageName", "ModelPackageGroupName")
_REPLACED_BY_UPDATE = (
    "ModelApprovalStatus",
    "ApprovalDescription",
    "ModelPackageRegistrationType",
    "InferenceSpecification",
    "SourceUri",
    "ModelCard",
    "ModelLifeCycle",
)


class ModelPackages(Service):
    """A package is validated while it is created, so its status is Completed or Failed at once."""

    service = "sagemaker"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = RegistryRecords(cloud)

    def create_model_package(self, caller: Caller, request: Request) -> Response:
        if ("ModelPackageName" in request) == ("ModelPackageGroupName" in request):
            raise invalid("Exactly one of ModelPackageName and ModelPackageGroupName must be given.")
        group = request.get("ModelPackageGroupName")
        if group and request.get("Tags"):
            raise invalid("Tags are not supported for a model package version; it uses the tags of its group.")
        token_key = f"{caller.account}/{caller.region}/{request.get('ClientToken', '')}"
        with self._records.lock:
            repeated = self._records.client_tokens.get(token_key) if "ClientToken" in request else None
            if repeated is not None:
                if repeated["Request"] != request:
                    raise conflict("ClientToken was used before, with other parameters.")
                return {"ModelPackageArn": repeated["ModelPackageArn"]}
        content = self._content(caller, request)
        with self._records.lock:
            name = self._place(caller, group, content) if group else self._named(caller, request)
            content = {
                "ModelPackageName": name.name,
                "ModelPackageArn": name.arn,
                "CreationTime": self._cloud.clock.now(),
                **content,
            }
            self._records.packages.put(name.key, content)
            if request.get("Tags"):
                self._records.tags.put(name.arn, {"Tags": request["Tags"]})
            if "ClientToken" in request:
                self._records.client_tokens.put(token_key, {"Request": request, "ModelPackageArn": name.arn})
        announce_package(self._cloud, name, content)
        return {"ModelPackageArn": name.arn}

    def describe_model_package(self, caller: Caller, request: Request) -> Response:
        _, package = self._records.package(caller, request["ModelPackageName"], "DescribeModelPackage")
        if request.get("IncludedData") == "MetadataOnly":
            package.pop("ModelCard", None)
        return package

    def batch_describe_model_package(self, caller: Caller, request: Request) -> Response:
        found: dict[str, Document] = {}
        errors: dict[str, dict[str, str]] = {}
        for arn in request["ModelPackageArnList"]:
            try:
                _, found[arn] = self._records.package(caller, arn, "BatchDescribeModelPackage")
            except ServiceError as error:
                errors[arn] = {"ErrorCode": error.code, "ErrorResponse": error.message}
        return {"ModelPackageSummaries": found, "BatchDescribeModelPackageErrorMap": errors}

    def list_model_packages(self, caller: Caller, request: Request) -> Response:
        if "ModelPackageGroupName" in request:
            group, _ = self._records.group(caller, request["ModelPackageGroupName"], "ListModelPackages")
            candidates = self._records.versions(group)
        else:
            kind = request.get("ModelPackageType", "Unversioned")
            candidates = [
                package
                for package in self._records.packages.values(f"{caller.account}/{caller.region}/")
                if kind == "Both" or (kind == "Versioned") == ("ModelPackageVersion" in package)
            ]
        found = [(package["ModelPackageArn"], package) for package in candidates if _wanted(package, request)]
        found.sort(
            key=lambda item: _order(item[1], request.get("SortBy", "CreationTime")),
            reverse=request.get("SortOrder") == "Descending",
        )
        return page(found, request, "ModelPackageSummaryList")

    def update_model_package(self, caller: Caller, request: Request) -> Response:
        name, package = self._records.package(caller, request["ModelPackageArn"], "UpdateModelPackage")
        if "InferenceSpecification" in request:
            specification = Artifacts(self._cloud, caller).completed(request["InferenceSpecification"])
            request = {**request, "InferenceSpecification": specification}
        with self._records.lock:
            name, package = self._records.package(caller, request["ModelPackageArn"], "UpdateModelPackage")
            package.update({member: request[member] for member in _REPLACED_BY_UPDATE if member in request})
            _update_metadata(package, request)
            _add_specifications(package, request.get("AdditionalInferenceSpecificationsToAdd", []))
            package |= {"LastModifiedTime": self._cloud.clock.now(), "LastModifiedBy": user_context(caller)}
            self._records.packages.put(name.key, package)
        announce_package(self._cloud, name, package)
        return {"ModelPackageArn": name.arn}

    def delete_model_package(self, caller: Caller, request: Request) -> Response:
        with self._records.lock:
            name, _ = self._records.package(caller, request["ModelPackageName"], "DeleteModelPackage")
            self._records.packages.delete(name.key)
            self._records.tags.delete(name.arn)
        return {}

    def _content(self, caller: Caller, request: Request) -> Document:
        """The package's members as the request gives them, completed and validated."""
        content = {member: value for member, value in request.items() if member not in _NOT_KEPT}
        content.setdefault("CertifyForMarketplace", False)
        content["CreatedBy"] = user_context(caller)
        statuses: list[dict[str, Any]] = []
        specification = request.get("InferenceSpecification")
        if specification is not None:
            artifacts = Artifacts(self._cloud, caller)
            content["InferenceSpecification"] = artifacts.completed(specification)
            if request.get("SkipModelValidation", "None") != "All":
                statuses = [
                    {"Name": container, "Status": "Failed", "FailureReason": problem}
                    for container, problem in artifacts.problems(specification)
                ]
        content["ModelPackageStatus"] = "Failed" if statuses else "Completed"
        content["ModelPackageStatusDetails"] = {"ValidationStatuses": statuses, "ImageScanStatuses": []}
        return content

    def _place(self, caller: Caller, text: str, content: Document) -> PackageName:
        """The next version of a group; versions are never used twice, and their creation times strictly increase."""
        group, document = self._records.group(caller, text, "CreateModelPackage")
        number = document["LatestVersion"] = document["LatestVersion"] + 1
        created = document["LatestCreation"] = _later(self._cloud.clock.now(), document.get("LatestCreation"))
        self._records.groups.put(group.key, document)
        content |= {"ModelPackageGroupName": group.name, "ModelPackageVersion": number, "CreationTime": created}
        content.setdefault("ModelApprovalStatus", "PendingManualApproval")
        return group.version(number)

    def _named(self, caller: Caller, request: Request) -> PackageName:
        name = PackageName(caller.account, caller.region, request["ModelPackageName"])
        if self._records.packages.get(name.key) is not None:
            raise conflict(f"Model package already exists: {name.arn}")
        return name


def _later(now: datetime, latest: datetime | None) -> datetime:
    """``now`` in milliseconds, as JSON carries it, but after ``latest``."""
    rounded = now.replace(microsecond=now.microsecond // 1000 * 1000)
    return rounded if latest is None or rounded > latest else latest + timedelta(milliseconds=1)


def _wanted(package: Document, request: Request) -> bool:
    after, before = bounds(request, "CreationTimeAfter", "CreationTimeBefore")
    return (
        request.get("NameContains", "").lower() in package["ModelPackageName"].lower()
        and request.get("ModelApprovalStatus") in (None, package.get("ModelApprovalStatus"))
        and (after is None or package["CreationTime"] >= after)
        and (before is None or package["CreationTime"] <= before)
    )


def _order(package: Document, by: str) -> tuple[Any, ...]:
    version = package.get("ModelPackageVersion", 0)
    return (package["ModelPackageName"], version) if by == "Name" else (package["CreationTime"], version)


def _update_metadata(package: Document, request: Request) -> None:
    metadata = {**package.get("CustomerMetadataProperties", {}), **request.get("CustomerMetadataProperties", {})}
    for name in request.get("CustomerMetadataPropertiesToRemove", []):
        metadata.pop(name, None)
    if len(metadata) > 50:
        raise invalid(f"CustomerMetadataProperties would have {len(metadata)} entries; at most 50 are allowed.")
    package.pop("CustomerMetadataProperties", None)
    if metadata:
        package["CustomerMetadataProperties"] = metadata


def _add_specifications(package: Document, added: list[dict[str, Any]]) -> None:
    if not added:
        return
    specifications = [*package.get("AdditionalInferenceSpecifications", []), *added]
    names = [specification["Name"] for specification in specifications]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise conflict(f"Additional inference specifications already exist: {', '.join(repeated)}")
    package["AdditionalInferenceSpecifications"] = specifications
