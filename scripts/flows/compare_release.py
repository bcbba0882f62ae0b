"""Compares a release that was just made with what is live and verified in every stage, for the CodePipeline's build.

The decision is made from each stage's own plan, which also sees changed settings. It only reads; what was asked of an
approver is remembered by ``remember_question``, beside the evidence in dev.
"""

from __future__ import annotations

import json
from typing import Any

from scripts.decisions.deployment_plan import DeploymentPlan
from scripts.decisions.release import FIRST_STAGE, Release
from scripts.decisions.release_changes import ReleaseChanges, StageChange, question_of, release_changes
from scripts.errors import ReleaseError
from scripts.flows.plan_release import plan_pinned_release
from scripts.flows.stage_context import StageContext
from scripts.workspace.stage_files import stage_names


def compare_release(context: StageContext, release: Release, *, ask_again: bool) -> ReleaseChanges:
    """Whether anything is to be released. ``ask_again``: a question that was asked before counts as a new one."""
    found = []
    for stage in stage_names():
        each = context if stage == context.stage else context.sibling(stage)
        # what it lacks, it will have once it gets there
        plan = plan_pinned_release(each, release, unverified=True, compared=True)
        thresholds = _thresholds(each)
        asked = not ask_again and stage != FIRST_STAGE and asked_question(each) == question_of(plan, thresholds)
        found.append(StageChange(stage, plan.is_released, asked))
    return release_changes(
        release.pipeline.name, found, f"make codepipeline PIPELINE={release.pipeline.name} asks again"
    )


def remember_question(context: StageContext, plan: DeploymentPlan, bucket: str) -> None:
    """Keep what an approver is about to be asked, in the bucket that holds the evidence."""
    record = {"question": question_of(plan, _thresholds(context)), "release_id": plan.release.release_id}
    content = json.dumps(record, indent=2, sort_keys=True).encode() + b"\n"
    context.dev_objects.write(bucket, _key(context), content, None)


def asked_question(context: StageContext) -> str | None:
    """The question that was asked last for this stage; None where none was."""
    bucket, key = context.names.toolchain_bucket, _key(context)
    # A build may list evidence/ alone, and of an object that is missing S3 says "denied" to who may not list it all.
    if all(found != key for found, _ in context.dev_objects.keys(bucket, key)):
        return None
    content = context.dev_objects.read(bucket, key)
    if content is None:
        return None
    try:
        return str(json.loads(content)["question"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ReleaseError(
            f"s3://{bucket}/{key} is not what this project wrote", next_command=f"aws s3 rm s3://{bucket}/{key}"
        ) from error


def _thresholds(context: StageContext) -> dict[str, Any]:
    return context.settings.verification.model_dump(mode="json")


def _key(context: StageContext) -> str:
    return f"evidence/asked-{context.names.pipeline}-{context.stage}.json"
