"""Registers a packaged model in the dev account: its bytes into S3, then the model package, then its approval.

The calls are those that a training pipeline would make. A killed registration continues where it stopped: the
object's key and the request follow from the model's bytes. The same model is found again and not registered twice.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.decisions.model_packages import COMPLETED
from scripts.decisions.registration import APPROVED, PENDING, Registration, is_registration_of, require_approvable
from scripts.errors import ModelPackageError
from scripts.flows.stage_context import StageContext
from scripts.gateways.buckets import ensure_artifact_bucket
from scripts.gateways.uploads import upload
from scripts.terminal.progress import Progress
from scripts.terminal.transfer import transfer


@dataclass(frozen=True)
class Registered:
    """``is_new`` is False for a version that was there already."""

    arn: str
    version: int
    approval_status: str
    is_new: bool
    group_was_made: bool


def register_model(
    context: StageContext,
    registration: Registration,
    archive: Path,
    progress: Progress,
    *,
    approval_reason: str | None = None,
    force: bool = False,
) -> Registered:
    """``approval_reason``: approve the version, for this reason; ``force``: register a version even if it is there."""
    registry = context.dev_registry
    made = _ensure_group(context, registration.group, progress)
    found = None if made or force else _existing(context, registration)
    if found is None:
        arn = _register(context, registration, archive, progress)
    else:
        arn = found["ModelPackageArn"]
        progress.line(f"this model is version {found['ModelPackageVersion']} already; FORCE=1 registers it again")
    package = registry.wait_until_settled(arn)
    if package["ModelPackageStatus"] != COMPLETED:
        raise ModelPackageError(
            f"{arn} was registered, but its status is {package['ModelPackageStatus']}",
            found=[str(package.get("ModelPackageStatusDetails"))],
            next_command="fix the cause, then run the same command again: it registers a new version",
        )
    status = package.get("ModelApprovalStatus", PENDING)
    if approval_reason is not None and status != APPROVED:
        require_approvable(arn, status)
        registry.approve(arn, approval_reason)
        progress.line(f"approved {arn}: {approval_reason}")
        status = APPROVED
    return Registered(arn, package["ModelPackageVersion"], status, found is None, made)


def _existing(context: StageContext, registration: Registration) -> dict[str, Any] | None:
    """The newest version that has this very container."""
    versions = context.dev_registry.specifications(registration.group)
    return next((each for each in versions if is_registration_of(each, registration.container)), None)


def _ensure_group(context: StageContext, group: str, progress: Progress) -> bool:
    if context.dev_registry.has_group(group):
        return False
    project = context.settings.project
    context.dev_registry.create_group(
        group,
        f"Models of pipeline {context.settings.pipeline}",
        {"sagemaker:project-name": project.name, "sagemaker:project-id": project.id, **context.settings.stack_tags},
    )
    progress.line(f"made model package group {group} in account {context.settings.dev_account}")
    return True


def _register(context: StageContext, registration: Registration, archive: Path, progress: Progress) -> str:
    bucket, size = registration.bucket, archive.stat().st_size
    if ensure_artifact_bucket(context.dev, bucket):
        progress.line(f"made bucket {bucket}: versioned, encrypted, TLS only, not public")
    with transfer("uploading model.tar.gz", size) as sent:
        sent_now = upload(
            context.dev, archive, bucket, registration.model_key, registration.sha256, "application/x-tar", sent
        )
    progress.line(f"{registration.model_uri}: {size:,} bytes" + ("" if sent_now else ", there already"))
    if registration.metrics is not None:
        _upload_metrics(context, registration)
    newest = next((each.arn for each in context.dev_registry.versions(registration.group)), None)
    arn = context.dev_registry.create(registration.request, registration.client_token(newest))
    if context.dev_registry.describe(arn) is None:
        # The token was used before, for a version that somebody has deleted since.
        arn = context.dev_registry.create(registration.request, registration.client_token(f"{newest} after {arn}"))
    progress.line(f"registered {arn}")
    return arn


def _upload_metrics(context: StageContext, registration: Registration) -> None:
    text = registration.metrics_text.encode()
    with tempfile.NamedTemporaryFile() as file:
        file.write(text)
        file.flush()
        digest = hashlib.sha256(text).hexdigest()
        key = registration.metrics_key
        upload(context.dev, Path(file.name), registration.bucket, key, digest, "application/json", lambda _: None)
