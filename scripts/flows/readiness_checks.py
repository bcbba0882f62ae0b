"""The checks that ``doctor`` makes of one stage. Each reads; none changes anything.

A check returns what it found, or raises the very error that a deployment would raise, whose next command is the fix.
Where a check cannot work without an earlier one, it is not made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from scripts.decisions.build_concurrency import quota_names, too_few
from scripts.decisions.containers import container_sources
from scripts.decisions.stacks import readiness
from scripts.decisions.stage_values import input_url
from scripts.errors import AccessDeniedError, ArtifactError, DeploymentError, FoundationError, SettingsError
from scripts.flows.resolve_package import resolve
from scripts.flows.run_pipeline import require_input
from scripts.flows.stage_context import StageContext
from scripts.gateways.images import image_digest
from scripts.gateways.keys import key_metadata
from scripts.gateways.quotas import build_quotas, job_quotas
from scripts.workspace.pipelines import pipeline_names, read_fresh_definition

Check = Callable[[StageContext], str]


@dataclass(frozen=True)
class Finding:
    stage: str
    subject: str
    state: Literal["pass", "fail", "unknown"]
    detail: str
    fix: str


class UnknownError(Exception):
    """A check could not find out; the text says why."""


def examine(stage: str | None, pipeline: str | None) -> list[Finding]:
    """All findings of a stage, in the order in which failures should be mended."""
    findings: list[Finding] = []
    shown = stage or "(none)"
    try:
        context = StageContext.open(stage, pipeline)
    except DeploymentError as error:
        return [_failed(shown, "settings", error)]
    findings.append(Finding(shown, "settings", "pass", f"stages/{stage}.yml", ""))
    for group in (_REPOSITORY, _DEV, _STAGE):
        for subject, check, needed in group:
            finding = _make(context, subject, check)
            findings.append(finding)
            if finding.state == "fail" and needed:
                break
    return findings


def _make(context: StageContext, subject: str, check: Check) -> Finding:
    try:
        return Finding(context.stage, subject, "pass", check(context), "")
    except UnknownError as reason:
        return Finding(context.stage, subject, "unknown", str(reason), "")
    except DeploymentError as error:
        return _failed(context.stage, subject, error)


def _failed(stage: str, subject: str, error: DeploymentError) -> Finding:
    detail = error.problem + (f" ({error.found[0]})" if error.found else "")
    return Finding(stage, subject, "fail", detail, error.next_command or "see the message")


def _names(context: StageContext) -> str:
    problems = context.names.problems()
    if problems:
        raise SettingsError(problems[0], next_command="shorten project.name")
    return f"bucket {context.names.bucket}, stack {context.names.batch_stack}"


def _definition(context: StageContext) -> str:
    return (
        f"pipeline {context.settings.pipeline}, sha256 {read_fresh_definition(context.settings.pipeline).sha256[:12]}"
    )


def _credentials(context: StageContext) -> str:
    context.require_dev_credentials()
    return context.accounts.identity(context.settings.dev_account)["Arn"]


def _package(context: StageContext) -> str:
    return str(resolve(context).summary)


def _artifacts(context: StageContext) -> str:
    total = 0
    for source in container_sources(resolve(context).package):
        if source.location is None:
            continue
        keys = list(context.dev_objects.keys(source.location.bucket, source.location.key))
        if not keys:
            raise ArtifactError(
                f"{source.location.uri} does not exist", next_command="upload it, or reject that version"
            )
        total += sum(size for _, size in keys)
    return f"{total:,} bytes of model data"


def _images(context: StageContext) -> str:
    images = [each.image for each in container_sources(resolve(context).package)]
    if context.settings.processing.image_uri:
        images.append(context.settings.processing.image_uri)
    told = {image: image_digest(context.dev, image) for image in images}
    untold = [image for image, digest in told.items() if digest is None]
    if untold:
        raise UnknownError(f"the registry gives no digest of {untold[0]}; jobs pull it by tag")
    return ", ".join(f"{image} {digest}" for image, digest in told.items())


def _role(context: StageContext) -> str:
    return context.account.actor.role_arn or context.names.deployment_role_arn


def _foundation(context: StageContext) -> str:
    return f"bucket {context.foundation.bucket}"


def _bucket(context: StageContext) -> str:
    count = sum(1 for _ in context.objects.keys(context.foundation.bucket, "releases/"))
    return f"s3://{context.foundation.bucket} can be read, {count} objects of releases"


def _key(context: StageContext) -> str:
    key = key_metadata(context.account, context.foundation.kms_key_arn)
    if key["KeyState"] != "Enabled":
        raise FoundationError(
            f"key {key['Arn']} is {key['KeyState']}",
            next_command=f"aws kms enable-key --key-id {key['KeyId']}   # or cancel-key-deletion",
        )
    return str(key["Arn"])


def _stack(context: StageContext) -> str:
    stack = context.stacks.describe(context.names.batch_stack)
    pending = context.stacks.pending_change_sets(stack.name) if stack and stack.status == "REVIEW_IN_PROGRESS" else []
    readiness(stack, {"ReleaseId": ""}, pending, context.stage, context.settings.region)
    return f"{stack.name} is in {stack.status}" if stack else f"{context.names.batch_stack} does not exist yet"


def _input(context: StageContext) -> str:
    require_input(context)
    return input_url(context.settings, context.foundation)


def _quotas(context: StageContext) -> str:
    settings = context.settings
    wanted = {
        f"{settings.processing.instance_type} for processing job usage": settings.processing.instance_count,
        f"{settings.inference.instance_type} for transform job usage": settings.inference.instance_count,
    }
    quotas = job_quotas(context.account)
    if quotas is None:
        raise UnknownError("Service Quotas is not available here")
    missing = [name for name in wanted if name not in quotas]
    if missing:
        raise UnknownError(f"Service Quotas has no quota {missing[0]}")
    short = [f"{name}: {quotas[name]:.0f}, {count} needed" for name, count in wanted.items() if quotas[name] < count]
    if short:
        raise SettingsError(
            f"a quota is too small: {short[0]}",
            found=short,
            next_command="aws service-quotas list-service-quotas --service-code sagemaker --query "
            f"\"Quotas[?QuotaName=='{short[0].partition(':')[0]}'].QuotaCode\"   "
            "# then: aws service-quotas request-service-quota-increase with that code",
        )
    return ", ".join(f"{name}: {quotas[name]:.0f}" for name in wanted)


def _builds(context: StageContext) -> str:
    count = len(pipeline_names())
    try:
        quotas = build_quotas(context.dev)
    except AccessDeniedError as error:
        raise UnknownError(error.problem) from error
    names = quota_names(quotas or {})
    if quotas is None or not names:
        raise UnknownError("Service Quotas does not tell how many builds CodeBuild runs at once here")
    short = too_few(quotas, count)
    if short:
        raise SettingsError(
            f"CodeBuild runs too few builds at once: {short[0]}",
            found=short,
            next_command="aws service-quotas list-service-quotas --service-code codebuild --query "
            f"\"Quotas[?QuotaName=='{short[0].partition(':')[0]}'].QuotaCode\"   "
            "# then: aws service-quotas request-service-quota-increase with that code",
        )
    return ", ".join(f"{name}: {quotas[name]:.0f}" for name in names)


# (subject, check, whether the later ones of its group need it)
_REPOSITORY: tuple[tuple[str, Check, bool], ...] = (("names", _names, False), ("definition", _definition, False))
_DEV: tuple[tuple[str, Check, bool], ...] = (
    ("credentials", _credentials, True),
    ("model package", _package, True),
    ("model data", _artifacts, False),
    ("images", _images, False),
    ("builds at once", _builds, False),
)
_STAGE: tuple[tuple[str, Check, bool], ...] = (
    ("deployment role", _role, True),
    ("foundation", _foundation, True),
    ("bucket", _bucket, False),
    ("key", _key, False),
    ("stack", _stack, False),
    ("input data", _input, False),
    ("quotas", _quotas, False),
)
