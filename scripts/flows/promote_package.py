"""Carries out a promotion: copies first, checks them, and only then registers the model package."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from scripts.decisions.deployment_plan import RegisteredPackage
from scripts.decisions.model_packages import COMPLETED
from scripts.decisions.promotion import Promotion, is_promotion_of
from scripts.errors import ModelPackageError
from scripts.flows.stage_context import StageContext
from scripts.terminal.progress import Progress

PARALLEL_COPIES = 8
_UNSETTLED = ("Pending", "InProgress")


def registered_package(context: StageContext, promotion: Promotion, likely_arn: str | None) -> RegisteredPackage | None:
    """The promoted package, where the stage has it: Completed, or on its way there. Failed ones do not count.

    ``likely_arn`` (the live one) is looked at first, which spares the search when nothing has changed.
    """
    if likely_arn:
        found = _match(context, promotion, likely_arn)
        if found:
            return found
    if not context.registry.has_group(promotion.group):
        return None
    for each in context.registry.versions(promotion.group):
        if each.created < promotion.source_created:
            return None  # a copy is younger than its source, and the list goes from new to old
        found = _match(context, promotion, each.arn) if each.arn != likely_arn else None
        if found:
            return found
    return None


def promote(
    context: StageContext,
    promotion: Promotion,
    package: RegisteredPackage | None,
    progress: Progress,
    *,
    again: bool = False,
) -> str:
    """The ARN of the promoted, Completed package: copied and registered now, waited for, or there already.

    ``again``: of a package that is there, objects are gone or are not what was copied; they are copied once more.
    """
    if package is None or again:
        _copy(context, promotion, progress)
    if package is None:
        registry = context.promoter_registry
        if not registry.has_group(promotion.group):
            registry.create_group(
                promotion.group,
                f"Promoted from account {context.settings.dev_account} for stage {context.stage}",
                {
                    "sagemaker:project-name": context.settings.project.name,
                    "sagemaker:project-id": context.settings.project.id,
                    **context.settings.stack_tags,
                },
            )
        newest = next((each.arn for each in registry.versions(promotion.group)), None)
        arn = registry.create(promotion.request, promotion.client_token(newest))
        if registry.describe(arn) is None:
            # The token was used before, for a version that somebody has deleted since.
            arn = registry.create(promotion.request, promotion.client_token(f"{newest} after {arn}"))
        progress.line(f"registered {arn}")
    elif package.status == COMPLETED:
        return package.arn
    else:
        arn = package.arn
    with progress.awaiting(f"SageMaker: {arn} to be {COMPLETED}"):
        settled = context.registry.wait_until_settled(arn)
    if settled["ModelPackageStatus"] != COMPLETED:
        raise ModelPackageError(
            f"{arn} was registered, but its status is {settled['ModelPackageStatus']}",
            found=_reasons(settled),
            next_command=f"{context.deploys}   # once the cause is mended: registers it again",
        )
    return arn


def _match(context: StageContext, promotion: Promotion, arn: str) -> RegisteredPackage | None:
    package = context.registry.describe(arn)
    if package is None or not is_promotion_of(package, promotion.source_arn, promotion.model_data_uris):
        return None
    status = package["ModelPackageStatus"]
    return RegisteredPackage(arn, status) if status == COMPLETED or status in _UNSETTLED else None


def _copy(context: StageContext, promotion: Promotion, progress: Progress) -> None:
    """Dev's credentials copy: the stage's bucket and key let them in, and no stage may read dev."""
    objects = context.copying_objects
    copying = f"S3: {len(promotion.copies)} objects to be copied to {promotion.bucket}"
    with progress.awaiting(copying), ThreadPoolExecutor(PARALLEL_COPIES) as pool:
        copied = list(
            pool.map(
                lambda each: objects.copy(each, promotion.bucket, promotion.kms_key_arn, context.settings.account),
                promotion.copies,
            )
        )
    size = sum(each.pinned.size for each, done in zip(promotion.copies, copied, strict=True) if done and each.pinned)
    progress.line(f"{sum(copied)} of {len(copied)} objects copied ({size:,} bytes of model data), checksums agree")


def _reasons(package: dict[str, Any]) -> list[str]:
    details = package.get("ModelPackageStatusDetails") or {}
    return [
        f"{each['Name']}: {each['Status']}: {each.get('FailureReason', 'no reason given')}"
        for kind in ("ValidationStatuses", "ImageScanStatuses")
        for each in details.get(kind, [])
        if each.get("Status") not in (COMPLETED, "NotStarted")
    ]
