"""Gives a release a stage's values: its bound definition, its promotion, its uploads and its stack's parameters.

The result is the same whatever is deployed there now. It reads the release's files and dev's registry; it changes
nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from scripts.decisions.canonical import canonical_json, sha256_of
from scripts.decisions.definition_binding import bind_definition, scripts_run
from scripts.decisions.definition_validation import require_valid
from scripts.decisions.deployment_plan import Upload
from scripts.decisions.job_limits import definition_limits
from scripts.decisions.limit_findings import require_limits
from scripts.decisions.names import BATCH_TEMPLATE, release_key
from scripts.decisions.promotion import Promotion, plan_promotion
from scripts.decisions.release import DEFINITION, TEMPLATE, Release, write_release
from scripts.decisions.schedule_switch import PARAMETER as SCHEDULE_STATE
from scripts.decisions.schedule_switch import schedule_lines, schedule_state
from scripts.decisions.stage_values import definition_defaults, infrastructure, stack_parameters
from scripts.decisions.stock_images import stock_image_uri
from scripts.errors import DefinitionError, ReleaseError
from scripts.flows.job_settings import fit_volume_keys
from scripts.flows.release_store import CODE, ReleaseFiles
from scripts.flows.resolve_package import described
from scripts.flows.schedule_records import schedule_switch
from scripts.flows.stage_context import StageContext
from scripts.gateways.service_model import argument_problems
from scripts.workspace.serving_files import read_image_table
from scripts.workspace.text_files import as_text

GIVEN_TO_EVERY_RUN = frozenset({"ModelName"})  # by the schedule and by make run; all others have the stage's defaults
# Parameters through which a job gets its code: all of it, or preprocess.py alone.
CODE_PARAMETERS = ("CodeUrl", "PreprocessScriptUrl")


def bound_definition(context: StageContext, release: Release, files: ReleaseFiles) -> dict[str, Any]:
    """The release's definition with the stage's values. Raises DefinitionError for what does not fit."""
    settings, foundation = context.settings, context.foundation
    definition = json.loads(files.definition)
    code = release.pipeline.code_sha256
    image = settings.processing.image_uri or processing_image(definition, settings.region)
    values = infrastructure(settings, foundation, image, context.names.code_prefix(code) if code else None)
    _require_code(context, release, definition)
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


def processing_image(definition: dict[str, Any], region: str) -> str | None:
    """AWS's image in which the definition's processing jobs run in this region; None where it names none."""
    table = read_image_table() if definition.get("Metadata", {}).get("StockImages") else {}
    return stock_image_uri(definition, "Processing", table, region)


def _require_values(context: StageContext, bound: dict[str, Any]) -> None:
    """Raises DefinitionError for a parameter that no run would get a value for: the schedule could never start it."""
    lacking = [
        each["Name"]
        for each in bound["Parameters"]
        if "DefaultValue" not in each and each["Name"] not in GIVEN_TO_EVERY_RUN
    ]
    if lacking:
        raise DefinitionError(
            f"nobody gives the pipeline's {'parameters' if lacking[1:] else 'parameter'} {', '.join(lacking)} a value",
            found=["pipeline.py declares no default, and the stage's settings set none: no scheduled run could start"],
            next_command=f"set {lacking[0]} under parameters: in pipelines/{context.settings.pipeline}/settings.yml",
        )


def _require_code(context: StageContext, release: Release, definition: dict[str, Any]) -> None:
    """Raises DefinitionError where the pipeline's jobs run code that the release does not have."""
    folder = f"pipelines/{release.pipeline.name}"
    has = {
        CODE_PARAMETERS[0]: bool(release.pipeline.code),
        CODE_PARAMETERS[1]: f"{folder}/preprocess.py" in release.pipeline.code,
    }
    for parameter in definition.get("Parameters", []):
        name = parameter["Name"]
        if has.get(name, True) or "DefaultValue" in parameter or name in context.settings.parameters:
            continue
        raise DefinitionError(
            f"{folder}/preprocess.py is missing, which the pipeline's processing step runs",
            found=[
                f"definition.json declares {name}; the release holds {', '.join(release.pipeline.code) or 'no code'}"
            ],
            next_command=f"git checkout -- {folder}   # or write it, then the same command again",
        )
    for path in scripts_run(definition):
        if path not in release.pipeline.code:
            raise DefinitionError(
                f"{path} is missing, which a step of the pipeline runs",
                found=[f"the release holds {', '.join(release.pipeline.code) or 'no code'}"],
                next_command=f"git checkout -- {path}   # or write it, then the same command again",
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
    notes: tuple[str, ...] = ()


def prepare(context: StageContext, release: Release, files: ReleaseFiles, package: dict[str, Any] | None) -> Prepared:
    """``package`` is the source version as dev's registry describes it, where that was just read."""
    settings, names, foundation = context.settings, context.names, context.foundation
    _require_same_subject(context, release)
    source = package or described(context, release.model_package.arn)
    bound, notes = fit_volume_keys(context, bound_definition(context, release, files))
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
        notes=notes,
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
    """Raises DefinitionError or SettingsError for a bound definition that SageMaker would refuse."""
    require_valid(prepared.bound, argument_problems)
    require_limits(definition_limits(prepared.bound), f"pipeline {prepared.release.pipeline.name}")


def _uploads(
    context: StageContext, release: Release, files: ReleaseFiles, definition_key: str, bound: bytes
) -> tuple[Upload, ...]:
    uploads = [
        Upload(definition_key, bound, "application/json"),
        Upload(release_key(release.release_id, DEFINITION), files.definition, "application/json"),
        Upload(release_key(release.release_id, TEMPLATE), files.template, "application/yaml"),
    ]
    code = release.pipeline.code_sha256
    for path, content in files.code.items() if code else ():
        kind = "text/x-python" if path.endswith(".py") else "application/octet-stream"
        uploads.append(Upload(f"{context.names.code_prefix(str(code))}{path}", content, kind))
        uploads.append(Upload(release_key(release.release_id, f"{CODE}{path}"), content, kind))
    # Last: where release.json is, all its files are.
    document = write_release(release).encode()
    uploads.append(Upload(release_key(release.release_id), document, "application/json", release.release_id))
    return tuple(uploads)
