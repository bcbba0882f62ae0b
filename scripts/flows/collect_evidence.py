"""Reads what the evidence needs beside the plan: metrics, the live stack, the verifying executions, prices.

It only reads; what is missing is left out of the page and said there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from scripts.decisions.console_links import Console, Link
from scripts.decisions.containers import s3_location
from scripts.decisions.deployment_plan import TO_BE_REGISTERED, DeploymentPlan
from scripts.decisions.drift import drift_lines
from scripts.decisions.evidence import (
    CommitShown,
    Evidence,
    StackTexts,
    Tested,
    definition_diff,
    plan_digest,
    text_diff,
)
from scripts.decisions.feature_shift import feature_shifts
from scripts.decisions.metric_comparison import metric_rows
from scripts.decisions.names import release_key
from scripts.decisions.prediction_comparison import columns_before_features, compare_predictions
from scripts.decisions.release import Release, read_release
from scripts.decisions.running_cost import CostComparison, StepUse, running_cost
from scripts.decisions.verification import Figures
from scripts.decisions.verification_record import VerificationRecord
from scripts.errors import AccessDeniedError, ModelPackageError
from scripts.flows.read_scored_rows import ScoredRows, scored_rows
from scripts.flows.release_schema import schema_of_release
from scripts.flows.stage_context import StageContext
from scripts.flows.verification_records import record_of
from scripts.gateways.artifacts import Objects
from scripts.gateways.pipelines import Step
from scripts.workspace.git import commit_of, commits_between, moment_of

PRICES = Path(__file__).parent / "prices.yml"
_LONGEST_SHOWN = 2000


def collect_evidence(context: StageContext, earlier: StageContext, plan: DeploymentPlan) -> Evidence:
    """The evidence of a plan for ``context``'s stage; ``earlier`` is the stage that verified the release."""
    release = plan.release
    record = record_of(earlier, release.release_id).record
    live = _live_release(context, plan)
    schema = schema_of_release(earlier, release.release_id) if record else None
    package = context.dev_registry.describe(release.model_package.arn)
    rows = scored_rows(earlier, record)
    live_rows, why_not = _live_rows(earlier, plan)
    return Evidence(
        stage=plan.stage,
        account=plan.names.account,
        pipeline=release.pipeline.name,
        release_id=release.release_id,
        release_from=plan.release_from,
        package_arn=release.model_package.arn,
        package_from=plan.package_from,
        version=release.model_package.version,
        version_from=live.model_package.version if live else None,
        approved_by=release.model_package.approval.modified_by,
        approval_description=release.model_package.approval.description,
        commit=_commit(release),
        commit_from=_commit(live) if live else None,
        commits_between=commits_between(Path(), live.source.git_commit, release.source.git_commit) if live else None,
        plan_digest=plan_digest(plan),
        unverified=plan.unverified,
        changes=plan.changes if plan.stack else (),
        metrics=metric_rows(
            _live_metrics(context, plan), _statistics(context.dev_objects, package, "ModelMetrics", "ModelQuality")
        ),
        definition_diff=_definition_diff(context, plan),
        tested=_tested(record) if record else None,
        cost=_cost(earlier, record, plan),
        prices_as_of=str(_prices()["as_of"]),
        predictions=compare_predictions(
            live_rows.predictions if live_rows else None, rows.predictions if rows else None, why_not
        ),
        shifts=feature_shifts(
            rows.preprocessed if rows else (),
            live_rows.preprocessed if live_rows else (),
            columns_before_features(rows.predictions.input_filter) if rows else 0,
            _baseline(context.dev_objects, package),
            schema.feature_names if schema else (),
        ),
        texts=_texts(context, plan),
        links=_links(context, earlier, plan, record),
        notes=(*plan.notes, *(f"changed by hand: {line}" for line in drift_lines(plan.drift))),
    )


def _live_rows(earlier: StageContext, plan: DeploymentPlan) -> tuple[ScoredRows | None, str]:
    """What the release that is live in the plan's stage scored when ``earlier`` verified it; else why there is none."""
    if plan.release_from is None:
        return None, f"nothing is live in {plan.stage}"
    if plan.release_from == plan.release.release_id:
        return None, f"{plan.stage} has this release already: there is no other to compare with"
    record = record_of(earlier, plan.release_from).record
    if record is None:
        return None, f"{earlier.stage} has no verification of the live release {plan.release_from}"
    rows = scored_rows(earlier, record)
    return rows, "" if rows else f"the verification of the live release {plan.release_from} left no predictions to read"


def _live_release(context: StageContext, plan: DeploymentPlan) -> Release | None:
    """The release in the stage; None where there is none, or where its record is gone."""
    if plan.release_from is None:
        return None
    key = release_key(plan.release_from)
    content = context.objects.read(plan.foundation.bucket, key)
    return read_release(content, f"s3://{plan.foundation.bucket}/{key}") if content is not None else None


def _live_metrics(context: StageContext, plan: DeploymentPlan) -> dict[str, Any] | None:
    if plan.package_from is None:
        return None
    return _statistics(context.objects, context.registry.describe(plan.package_from), "ModelMetrics", "ModelQuality")


def _baseline(objects: Objects, package: dict[str, Any] | None) -> dict[str, Any] | None:
    """What the data was like that the model was trained on, as far as its package says."""
    found = _statistics(objects, package, "DriftCheckBaselines", "ModelDataQuality")
    return found or _statistics(objects, package, "ModelMetrics", "ModelDataQuality")


def _statistics(objects: Objects, package: dict[str, Any] | None, group: str, kind: str) -> dict[str, Any] | None:
    """The statistics that a package points at; None where it has none."""
    uri = (((package or {}).get(group) or {}).get(kind) or {}).get("Statistics", {}).get("S3Uri")
    if not uri:
        return None
    location = s3_location(uri)
    content = objects.read(location.bucket, location.key)
    try:
        return json.loads(content) if content is not None else None
    except (ValueError, RecursionError) as error:
        raise ModelPackageError(
            f"the statistics {uri} are not JSON: {str(error)[:200]}",
            found=[f"{group}.{kind} of {(package or {}).get('ModelPackageArn')}"],
            next_command=f"aws s3 cp {uri} -   # correct them, or register a version with others",
        ) from error


def _definition_diff(context: StageContext, plan: DeploymentPlan) -> tuple[str, ...]:
    live_key = plan.stack.parameters.get("PipelineDefinitionS3Key") if plan.stack else None
    content = context.objects.read(plan.foundation.bucket, live_key) if live_key else None
    wanted = plan.parameters["PipelineDefinitionS3Key"]
    new = next(json.loads(each.content) for each in plan.uploads if each.key == wanted)
    return definition_diff(_live_definition(content) if content is not None else None, new)


def _live_definition(content: bytes) -> dict[str, Any]:
    """What stands in the bucket, whatever it is: what is no definition is shown as what goes away."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = content.decode(errors="replace")[:_LONGEST_SHOWN]
    return found if isinstance(found, dict) else {"no definition": found}


def _tested(record: VerificationRecord) -> Tested:
    return Tested(
        stage=record.stage,
        passed=record.passed,
        execution_arn=record.execution_arn,
        figures=record.figures or _nothing_measured(),
        checks=record.checks,
    )


def _nothing_measured() -> Figures:
    return Figures(None, None, 0, 0, 0, None, None, None)


def _cost(earlier: StageContext, record: VerificationRecord | None, plan: DeploymentPlan) -> CostComparison:
    """By the stage that the plan is for: its live stack's sizes and schedule, and those that it will have."""
    prices = _prices()["dollars_per_hour"]
    uses = [
        StepUse(step.name, ":processing-job/" in step.job_arn, step.seconds)
        for step in _steps(earlier, record)
        if step.job_arn and step.seconds is not None
    ]
    before = running_cost(uses, plan.stack.parameters, prices) if plan.stack else None
    processing, inference = earlier.settings.processing, earlier.settings.inference
    measured_on = (
        f"{earlier.stage} ({processing.instance_count} x {processing.instance_type} for processing, "
        f"{inference.instance_count} x {inference.instance_type} for inference)"
    )
    return CostComparison(before, running_cost(uses, plan.parameters, prices), measured_on)


def _prices() -> dict[str, Any]:
    prices: dict[str, Any] = yaml.safe_load(PRICES.read_text(encoding="utf-8"))
    return prices


def _steps(earlier: StageContext, record: VerificationRecord | None) -> list[Step]:
    return earlier.pipelines.known_steps(record.execution_arn) if record else []


def _commit(release: Release) -> CommitShown:
    """As the release recorded it; of one that recorded less, as this clone's git knows it."""
    source = release.source
    known = commit_of(Path(), source.git_commit) if source.git_author is None else None
    return CommitShown(
        id=source.git_commit,
        author=known.author if known else source.git_author,
        date=moment_of(known.date) if known else source.git_committed_at,
        message=known.message if known else source.git_message,
        is_dirty=source.git_dirty,
    )


def _texts(context: StageContext, plan: DeploymentPlan) -> StackTexts:
    names = sorted(plan.parameters.keys() | (plan.stack.parameters if plan.stack else {}))
    new = {"ModelPackageName": plan.package.arn if plan.package else TO_BE_REGISTERED, **plan.parameters}
    live = plan.stack.parameters if plan.stack else {}
    parameters = tuple((name, live.get(name, ""), new.get(name, "")) for name in names)
    if plan.stack is None:
        none = "there is no stack yet"
        return StackTexts((), none, "", none, parameters)
    difference = text_diff(context.stacks.template(plan.stack.name), plan.template)
    note = "" if difference else "the template does not change"
    try:
        policy = context.stacks.policy(plan.stack.name)
    except AccessDeniedError as error:  # of a foundation that is older than this page
        return StackTexts(difference, note, "", f"not read: {error.problem}; make bootstrap grants it", parameters)
    told = "" if policy else "the stack has none: an update may change every resource"
    return StackTexts(difference, note, policy or "", told, parameters)


def _links(
    context: StageContext, earlier: StageContext, plan: DeploymentPlan, record: VerificationRecord | None
) -> tuple[Link, ...]:
    there = Console(context.names, exists=context.reader.is_on_aws)
    here = Console(earlier.names, exists=earlier.reader.is_on_aws)
    links: list[Link] = []
    if plan.stack:
        links += there.stack(plan.stack.name, plan.stack.id)
    if plan.package_from:
        links.append(there.model_package(plan.package_from))
    if record:
        links.append(here.execution(record.execution_arn))
    for step in _steps(earlier, record):
        links += here.job(step.name, step.job_arn)
    return tuple(links)
