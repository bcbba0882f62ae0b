"""The evidence an approver sees: what changes, what was tested, what a run costs; and the digest of the plan it shows.

Pure: what was read elsewhere goes in, frozen rows come out. ``scripts.terminal.evidence_page`` makes a page of them.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.decisions.canonical import sha256_of
from scripts.decisions.change_set import PropertyChange
from scripts.decisions.deployment_plan import DeploymentPlan
from scripts.decisions.verification import Check, Figures
from scripts.errors import ApprovalError

LONGEST_SUMMARY = 400  # CodePipeline takes 1,000 characters of CustomData, of which this is a part
SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class MetricRow:
    """One metric of the model, of the live version and of the new one; None where a version does not have it."""

    name: str
    live: float | None
    new: float | None

    @property
    def difference(self) -> float | None:
        return None if self.live is None or self.new is None else self.new - self.live


@dataclass(frozen=True)
class CostRow:
    """What one step of the verifying execution used, and what that costs; None where the price is not known."""

    step: str
    instance_type: str
    instance_count: int
    seconds: float
    dollars_per_hour: float | None

    @property
    def dollars(self) -> float | None:
        if self.dollars_per_hour is None:
            return None
        return self.dollars_per_hour * self.instance_count * self.seconds / SECONDS_PER_HOUR


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
    release_id: str
    release_from: str | None
    package_arn: str
    package_from: str | None
    version: int
    version_from: int | None
    approved_by: str | None
    approval_description: str | None
    git_commit: str | None
    git_commit_from: str | None
    git_dirty: bool | None
    plan_digest: str
    unverified: bool
    changes: tuple[PropertyChange, ...]
    metrics: tuple[MetricRow, ...]
    definition_diff: tuple[str, ...]
    tested: Tested | None
    costs: tuple[CostRow, ...]
    prices_as_of: str

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
        line = f"{what}; {tested}; {cost_line(self.costs)}"
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


def metric_rows(live: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> tuple[MetricRow, ...]:
    """Every number in two metrics documents (SageMaker's model quality format), by its path within its kind of metrics.

    The format's own version is no metric.
    """
    before, after = (
        {_short(name): value for name, value in _numbers(each or {}).items() if name != "version"}
        for each in (live, new)
    )
    return tuple(MetricRow(name, before.get(name), after.get(name)) for name in sorted(before.keys() | after.keys()))


def _short(name: str) -> str:
    """Without the kind of model, which is the same for all: ``binary_classification_metrics.auc`` is ``auc``."""
    kind, _, rest = name.partition(".")
    return rest if rest and kind.endswith("_metrics") else name


def definition_diff(live: Mapping[str, Any] | None, new: Mapping[str, Any]) -> tuple[str, ...]:
    """What changes in the bound definition, as a unified diff; empty where nothing does."""
    if live is None:
        return ()
    return tuple(difflib.unified_diff(_lines(live), _lines(new), "live", "new", lineterm="", n=3))


def cost_rows(steps: Iterable[tuple[str, str, int, float]], prices: Mapping[str, float]) -> tuple[CostRow, ...]:
    """A row for each (step, instance type, count, seconds); ``prices`` are dollars per hour by instance type."""
    return tuple(CostRow(name, kind, count, seconds, prices.get(kind)) for name, kind, count, seconds in steps)


def cost_line(costs: tuple[CostRow, ...]) -> str:
    """What a run costs in one phrase; says so where a price is not known."""
    known = [row.dollars for row in costs if row.dollars is not None]
    unknown = sorted({row.instance_type for row in costs if row.dollars is None})
    if not costs:
        return "no cost known"
    about = f"about ${sum(known):.4f} a run" if known else "no cost known"
    return about + (f" (no price for {', '.join(unknown)})" if unknown else "")


def _numbers(document: Mapping[str, Any], path: str = "") -> dict[str, float]:
    found: dict[str, float] = {}
    for key, value in document.items():
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping):
            found.update(_numbers(value, here))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[here.removesuffix(".value")] = float(value)
    return found


def _lines(definition: Mapping[str, Any]) -> list[str]:
    return json.dumps(definition, indent=2, sort_keys=True).splitlines()
