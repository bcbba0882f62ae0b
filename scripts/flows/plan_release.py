"""Reads what is there and makes the plan: which release a stage gets, and all that bringing it there will do.

Only reads. ``plan_stage`` shows the result, ``deploying`` carries it out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.decisions.canonical import canonical_json, sha256_of
from scripts.decisions.definition_binding import bind_definition, recorded_image_uri
from scripts.decisions.definition_validation import require_valid
from scripts.decisions.deployment_plan import DeploymentPlan, Record, Upload, settings_of_verification
from scripts.decisions.names import release_key
from scripts.decisions.promotion import Promotion, plan_promotion
from scripts.decisions.release import DEFINITION, PREPROCESS, TEMPLATE, Release, write_release
from scripts.decisions.stacks import Stack, readiness
from scripts.decisions.stage_values import definition_defaults, infrastructure, stack_parameters
from scripts.decisions.template_configuration import template_configuration, template_configuration_path
from scripts.errors import DefinitionError, ReleaseError
from scripts.flows.make_release import (
    RELEASE_FILE,
    ReleaseFiles,
    described,
    files_of,
    find_release,
    make_release,
    release_in_file,
    resolve,
    save_release,
)
from scripts.flows.promote_package import registered_package
from scripts.flows.stage_context import StageContext
from scripts.workspace.stage_files import stage_names

FIRST_STAGE = "preprod"


def plan_deployment(context: StageContext, release_id: str | None = None, unverified: bool = False) -> DeploymentPlan:
    """The plan for a stage. preprod gets the newest Approved package, a later stage what preprod verified last.

    ``release_id`` names another release. Raises the errors of whatever is missing, and ReleaseError for a release
    that preprod has not verified, unless ``unverified``.
    """
    context.dev  # noqa: B018 (credentials of another account are told first)
    if context.stage == FIRST_STAGE:
        if release_id:
            release, package = find_release(release_id, [context]), None
            files = files_of(release, [context])
        else:
            resolved = resolve(context)
            package = resolved.package
            context.foundation  # noqa: B018 (no release.json is written for a stage that cannot get it)
            release, files = make_release(context, resolved)
            save_release(release)
        return _plan(context, release, files, package, unverified=False)
    earlier = context.sibling(FIRST_STAGE)
    release = _release_for_later_stage(context, earlier, release_id, unverified)
    verified = is_verified(earlier, release.release_id)
    if not verified and not unverified:
        raise not_verified(release.release_id, earlier, context.stage)
    return _plan(context, release, files_of(release, [earlier, context]), None, unverified=not verified)


def plan_pinned_release(context: StageContext, release: Release, *, unverified: bool = False) -> DeploymentPlan:
    """The plan for exactly this release, as the CodePipeline wants it: it pins once and asks nothing again.

    Raises ReleaseError for a stage after preprod where preprod has not verified it, unless ``unverified``.
    """
    context.dev  # noqa: B018 (credentials of another account are told first)
    if context.stage == FIRST_STAGE:
        return _plan(context, release, files_of(release, [context]), None, unverified=False)
    earlier = context.sibling(FIRST_STAGE)
    verified = is_verified(earlier, release.release_id)
    if not verified and not unverified:
        raise not_verified(release.release_id, earlier, context.stage)
    return _plan(context, release, files_of(release, [earlier, context]), None, unverified=not verified)


def is_verified(context: StageContext, release_id: str) -> bool:
    record = verification_record(context, release_id)
    return record is not None and record.passed


def not_verified(release_id: str, earlier: StageContext, stage: str) -> ReleaseError:
    return ReleaseError(
        f"release {release_id} has no passed verification in {earlier.stage}",
        found=[
            f"s3://{earlier.foundation.bucket}/{release_key(release_id, 'verification.json')} says so or is missing"
        ],
        next_command=f"make deploy STAGE={earlier.stage}   (or UNVERIFIED=1 make deploy STAGE={stage}: it is recorded)",
    )


def verification_record(context: StageContext, release_id: str) -> Record | None:
    """What the stage's bucket says of the release's verification there; None where it was not verified."""
    key = release_key(release_id, "verification.json")
    content = context.objects.read(context.foundation.bucket, key)
    if content is None:
        return None
    try:
        document = json.loads(content)
        return Record(document["release_id"], bool(document["passed"]), document["fingerprint"], document)
    except (ValueError, KeyError, TypeError) as error:
        where = f"s3://{context.foundation.bucket}/{key}"
        raise ReleaseError(
            f"{where} is no verification record", next_command=f"make verify STAGE={context.stage}   (writes it anew)"
        ) from error


def bound_definition(context: StageContext, release: Release, files: ReleaseFiles) -> dict[str, Any]:
    """The release's definition with the stage's values. Raises DefinitionError for what does not fit."""
    settings, foundation = context.settings, context.foundation
    definition = json.loads(files.definition)
    script = release.pipeline.preprocess_sha256
    image = settings.processing.image_uri or recorded_image_uri(definition, "ProcessingImageUris", settings.region)
    values = infrastructure(settings, foundation, image, context.names.preprocess_key(script) if script else None)
    unknown = sorted(settings.parameters.keys() - {each["Name"] for each in definition.get("Parameters", [])})
    if unknown:
        raise DefinitionError(
            f"stages/{context.stage}.yml sets parameters that the pipeline does not declare: {', '.join(unknown)}",
            found=[f"declared: {', '.join(each['Name'] for each in definition.get('Parameters', []))}"],
            next_command=f"correct parameters: in stages/{context.stage}.yml",
        )
    return bind_definition(definition, values, definition_defaults(settings, foundation))


def _release_for_later_stage(
    context: StageContext, earlier: StageContext, release_id: str | None, unverified: bool
) -> Release:
    if release_id:
        return find_release(release_id, [earlier, context])
    if unverified:
        live = earlier.stacks.describe(earlier.names.batch_stack)
        live_id = live.parameters.get("ReleaseId") if live else None
        return find_release(live_id, [earlier, context]) if live_id else release_in_file(RELEASE_FILE)
    content = earlier.objects.read(earlier.foundation.bucket, earlier.names.verified_key)
    if content is None:
        raise ReleaseError(
            f"{earlier.stage} has verified no release yet",
            found=[f"no s3://{earlier.foundation.bucket}/{earlier.names.verified_key}"],
            next_command=f"make deploy STAGE={earlier.stage}",
        )
    return find_release(json.loads(content)["release_id"], [earlier, context])


@dataclass(frozen=True)
class Prepared:
    """A release with a stage's values: what its promotion and its stack will be, whatever is deployed now."""

    release: Release
    promotion: Promotion
    bound: dict[str, Any]
    definition_key: str
    uploads: tuple[Upload, ...]
    template: str
    parameters: dict[str, str]


def prepare(context: StageContext, release: Release, files: ReleaseFiles, package: dict[str, Any] | None) -> Prepared:
    """``package`` is the source version as dev's registry describes it, where that was just read."""
    settings, names, foundation = context.settings, context.names, context.foundation
    _require_same_subject(context, release)
    source = package or described(context, release.model_package.arn)
    bound = bound_definition(context, release, files)
    text = canonical_json(bound).encode()
    definition_key = names.definition_key(sha256_of(text))
    return Prepared(
        release=release,
        promotion=plan_promotion(release, source, names, foundation.bucket, foundation.kms_key_arn),
        bound=bound,
        definition_key=definition_key,
        uploads=_uploads(context, release, files, definition_key, text),
        template=files.template.decode(),
        parameters=stack_parameters(settings, names, foundation, release.release_id, definition_key),
    )


def _require_same_subject(context: StageContext, release: Release) -> None:
    """Raises ReleaseError for a release of another pipeline or another model package group than the stage's."""
    subjects = [
        ("pipeline", release.pipeline.name, context.settings.pipeline),
        ("model_package_group", release.model_package.group, context.settings.model_package_group),
    ]
    for setting, released, wanted in subjects:
        if released != wanted:
            raise ReleaseError(
                f"release {release.release_id} is of {setting} {released}, stage {context.stage} is set to {wanted}",
                next_command=f"correct {setting} in stages/{context.stage}.yml, or name another release",
            )


def require_valid_definition(prepared: Prepared) -> None:
    """Raises DefinitionError for a bound definition that SageMaker would refuse."""
    from scripts.gateways.service_model import argument_problems

    require_valid(prepared.bound, argument_problems)


def write_template_configurations(
    context: StageContext, release: Release, files: ReleaseFiles, package: dict[str, Any]
) -> list[Path]:
    """For each stage the parameters and tags that the CodePipeline's CloudFormation action deploys the release with."""
    written = []
    for stage in stage_names():
        each = context if stage == context.stage else context.sibling(stage)
        prepared = prepare(each, release, files, package)
        require_valid_definition(prepared)
        path = Path(template_configuration_path(stage))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(template_configuration(prepared.parameters, each.settings.stack_tags), encoding="utf-8")
        written.append(path)
    return written


def _plan(
    context: StageContext, release: Release, files: ReleaseFiles, package: dict[str, Any] | None, unverified: bool
) -> DeploymentPlan:
    settings, names = context.settings, context.names
    prepared = prepare(context, release, files, package)
    stack = context.stacks.describe(names.batch_stack)
    if stack is None or stack.parameters.get("PipelineDefinitionS3Key") != prepared.definition_key:
        require_valid_definition(prepared)
    pending = _pending(context, stack)
    ready = readiness(stack, prepared.parameters, pending, context.stage, settings.region)
    live = stack.parameters.get("ModelPackageName") if stack else None
    return DeploymentPlan(
        stage=context.stage,
        names=names,
        release=release,
        foundation=context.foundation,
        promotion=prepared.promotion,
        package=registered_package(context, prepared.promotion, live),
        uploads=prepared.uploads,
        template=prepared.template,
        parameters=prepared.parameters,
        tags=settings.stack_tags,
        stack=stack,
        readiness=ready,
        verification_settings=settings_of_verification(settings),
        verification=verification_record(context, release.release_id),
        unverified=unverified,
    )


def _pending(context: StageContext, stack: Stack | None) -> list[str]:
    if stack is None or stack.status != "REVIEW_IN_PROGRESS":
        return []
    return context.stacks.pending_change_sets(stack.name)


def _uploads(
    context: StageContext, release: Release, files: ReleaseFiles, definition_key: str, bound: bytes
) -> tuple[Upload, ...]:
    uploads = [
        Upload(definition_key, bound, "application/json"),
        Upload(release_key(release.release_id, DEFINITION), files.definition, "application/json"),
        Upload(release_key(release.release_id, TEMPLATE), files.template, "application/yaml"),
    ]
    if files.preprocess is not None and release.pipeline.preprocess_sha256:
        key = context.names.preprocess_key(release.pipeline.preprocess_sha256)
        uploads += [
            Upload(key, files.preprocess, "text/x-python"),
            Upload(release_key(release.release_id, PREPROCESS), files.preprocess, "text/x-python"),
        ]
    # Last: where release.json is, all its files are.
    uploads.append(Upload(release_key(release.release_id), write_release(release).encode(), "application/json"))
    return tuple(uploads)
