"""Gives a release a stage's values: its bound definition, its promotion, its uploads and its stack's parameters.

The result is the same whatever is deployed there now. It reads the release's files and dev's registry; it changes
nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from scripts.decisions.canonical import canonical_json, sha256_of
from scripts.decisions.definition_binding import bind_definition, recorded_image_uri
from scripts.decisions.definition_validation import require_valid
from scripts.decisions.deployment_plan import Upload
from scripts.decisions.names import BATCH_TEMPLATE, release_key
from scripts.decisions.promotion import Promotion, plan_promotion
from scripts.decisions.release import DEFINITION, PREPROCESS, TEMPLATE, Release, write_release
from scripts.decisions.schedule_switch import PARAMETER as SCHEDULE_STATE
from scripts.decisions.schedule_switch import schedule_lines, schedule_state
from scripts.decisions.stage_values import definition_defaults, infrastructure, stack_parameters
from scripts.errors import DefinitionError, ReleaseError
from scripts.flows.release_store import ReleaseFiles
from scripts.flows.resolve_package import described
from scripts.flows.schedule_records import schedule_switch
from scripts.flows.stage_context import StageContext
from scripts.gateways.service_model import argument_problems
from scripts.workspace.text_files import as_text

SCRIPT_PARAMETER = "PreprocessScriptUrl"
GIVEN_BY_EVERY_RUN = {"ModelName"}  # the rest of what a run passes has the stage's value as its default


def bound_definition(context: StageContext, release: Release, files: ReleaseFiles) -> dict[str, Any]:
    """The release's definition with the stage's values. Raises DefinitionError for what does not fit."""
    settings, foundation = context.settings, context.foundation
    definition = json.loads(files.definition)
    script = release.pipeline.preprocess_sha256
    image = settings.processing.image_uri or recorded_image_uri(definition, "ProcessingImageUris", settings.region)
    values = infrastructure(settings, foundation, image, context.names.preprocess_key(script) if script else None)
    _require_script(context, release, definition)
    unknown = sorted(settings.parameters.keys() - {each["Name"] for each in definition.get("Parameters", [])})
    if unknown:
        raise DefinitionError(
            f"stages/{context.stage}.yml sets parameters that the pipeline does not declare: {', '.join(unknown)}",
            found=[f"declared: {', '.join(each['Name'] for each in definition.get('Parameters', []))}"],
            next_command=f"correct parameters: in stages/{context.stage}.yml",
        )
    bound = bind_definition(definition, values, definition_defaults(settings, foundation))
    _require_values(context, bound)
    return bound


def _require_values(context: StageContext, bound: dict[str, Any]) -> None:
    """Raises DefinitionError for a parameter that has no default, and that no run would give a value."""
    open_ones = [
        each["Name"]
        for each in bound.get("Parameters", [])
        if "DefaultValue" not in each and each["Name"] not in GIVEN_BY_EVERY_RUN
    ]
    if open_ones:
        raise DefinitionError(
            f"parameters of the pipeline have no value in {context.stage}: {', '.join(open_ones)}",
            found=["no default in pipeline.py, and no run gives one"],
            next_command=f"write it below parameters: in stages/{context.stage}.yml, or a default into pipeline.py",
        )


def _require_script(context: StageContext, release: Release, definition: dict[str, Any]) -> None:
    """Raises DefinitionError where the pipeline runs a script and the release has none."""
    if release.pipeline.preprocess_sha256 or SCRIPT_PARAMETER in context.settings.parameters:
        return
    if any(
        each["Name"] == SCRIPT_PARAMETER and "DefaultValue" not in each for each in definition.get("Parameters", [])
    ):
        path = f"pipelines/{release.pipeline.name}/{PREPROCESS}"
        raise DefinitionError(
            f"{path} is missing, which the pipeline's processing step runs",
            found=[f"definition.json declares {SCRIPT_PARAMETER}; the release holds no {PREPROCESS}"],
            next_command=f"git checkout -- {path}   # or write it; then the same command again",
        )


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
    schedule: tuple[str, ...] = ()


def prepare(context: StageContext, release: Release, files: ReleaseFiles, package: dict[str, Any] | None) -> Prepared:
    """``package`` is the source version as dev's registry describes it, where that was just read."""
    settings, names, foundation = context.settings, context.names, context.foundation
    _require_same_subject(context, release)
    source = package or described(context, release.model_package.arn)
    bound = bound_definition(context, release, files)
    text = canonical_json(bound).encode()
    definition_key = names.definition_key(sha256_of(text))
    switch = schedule_switch(context)
    return Prepared(
        release=release,
        promotion=plan_promotion(release, source, names, foundation.bucket, foundation.kms_key_arn),
        bound=bound,
        definition_key=definition_key,
        uploads=_uploads(context, release, files, definition_key, text),
        template=as_text(files.template, BATCH_TEMPLATE),
        parameters={
            **stack_parameters(settings, names, foundation, release.release_id, definition_key),
            SCHEDULE_STATE: schedule_state(settings, switch),
        },
        schedule=tuple(schedule_lines(settings, context.stage, switch)),
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
                f"release {release.release_id} was made for {setting} {released}, but {context.stage} has {wanted}",
                next_command=f"correct {setting} in stages/{context.stage}.yml, or name another release",
            )


def require_valid_definition(prepared: Prepared) -> None:
    """Raises DefinitionError for a bound definition that SageMaker would refuse."""
    require_valid(prepared.bound, argument_problems)


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
