"""Writes the evidence of a plan for its approver: a page and the same as text, and what the approval itself says of it.

The page goes to a file or into the dev account, the approval's words to the CodePipeline by the build variables.
"""

from __future__ import annotations

import os
from pathlib import Path

from scripts.decisions.containers import s3_location
from scripts.decisions.deployment_plan import DeploymentPlan
from scripts.decisions.release import FIRST_STAGE
from scripts.errors import UsageError
from scripts.flows.collect_evidence import collect_evidence
from scripts.flows.compare_release import remember_question
from scripts.flows.stage_context import StageContext
from scripts.terminal.evidence_page import evidence_lines, evidence_page
from scripts.workspace.build_variables import record_build_variables


def require_target(target: str) -> None:
    """Raises UsageError, before anything is asked of AWS, where nothing can be written at ``target``."""
    if target.startswith("s3://"):
        bucket, _, key = target.removeprefix("s3://").partition("/")
        problem = "" if bucket and key.strip("/") else "names no object"
    elif Path(target).is_dir():
        problem = "is a folder"
    else:
        problem = "" if Path(target).parent.is_dir() else f"is in no folder: there is no {Path(target).parent}"
    if problem:
        raise UsageError(
            f"evidence cannot be written to {target}, which {problem}",
            next_command="make plan STAGE=prod EVIDENCE=evidence.html   # or s3://BUCKET/KEY",
        )


def write_evidence(context: StageContext, plan: DeploymentPlan, target: str) -> None:
    """``target`` is a path, or an s3:// URI in the dev account, beside which the text gets the ending .txt."""
    evidence = collect_evidence(context, context.sibling(FIRST_STAGE), plan)
    page = evidence_page(evidence).encode()
    if target.startswith("s3://"):
        lines = "\n".join(evidence_lines(evidence)).encode() + b"\n"
        location = s3_location(target)
        context.dev_objects.write(location.bucket, location.key, page, None, "text/html; charset=utf-8")
        context.dev_objects.write(location.bucket, f"{location.key}.txt", lines, None, "text/plain; charset=utf-8")
        if "CODEBUILD_BUILD_ID" in os.environ:  # the CodePipeline's approval follows; nobody else's plan asks anything
            remember_question(context, plan, location.bucket)
    else:
        Path(target).write_bytes(page)
    record_build_variables({"PLAN_SUMMARY": evidence.summary, "PLAN_DIGEST": evidence.plan_digest})
