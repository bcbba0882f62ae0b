"""Which model package is deployed: the newest Approved version, and in words why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from scripts.errors import ModelPackageError

APPROVED = "Approved"
COMPLETED = "Completed"
REJECTED = "Rejected"


@dataclass(frozen=True)
class PackageSummary:
    """One version, as ListModelPackages tells it."""

    arn: str
    group: str
    version: int
    status: str
    approval_status: str
    created: datetime

    def __str__(self) -> str:
        failed = "" if self.status == COMPLETED else f", status {self.status}"
        return f"version {self.version}: {self.approval_status}{failed}, created {self.created:%Y-%m-%d %H:%M}"


def choose_package(newest_approved: Sequence[PackageSummary]) -> PackageSummary | None:
    """The newest Completed one of Approved versions, newest first; None where there is none."""
    approved = [each for each in newest_approved if each.approval_status == APPROVED]
    ordered = sorted(approved, key=lambda each: (each.created, each.version), reverse=True)
    return next((each for each in ordered if each.status == COMPLETED), None)


def last_changed_by(package: Mapping[str, Any]) -> str | None:
    """Who approved an Approved version, as DescribeModelPackage tells it: Studio's user profile, or an IAM identity.

    One that nobody changed since was registered as Approved. None where SageMaker tells neither.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UserContext.html
    """
    context = package.get("LastModifiedBy") or package.get("CreatedBy") or {}
    identity = context.get("IamIdentity") or {}
    return context.get("UserProfileName") or identity.get("SourceIdentity") or identity.get("Arn")


def rejection(package: Mapping[str, Any], version: int, stage: str) -> str | None:
    """That a version which is live in a stage is Rejected by now, with what leads out; None where it is not.

    ``package`` is DescribeModelPackage's answer of the version in dev.
    """
    if package.get("ModelApprovalStatus") != REJECTED:
        return None
    at, why = package.get("LastModifiedTime"), package.get("ApprovalDescription")
    since = f" since {at:%Y-%m-%d %H:%M}" if isinstance(at, datetime) else ""
    by = last_changed_by(package)
    told = "".join((since, f", by {by}" if by else "", f": {why}" if why else ""))
    return f"model version {version} is Rejected in dev{told}; next: make rollback STAGE={stage}"


def passed_over(newest_approved: Sequence[PackageSummary], chosen: PackageSummary) -> list[PackageSummary]:
    """Approved versions newer than the chosen one, which are not Completed and so cannot be deployed."""
    return [each for each in newest_approved if each.version > chosen.version and each.status != COMPLETED]


def nothing_approved(
    group: str, account: str, versions: Sequence[PackageSummary], pipeline: str, limit: int = 20
) -> ModelPackageError:
    """The error that says which versions exist, and their status. ``versions`` are all of the group, newest first."""
    if not versions:
        problem = f'model package group "{group}" in account {account} has no versions'
        return ModelPackageError(
            problem, next_command=f"make register PIPELINE={pipeline} ARTIFACT=model.tar.gz APPROVE=1"
        )
    found = [str(each) for each in versions[:limit]]
    if len(versions) > limit:
        found.append(f"and {len(versions) - limit} older versions")
    return ModelPackageError(
        f'model package group "{group}" in account {account} has no Approved version that is Completed',
        found=found,
        next_command=(
            "aws sagemaker update-model-package --model-approval-status Approved --model-package-arn " + versions[0].arn
        ),
    )


def no_group(group: str, account: str, existing: Sequence[str], pipeline: str) -> ModelPackageError:
    """The error for a model package group that does not exist; ``existing`` are the groups there are."""
    near = get_close_matches(group, existing, n=1)
    hint = f'; did you mean "{near[0]}"?' if near else ""
    return ModelPackageError(
        f'account {account} has no model package group "{group}"{hint}',
        found=[f"groups: {', '.join(existing) or 'none'}"],
        next_command=f"make register PIPELINE={pipeline} ARTIFACT=model.tar.gz   # or correct "
        f"model_package_group in pipelines/{pipeline}/settings.yml",
    )
