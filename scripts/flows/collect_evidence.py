"""Reads what the evidence needs beside the plan: metrics, the live definition, the verification's execution, prices.

It only reads; what is missing is left out of the page and said there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from scripts.decisions.containers import s3_location
from scripts.decisions.deployment_plan import DeploymentPlan
from scripts.decisions.evidence import (
    CostRow,
    Evidence,
    Tested,
    cost_rows,
    definition_diff,
    metric_rows,
    plan_digest,
)
from scripts.decisions.names import release_key
from scripts.decisions.release import Release, read_release
from scripts.decisions.verification import Figures
from scripts.decisions.verification_record import VerificationRecord
from scripts.flows.stage_context import StageContext
from scripts.flows.verification_records import record_of
from scripts.gateways.artifacts import Objects

PRICES = Path(__file__).parent / "prices.yml"


def collect_evidence(context: StageContext, earlier: StageContext, plan: DeploymentPlan) -> Evidence:
    """The evidence of a plan for ``context``'s stage; ``earlier`` is the stage that verified the release."""
    release = plan.release
    record = record_of(earlier, release.release_id).record
    prices = yaml.safe_load(PRICES.read_text(encoding="utf-8"))
    live = _live_release(context, plan)
    return Evidence(
        stage=plan.stage,
        account=plan.names.account,
        release_id=release.release_id,
        release_from=plan.release_from,
        package_arn=release.model_package.arn,
        package_from=plan.package_from,
        version=release.model_package.version,
        version_from=live.model_package.version if live else None,
        approved_by=release.model_package.approval.modified_by,
        approval_description=release.model_package.approval.description,
        git_commit=release.source.git_commit,
        git_commit_from=live.source.git_commit if live else None,
        git_dirty=release.source.git_dirty,
        plan_digest=plan_digest(plan),
        unverified=plan.unverified,
        changes=plan.changes if plan.stack else (),
        metrics=metric_rows(
            _live_metrics(context, plan), _metrics(context.dev_objects, _source_package(context, plan))
        ),
        definition_diff=_definition_diff(context, plan),
        tested=_tested(record) if record else None,
        costs=_costs(earlier, record, prices["dollars_per_hour"]),
        prices_as_of=str(prices["as_of"]),
    )


def _live_release(context: StageContext, plan: DeploymentPlan) -> Release | None:
    """The release in the stage; None where there is none, or where its record is gone."""
    if plan.release_from is None:
        return None
    key = release_key(plan.release_from)
    content = context.objects.read(plan.foundation.bucket, key)
    return read_release(content, f"s3://{plan.foundation.bucket}/{key}") if content is not None else None


def _source_package(context: StageContext, plan: DeploymentPlan) -> dict[str, Any] | None:
    return context.dev_registry.describe(plan.release.model_package.arn)


def _live_metrics(context: StageContext, plan: DeploymentPlan) -> dict[str, Any] | None:
    if plan.package_from is None:
        return None
    return _metrics(context.objects, context.registry.describe(plan.package_from))


def _metrics(objects: Objects, package: dict[str, Any] | None) -> dict[str, Any] | None:
    """The model quality statistics that a package points at; None where it has none."""
    uri = ((package or {}).get("ModelMetrics", {}).get("ModelQuality", {}).get("Statistics", {})).get("S3Uri")
    if not uri:
        return None
    location = s3_location(uri)
    content = objects.read(location.bucket, location.key)
    return json.loads(content) if content is not None else None


def _definition_diff(context: StageContext, plan: DeploymentPlan) -> tuple[str, ...]:
    live_key = plan.stack.parameters.get("PipelineDefinitionS3Key") if plan.stack else None
    content = context.objects.read(plan.foundation.bucket, live_key) if live_key else None
    wanted = plan.parameters["PipelineDefinitionS3Key"]
    new = next(json.loads(each.content) for each in plan.uploads if each.key == wanted)
    return definition_diff(json.loads(content) if content is not None else None, new)


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


def _costs(earlier: StageContext, record: VerificationRecord | None, prices: dict[str, float]) -> tuple[CostRow, ...]:
    """What the steps of the verifying execution used, by the settings of the stage that ran it."""
    if record is None:
        return ()
    settings = earlier.settings
    used = []
    for step in earlier.pipelines.known_steps(record.execution_arn):
        machines = settings.processing if ":processing-job/" in step.job_arn else settings.inference
        if step.job_arn and step.seconds is not None:
            used.append((step.name, machines.instance_type, machines.instance_count, step.seconds))
    return cost_rows(used, prices)
