"""Has a release anything to change in a stage, and has a person been asked about just that already?

Every CodePipeline of a project starts with every push. Where its own pipeline is as it was, nothing is deployed and
nobody is asked; nor is anybody asked again, by a push, what waits for an answer or was rejected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.decisions.canonical import sha256_of
from scripts.decisions.deployment_plan import DeploymentPlan
from scripts.decisions.evidence import plan_digest


@dataclass(frozen=True)
class StageChange:
    """Whether a stage has the release. ``asked``: the question that its approval is, was put before."""

    stage: str
    released: bool
    asked: bool = False


@dataclass(frozen=True)
class ReleaseChanges:
    """``changed``: whether the CodePipeline goes on with this release; ``note`` says why, or why not, in one line."""

    changed: bool
    note: str


def question_of(plan: DeploymentPlan, thresholds: Mapping[str, Any]) -> str:
    """16 hex digits of what an approver decides: the plan, and what its output must meet."""
    return sha256_of([plan_digest(plan), thresholds])[:16]


def release_changes(pipeline: str, stages: Sequence[StageChange], again: str) -> ReleaseChanges:
    """``again``: the command that asks all the same."""
    open_stages = [each for each in stages if not each.released]
    if not open_stages:
        return ReleaseChanges(changed=False, note=f"nothing changed for {pipeline}: skipped")
    if all(each.asked for each in open_stages):
        names = ", ".join(each.stage for each in open_stages)
        return ReleaseChanges(
            changed=False, note=f"nothing changed for {pipeline} since approval for {names} was asked: skipped; {again}"
        )
    return ReleaseChanges(changed=True, note=f"changes {', '.join(each.stage for each in open_stages)}")
