"""SageMaker's model registry: lists, describes and registers model packages. It decides nothing about them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from scripts.decisions.model_packages import APPROVED, PackageSummary
from scripts.errors import ModelPackageError
from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors

_ABSENT = {"ResourceNotFound", "ValidationException"}  # which of the two depends on the operation
_FIRST_PAGE = 10
_BATCH = 100  # what BatchDescribeModelPackage takes


class Registry:
    """The model registry of one account."""

    def __init__(self, account: Account, sleep: Callable[[float], None] = time.sleep) -> None:
        self._account = account
        self._sleep = sleep

    def newest_approved(self, group: str) -> list[PackageSummary]:
        """The newest Approved versions, newest first: one call, however many versions there are."""
        with told_as_deployment_errors(self._account.actor):
            try:
                answer = self._client.list_model_packages(
                    ModelPackageGroupName=group,
                    ModelApprovalStatus=APPROVED,
                    SortBy="CreationTime",
                    SortOrder="Descending",
                    MaxResults=_FIRST_PAGE,
                )
            except ClientError as error:
                if error_code(error) in _ABSENT:
                    return []  # the caller asks next whether the group exists, and says so
                raise
        return [_summary(each) for each in answer["ModelPackageSummaryList"]]

    def versions(self, group: str) -> list[PackageSummary]:
        """All versions of a group, newest first."""
        with told_as_deployment_errors(self._account.actor):
            pages = self._client.get_paginator("list_model_packages").paginate(
                ModelPackageGroupName=group, SortBy="CreationTime", SortOrder="Descending"
            )
            return [_summary(each) for page in pages for each in page["ModelPackageSummaryList"]]

    def specifications(self, group: str) -> Iterator[dict[str, Any]]:
        """BatchDescribeModelPackage's summary of every version, newest first; no further than they are taken."""
        arns = [each.arn for each in self.versions(group)]
        for start in range(0, len(arns), _BATCH):
            batch = arns[start : start + _BATCH]
            with told_as_deployment_errors(self._account.actor):
                found = self._client.batch_describe_model_package(ModelPackageArnList=batch)["ModelPackageSummaries"]
            yield from (found[arn] for arn in batch if arn in found)

    def groups(self) -> list[str]:
        with told_as_deployment_errors(self._account.actor):
            pages = self._client.get_paginator("list_model_package_groups").paginate()
            return sorted(
                each["ModelPackageGroupName"] for page in pages for each in page["ModelPackageGroupSummaryList"]
            )

    def has_group(self, group: str) -> bool:
        with told_as_deployment_errors(self._account.actor):
            try:
                self._client.describe_model_package_group(ModelPackageGroupName=group)
            except ClientError as error:
                if error_code(error) in _ABSENT:
                    return False
                raise
        return True

    def describe(self, arn: str) -> dict[str, Any] | None:
        """DescribeModelPackage's answer; None where there is no such version."""
        with told_as_deployment_errors(self._account.actor):
            try:
                answer: dict[str, Any] = self._client.describe_model_package(ModelPackageName=arn)
            except ClientError as error:
                if error_code(error) in _ABSENT:
                    return None
                raise
        return answer

    def create_group(self, group: str, description: str, tags: dict[str, str]) -> None:
        """Create a group; that somebody else has just created it is as good."""
        with told_as_deployment_errors(self._account.actor):
            try:
                self._client.create_model_package_group(
                    ModelPackageGroupName=group,
                    ModelPackageGroupDescription=description,
                    Tags=[{"Key": key, "Value": value} for key, value in sorted(tags.items())],
                )
            except ClientError as error:
                if not ("already exist" in str(error).lower() and error_code(error) in _ABSENT | {"ResourceInUse"}):
                    raise

    def create(self, request: dict[str, Any], token: str) -> str:
        """Register a version and return its ARN. The same token within AWS's hours registers it once."""
        with told_as_deployment_errors(self._account.actor):
            arn: str = self._client.create_model_package(**request, ClientToken=token)["ModelPackageArn"]
        return arn

    def approve(self, arn: str, reason: str) -> None:
        with told_as_deployment_errors(self._account.actor):
            self._client.update_model_package(
                ModelPackageArn=arn, ModelApprovalStatus=APPROVED, ApprovalDescription=reason
            )

    def wait_until_settled(self, arn: str, seconds: float = 900.0, every: float = 2.0) -> dict[str, Any]:
        """The version once it is neither Pending nor InProgress. Raises ModelPackageError where that takes too long."""
        deadline = time.monotonic() + seconds
        while True:
            package = self.describe(arn)
            if package is None:
                raise ModelPackageError(
                    f"{arn} was deleted before it was ready", next_command="run the same command again"
                )
            if package["ModelPackageStatus"] not in ("Pending", "InProgress"):
                return package
            if time.monotonic() >= deadline:
                raise ModelPackageError(
                    f"{arn} is still {package['ModelPackageStatus']} after {seconds:.0f} s",
                    next_command=f"aws sagemaker describe-model-package --model-package-name {arn}",
                )
            self._sleep(every)

    @property
    def _client(self) -> Any:
        return self._account.client("sagemaker")


def _summary(each: dict[str, Any]) -> PackageSummary:
    return PackageSummary(
        arn=each["ModelPackageArn"],
        group=each["ModelPackageGroupName"],
        version=each["ModelPackageVersion"],
        status=each["ModelPackageStatus"],
        approval_status=each.get("ModelApprovalStatus", "none"),
        created=each["CreationTime"],
    )
