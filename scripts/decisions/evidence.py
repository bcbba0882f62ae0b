"""The evidence an approver sees: what changes, what was tested, what a run costs; and the digest of the plan it shows.

Pure: what was read elsewhere goes in, frozen rows come out. ``scripts.terminal.evidence_page`` makes a page of them.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scripts.decisions.canonical import sha256_of
from scripts.decisions.change_set import PropertyChange
from scripts.decisions.console_links import Link
from scripts.decisions.deployment_plan import DeploymentPlan
from scripts.decisions.feature_shift import FeatureShifts
from scripts.decisions.metric_comparison import MetricRow
from scripts.decisions.prediction_comparison import PredictionComparison
from scripts.decisions.running_cost import CostComparison
from scripts.decisions.verification import Check, Figures
from scripts.errors import ApprovalError

LONGEST_SUMMARY = 400  # CodePipeline takes 1,000 characters of CustomData, of which this is a part


@dataclass(frozen=True)
class CommitShown:
    """The commit that a release was made from; None for what nobody recorded."""

    id: str | None
    author: str | None
    date: datetime | None
    message: str | None
    is_dirty: bool | None


@dataclass(frozen=True)
class StackTexts:
    """What else the live stack is made of: how its template changes, and who may change what in it.

    A note says why there is nothing, where there is nothing.
    """

    template_diff: tuple[str, ...]
    template_note: str
    policy: str
    policy_note: str
    parameters: tuple[tuple[str, str, str], ...]  # (name, live value, new value) of all


@dataclass(frozen=True)
class Tested:
    """The verification in preprod that stands behind a release."""

    stage: str
    passed: bool
    execution_arn: str
    figures: Figures
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Evidence:
    """All that is on the page."""

    stage: str
    account: str
    pipeline: str
    release_id: str
    release_from: str | None
    package_arn: str
    package_from: str | None
    version: int
    version_from: int | None
    approved_by: str | None
    approval_description: str | None
    commit: CommitShown
    commit_from: CommitShown | None
    commits_between: int | None
    plan_digest: str
    unverified: bool
    changes: tuple[PropertyChange, ...]
    metrics: tuple[MetricRow, ...]
    definition_diff: tuple[str, ...]
    tested: Tested | None
    cost: CostComparison
    prices_as_of: str
    predictions: PredictionComparison
    shifts: FeatureShifts
    texts: StackTexts
    links: tuple[Link, ...]
    notes: tuple[str, ...] = ()  # of the jobs: keys that are left out, limits, quotas

    @property
    def headline(self) -> str:
        """What this is about, in a few words."""
        if self.release_from is None:
            return f"Model version {self.version}: the first deployment to {self.stage}"
        if self.release_id == self.release_from:
            return f"Model version {self.version}: {self.stage} has this release already"
        if self.version_from is None:
            return f"Model version {self.version} for {self.stage}"
        if self.version == self.version_from:
            return f"Model version {self.version} stays; {self._what_else()}"
        return f"Model version {self.version} in place of {self.version_from}" + (
            f"; {self._what_else()}" if self.definition_diff else ""
        )

    def _what_else(self) -> str:
        return "the pipeline definition changes" if self.definition_diff else "the pipeline definition does not change"

    @property
    def worse(self) -> tuple[str, ...]:
        """The names of the metrics that got worse."""
        return tuple(row.name for row in self.metrics if row.verdict == "worse")

    @property
    def summary(self) -> str:
        """One line for the approval: what changes and what the verification said."""
        changed = [change.path for change in self.changes if change.path != "ReleaseId"]
        what = f"changes {', '.join(changed)}" if changed else "changes nothing in the stack"
        if self.release_from is None:
            what = "first deployment"
        if self.tested is None:
            tested = "NOT verified in preprod"
        else:
            outcome = "passed" if self.tested.passed else "FAILED"
            tested = f"verification in {self.tested.stage} {outcome}, {self.tested.figures.output_rows} predictions"
        # The last part alone: it is one of the names that are known, and so no text of somebody else's.
        names = dict.fromkeys(name.rpartition(".")[2] for name in self.worse)
        worse = f"; worse: {', '.join(names)}" if names else ""
        line = f"{what}; {tested}{worse}; {self.cost.line}"
        return line if len(line) <= LONGEST_SUMMARY else f"{line[: LONGEST_SUMMARY - 3]}..."


def plan_digest(plan: DeploymentPlan) -> str:
    """16 hex digits over everything that executing a plan depends on. An approval holds for one digest.

    The model package's ARN in the stage's account is left out: promoting, which the approval allows, makes it known.
    """
    wanted = {name: value for name, value in plan.parameters.items() if name != "ModelPackageName"}
    current = dict(plan.stack.parameters) if plan.stack else None
    template = sha256_of(plan.template)
    return sha256_of([plan.stage, plan.release.release_id, wanted, plan.tags, template, current])[:16]


def require_approved_plan(plan: DeploymentPlan, approved: str) -> None:
    """Raises ApprovalError where what would be deployed is not what was approved (its digest)."""
    if plan_digest(plan) != approved:
        raise ApprovalError(
            f"{plan.stage} has changed since this plan was approved; nothing is deployed",
            found=[f"approved plan {approved}, plan now {plan_digest(plan)}", f"live release {plan.release_from}"],
            next_command=f"make codepipeline PIPELINE={plan.names.pipeline}   # plans again, asks for approval",
        )


def definition_diff(live: Mapping[str, Any] | None, new: Mapping[str, Any]) -> tuple[str, ...]:
    """What changes in the bound definition, as a unified diff; empty where nothing does."""
    if live is None:
        return ()
    return tuple(difflib.unified_diff(_lines(live), _lines(new), "live", "new", lineterm="", n=3))


def text_diff(live: str, new: str) -> tuple[str, ...]:
    """The same of two texts."""
    return tuple(difflib.unified_diff(live.splitlines(), new.splitlines(), "live", "new", lineterm="", n=3))


def _lines(definition: Mapping[str, Any]) -> list[str]:
    return json.dumps(definition, indent=2, sort_keys=True).splitlines()
