"""Model package groups and their resource policies.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackageGroup.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.core.caller import Caller
from localaws.core.service import Request, Response, Service
from localaws.core.store import Document
from localaws.policies.errors import PolicyError
from localaws.services.sagemaker.listing import bounds, page
from localaws.services.sagemaker.pipelines.records import user_context
from localaws.services.sagemaker.registry.names import GroupName
from localaws.services.sagemaker.registry.records import RegistryRecords, conflict, invalid
from localaws.services.sagemaker.registry.sharing import check_policy

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_KEPT = ("ModelPackageGroupDescription", "ManagedConfiguration")


class ModelPackageGroups(Service):
    service = "sagemaker"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = RegistryRecords(cloud)

    def create_model_package_group(self, caller: Caller, request: Request) -> Response:
        name = GroupName(caller.account, caller.region, request["ModelPackageGroupName"])
        kept: Document = {key: value for key, value in request.items() if key in _KEPT}
        with self._records.lock:
            if self._records.groups.get(name.key) is not None:
                raise invalid(f"Model Package Group already exists: {name.arn}")
            group: Document = {
                "ModelPackageGroupName": name.name,
                "ModelPackageGroupArn": name.arn,
                "ModelPackageGroupStatus": "Completed",
                "CreationTime": self._cloud.clock.now(),
                "CreatedBy": user_context(caller),
                "LatestVersion": 0,
                **kept,
            }
            self._records.groups.put(name.key, group)
            if request.get("Tags"):
                self._records.tags.put(name.arn, {"Tags": request["Tags"]})
        return {"ModelPackageGroupArn": name.arn}

    def describe_model_package_group(self, caller: Caller, request: Request) -> Response:
        return self._records.group(caller, request["ModelPackageGroupName"], "DescribeModelPackageGroup")[1]

    def list_model_package_groups(self, caller: Caller, request: Request) -> Response:
        if request.get("CrossAccountFilterOption") == "CrossAccount":
            raise invalid("localaws does not list groups of other accounts; name one by its ARN.")
        wanted = request.get("NameContains", "").lower()
        after, before = bounds(request, "CreationTimeAfter", "CreationTimeBefore")
        found = [
            (key, group)
            for key, group in self._records.groups.items(f"{caller.account}/{caller.region}/")
            if wanted in group["ModelPackageGroupName"].lower()
            and (after is None or group["CreationTime"] >= after)
            and (before is None or group["CreationTime"] <= before)
        ]
        by = "ModelPackageGroupName" if request.get("SortBy") == "Name" else "CreationTime"
        found.sort(key=lambda item: item[1][by], reverse=request.get("SortOrder") == "Descending")
        return page(found, request, "ModelPackageGroupSummaryList")

    def delete_model_package_group(self, caller: Caller, request: Request) -> Response:
        with self._records.lock:
            name, _ = self._records.group(caller, request["ModelPackageGroupName"], "DeleteModelPackageGroup")
            versions = self._records.versions(name)
            if versions:
                raise conflict(
                    f"Model Package Group {name.arn} cannot be deleted because it still contains "
                    f"{len(versions)} model package versions. Delete them first."
                )
            self._records.groups.delete(name.key)
            self._records.policies.delete(name.key)
            self._records.tags.delete(name.arn)
        return {}

    def put_model_package_group_policy(self, caller: Caller, request: Request) -> Response:
        name, _ = self._records.group(caller, request["ModelPackageGroupName"], "PutModelPackageGroupPolicy")
        try:
            check_policy(request["ResourcePolicy"])
        except PolicyError as error:
            raise invalid(f"Invalid resource policy: {error}.") from error
        self._records.policies.put(name.key, {"ResourcePolicy": request["ResourcePolicy"]})
        return {"ModelPackageGroupArn": name.arn}

    def get_model_package_group_policy(self, caller: Caller, request: Request) -> Response:
        return self._policy(caller, request["ModelPackageGroupName"], "GetModelPackageGroupPolicy")[1]

    def delete_model_package_group_policy(self, caller: Caller, request: Request) -> Response:
        name, _ = self._policy(caller, request["ModelPackageGroupName"], "DeleteModelPackageGroupPolicy")
        self._records.policies.delete(name.key)
        return {}

    def _policy(self, caller: Caller, group: str, action: str) -> tuple[GroupName, Response]:
        name, _ = self._records.group(caller, group, action)
        policy = self._records.policies.get(name.key)
        if policy is None:
            raise invalid(f"Cannot find resource policy for: {name.arn}")
        return name, policy
