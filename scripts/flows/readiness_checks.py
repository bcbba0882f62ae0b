"""The checks that ``doctor`` makes of one stage. Each reads; none changes anything.

A check returns what it found, or raises the very error that a deployment would raise, whose next command is the fix.
``examine`` makes them, in the order of the tables below.
"""

from __future__ import annotations

from collections.abc import Callable

from scripts.decisions.build_concurrency import quota_names, too_few
from scripts.decisions.containers import container_sources
from scripts.decisions.drift import require_no_drift
from scripts.decisions.job_limits import definition_limits
from scripts.decisions.job_quotas import quota_needs
from scripts.decisions.limit_findings import require_limits
from scripts.decisions.local_storage import has_local_storage
from scripts.decisions.stacks import readiness
from scripts.decisions.stage_values import input_url
from scripts.errors import AccessDeniedError, ArtifactError, FoundationError, SettingsError
from scripts.flows.image_readiness import images_pulled
from scripts.flows.job_settings import definition_of_tree, fit_volume_keys, require_stage_quotas
from scripts.flows.network_readiness import network
from scripts.flows.read_drift import read_released_drift
from scripts.flows.resolve_package import resolve
from scripts.flows.run_pipeline import require_input
from scripts.flows.stage_context import StageContext
from scripts.gateways.images import image_digest
from scripts.gateways.instance_storage import local_storage_told
from scripts.gateways.keys import key_metadata
from scripts.gateways.quotas import build_quotas, job_quotas
from scripts.workspace.pipelines import pipeline_names, read_fresh_definition

Check = Callable[[StageContext], str]


class UnknownError(Exception):
    """A check could not find out; the text says why. ``next_command``: what to do so that it can be."""

    def __init__(self, reason: str, next_command: str) -> None:
        super().__init__(reason)
        self.next_command = next_command


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
        raise UnknownError(
            f"the registry gives no digest of {untold[0]}; jobs pull it by tag",
            "nothing, for an image of AWS's; for your own: aws ecr set-repository-policy, in the account that has it",
        )
    return ", ".join(f"{image} {digest}" for image, digest in told.items())


def _role(context: StageContext) -> str:
    return context.reader.actor.role_arn or context.names.role_arn("reader")


def _foundation(context: StageContext) -> str:
    return f"bucket {context.foundation.bucket}"


def _bucket(context: StageContext) -> str:
    count = sum(1 for _ in context.objects.keys(context.foundation.bucket, "releases/"))
    return f"s3://{context.foundation.bucket} can be read, {count} objects of releases"


def _key(context: StageContext) -> str:
    key = key_metadata(context.reader, context.foundation.kms_key_arn)
    if key["KeyState"] != "Enabled":
        raise FoundationError(
            f"key {key['Arn']} is {key['KeyState']}",
            next_command=f"aws kms enable-key --key-id {key['KeyId']}   # or cancel-key-deletion",
        )
    return str(key["Arn"])


def _stack(context: StageContext) -> str:
    stack = context.stacks.describe(context.names.batch_stack)
    pending = context.stacks.pending_change_sets(stack.name) if stack and stack.status == "REVIEW_IN_PROGRESS" else []
    readiness(
        stack,
        {"ReleaseId": ""},
        pending,
        context.stage,
        context.settings.region,
        by_hand=context.settings.deployed_by_hand,
    )
    return f"{stack.name} is in {stack.status}" if stack else f"{context.names.batch_stack} does not exist yet"


def _as_released(context: StageContext) -> str:
    """Raises DriftError for what somebody changed, deleted or lost since: it is as the release made it, or is named."""
    stack = context.stacks.describe(context.names.batch_stack)
    if stack is None or not stack.settled or "ReleaseId" not in stack.parameters:
        return "nothing to compare: " + (f"{stack.name} is in {stack.status}" if stack else "nothing is deployed yet")
    release_id = stack.parameters["ReleaseId"]
    require_no_drift(
        context.stage,
        release_id,
        read_released_drift(context, stack).differences,
        by_hand=context.settings.deployed_by_hand,
    )
    return f"what is live is release {release_id}"


def _input(context: StageContext) -> str:
    require_input(context)
    return input_url(context.settings, context.foundation)


def _job_settings(context: StageContext) -> str:
    """The rules that bind two settings, on the definition with this stage's values."""
    fitted, notes = fit_volume_keys(context, definition_of_tree(context))
    findings = definition_limits(fitted)
    require_limits(findings, f"pipeline {context.settings.pipeline}")
    return "; ".join([*notes, *(str(each) for each in findings)]) or "SageMaker takes them"


def _local_storage(context: StageContext) -> str:
    """Whether EC2 says of the stage's instance types what the shipped table says."""
    settings = context.settings
    types = sorted({settings.processing.instance_type, settings.inference.instance_type})
    try:
        told = local_storage_told(context.reader, types)
    except AccessDeniedError as error:
        raise UnknownError(error.problem, error.next_command or "make bootstrap") from error
    for name, local in told.items():
        if has_local_storage(name) not in (None, local):
            raise SettingsError(
                f"EC2 says that {name} has {'' if local else 'no '}local storage; scripts/decisions/local_storage.py "
                "says otherwise",
                next_command="correct the table in scripts/decisions/local_storage.py",
            )
    untold = [name for name in types if name not in told]
    if untold:
        raise UnknownError(f"EC2 does not know {', '.join(untold)}", "nothing: the shipped table is used")
    return ", ".join(f"{name}: {'local storage' if local else 'volumes'}" for name, local in told.items())


_LOOK_AT_QUOTAS = "aws service-quotas list-service-quotas --service-code sagemaker   # or the console"
_LOOK_AT_BUILDS = "aws service-quotas list-service-quotas --service-code codebuild   # or the console"


def _quotas(context: StageContext) -> str:
    needs = quota_needs(definition_of_tree(context))
    try:
        quotas = job_quotas(context.reader, [each.name for each in needs])
    except AccessDeniedError as error:
        raise UnknownError(error.problem, error.next_command or "make bootstrap") from error
    if quotas is None:
        raise UnknownError("Service Quotas is not available here", _LOOK_AT_QUOTAS)
    require_stage_quotas(context, needs, quotas)
    missing = [each.name for each in needs if each.name not in quotas]
    if missing:
        raise UnknownError(f"Service Quotas has no quota {missing[0]}", _LOOK_AT_QUOTAS)
    return ", ".join(f"{each.name}: {quotas[each.name].value:g}" for each in needs) or "no step runs a job"


def _image_policy(context: StageContext) -> str:
    doubts = images_pulled(context)
    if doubts:
        raise UnknownError("; ".join(doubts), "aws ecr get-repository-policy --repository-name NAME   # in dev")
    return f"account {context.settings.account} may pull what lies in dev's ECR"


def _network(context: StageContext) -> str:
    try:
        return network(context)
    except AccessDeniedError as error:
        wanted = error.next_command or "make bootstrap"
        raise UnknownError(f"the network may not be read: {error.problem}", wanted) from error


def _builds(context: StageContext) -> str:
    count = len(pipeline_names())
    try:
        quotas = build_quotas(context.dev)
    except AccessDeniedError as error:
        raise UnknownError(error.problem, _LOOK_AT_BUILDS) from error
    names = quota_names(quotas or {})
    if quotas is None or not names:
        raise UnknownError("Service Quotas does not tell how many builds CodeBuild runs at once here", _LOOK_AT_BUILDS)
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


# (what, check). The gates are made first and in this order; what they guard cannot be looked at without them.
REPOSITORY: tuple[tuple[str, Check], ...] = (("names", _names), ("definition", _definition))
DEV_GATES: tuple[tuple[str, Check], ...] = (("credentials", _credentials), ("model package", _package))
DEV: tuple[tuple[str, Check], ...] = (
    ("model data", _artifacts),
    ("images", _images),
    ("image policy", _image_policy),
    ("builds at once", _builds),
)
STAGE_GATES: tuple[tuple[str, Check], ...] = (("reader role", _role), ("foundation", _foundation))
STAGE: tuple[tuple[str, Check], ...] = (
    ("bucket", _bucket),
    ("key", _key),
    ("stack", _stack),
    ("as released", _as_released),
    ("input data", _input),
    ("job settings", _job_settings),
    ("local storage", _local_storage),
    ("quotas", _quotas),
    ("network", _network),
)
