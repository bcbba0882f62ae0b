"""Fits a bound definition to what SageMaker takes, and reads what only the account knows of it: disks and quotas.

It reads, and changes nothing; what may not be read is said to be unknown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from scripts.decisions.definition_binding import bind_definition
from scripts.decisions.job_limits import definition_limits
from scripts.decisions.job_quotas import Quota, QuotaNeed, quota_needs, quota_notes, require_quotas
from scripts.decisions.job_requests import job_requests
from scripts.decisions.limit_findings import require_limits
from scripts.decisions.local_storage import has_local_storage
from scripts.decisions.release import Release, image_lines
from scripts.decisions.stage_values import definition_defaults, infrastructure
from scripts.decisions.stock_images import stock_image_uri
from scripts.decisions.volume_keys import KEY, unknown_types, without_refused_keys
from scripts.errors import AccessDeniedError
from scripts.flows.stage_context import StageContext
from scripts.gateways.instance_storage import local_storage_told
from scripts.gateways.quotas import job_quotas
from scripts.workspace.pipelines import read_fresh_definition
from scripts.workspace.serving_files import read_image_table


def fit_volume_keys(context: StageContext, bound: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The definition without the volume keys that SageMaker would refuse, and what to say of those left out.

    EC2 is asked only of a type that the table does not know, so that every role that binds binds the same.
    """
    unknown = unknown_types(bound)
    told, doubts = _told(context, unknown) if unknown else ({}, ())
    fitted, notes = without_refused_keys(bound, told)
    return fitted, (*notes, *doubts)


def _told(context: StageContext, types: list[str]) -> tuple[dict[str, bool], tuple[str, ...]]:
    try:
        told = local_storage_told(context.reader, types)
    except AccessDeniedError as error:
        return {}, (f"whether {', '.join(types)} has local storage is unknown ({error.problem}); a volume key is sent",)
    untold = [each for each in types if each not in told]
    return told, tuple(f"EC2 does not say whether {each} has local storage; a volume key is sent" for each in untold)


def release_notes(bound: Mapping[str, Any], release: Release) -> list[str]:
    """What may go wrong though SageMaker takes it, given the release's model."""
    environments = [each.environment for each in release.model_package.containers]
    limits = [str(each) for each in definition_limits(bound, environments=environments) if not each.refused]
    return [*limits, *image_lines(release)]


def account_notes(context: StageContext, bound: Mapping[str, Any]) -> list[str]:
    """The quotas that are too small for jobs that may never run, and those that are unknown.

    Raises SettingsError for one that is too small for a job of every run, with the command that raises it.
    """
    needs = quota_needs(bound)
    try:
        quotas = job_quotas(context.reader, [each.name for each in needs]) if needs else {}
    except AccessDeniedError as error:
        return quota_notes(needs, None, error.problem)
    require_stage_quotas(context, quota_needs(bound, certain=True), quotas or {})
    return quota_notes(needs, quotas)


def require_stage_quotas(context: StageContext, needs: Sequence[QuotaNeed], quotas: Mapping[str, Quota]) -> None:
    """Raises SettingsError for the first of the stage's quotas that is too small."""
    settings = context.settings
    where = f"pipelines/{settings.pipeline}/settings.yml, or stages/{context.stage}.yml"
    require_quotas(needs, quotas, settings.region, settings.account, where)


def require_fitting_run(context: StageContext, chosen: Mapping[str, str], next_command: str) -> list[str]:
    """What to say of a run with the values ``chosen``, by the definition that is deployed.

    Raises SettingsError where SageMaker would refuse a job of it: the deployed definition names the volume's key, and
    a run can choose an instance type that takes none, but cannot take the key away.
    """
    definition = json.loads(context.pipelines.definition(context.names.sagemaker_pipeline) or "{}")
    require_limits(definition_limits(definition, chosen), f"a run with {_written(chosen)}", next_command)
    keyed = {each.step for each in job_requests(definition) if KEY in each.resources}
    return [
        f"step {each.step}: its volume is encrypted, but not with the stage's key: the deployed definition names none"
        for each in job_requests(definition, chosen)
        if each.step not in keyed and has_local_storage(str(each.resources.get("InstanceType"))) is False
    ]


def _written(chosen: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(chosen.items()))


def definition_of_tree(context: StageContext) -> dict[str, Any]:
    """The definition as this clone has it, with the stage's values; of the release's code only a place."""
    definition = read_fresh_definition(context.settings.pipeline).definition
    settings, foundation = context.settings, context.foundation
    image = settings.processing.image_uri or stock_image_uri(
        definition, "Processing", read_image_table(), settings.region
    )
    values = infrastructure(settings, foundation, image, context.names.code_prefix("0" * 64))
    return bind_definition(definition, values, definition_defaults(settings, foundation))
