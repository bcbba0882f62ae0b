"""What is remembered of the model registry, and who may see it: documents by group and package name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.store import Document
from localaws.iam.callers import context_of, principal_of
from localaws.services.sagemaker.registry.names import GroupName, PackageName, group_name, package_name
from localaws.services.sagemaker.registry.sharing import allows

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


class RegistryRecords:
    """The tables of the registry. Look-ups raise AWS's errors: ValidationException for what does not exist,
    AccessDeniedException for what another account has not shared."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.lock = cloud.store.lock
        self.groups = cloud.store.table("sagemaker.model_package_group")
        self.packages = cloud.store.table("sagemaker.model_package")
        self.policies = cloud.store.table("sagemaker.model_package_group_policy")
        self.client_tokens = cloud.store.table("sagemaker.model_package_token")
        self.tags = cloud.store.table("sagemaker.tags")

    def group(self, caller: Caller, text: str, action: str) -> tuple[GroupName, Document]:
        name = _named(group_name, caller, text)
        self._authorise(caller, name, action, name.arn)
        found = self.groups.get(name.key)
        if found is None:
            raise invalid(f"ModelPackageGroup {name.arn} does not exist.")
        return name, found

    def package(self, caller: Caller, text: str, action: str) -> tuple[PackageName, Document]:
        name = _named(package_name, caller, text)
        self._authorise(caller, GroupName(name.account, name.region, name.name), action, name.arn)
        found = self.packages.get(name.key)
        if found is None:
            raise invalid(f"ModelPackage {name.arn} does not exist.")
        return name, found

    def versions(self, group: GroupName) -> list[Document]:
        """The packages of a group, oldest first."""
        return [package for package in self.packages.values(f"{group.key}/") if "ModelPackageVersion" in package]

    def _authorise(self, caller: Caller, group: GroupName, action: str, arn: str) -> None:
        if group.account == caller.account:
            return
        policy = self.policies.get(group.key)
        # A policy may name the group, or all its versions, for what is done to the group as a whole.
        arns = (arn, f"{group.version(0).arn.removesuffix('0')}*") if arn == group.arn else (arn,)
        document, context = policy["ResourcePolicy"] if policy else None, context_of(self._cloud, caller)
        if not allows(document, principal_of(caller), context, f"sagemaker:{action}", arns):
            raise ServiceError(
                "AccessDeniedException",
                f"User: {caller.arn} is not authorized to perform: sagemaker:{action} on resource: {arn} because no "
                f"resource-based policy allows the sagemaker:{action} action",
                403,
            )


def _named(parse: Any, caller: Caller, text: str) -> Any:
    try:
        return parse(caller, text)
    except ValueError as error:
        raise invalid(str(error)) from error


def invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)


def conflict(message: str) -> ServiceError:
    return ServiceError("ConflictException", message)
