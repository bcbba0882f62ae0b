"""Quotas: what a definition needs of them, which are too small, and that unknown is said."""

from __future__ import annotations

from typing import Any

from scripts.decisions.job_quotas import QuotaNeed, quota_needs, quota_notes, short_quotas


def step(name: str, kind: str, instance_type: Any, count: Any = 1) -> dict[str, Any]:
    resources = {"InstanceType": instance_type, "InstanceCount": count}
    arguments = (
        {"TransformResources": resources}
        if kind == "Transform"
        else {"ProcessingResources": {"ClusterConfig": resources}}
    )
    return {"Name": name, "Type": kind, "Arguments": arguments}


DEFINITION = {
    "Parameters": [{"Name": "Count", "Type": "Integer", "DefaultValue": 3}],
    "Steps": [
        step("Clean", "Processing", "ml.m5.large"),
        step("More", "Processing", "ml.m5.large", {"Get": "Parameters.Count"}),
        step("Score", "Transform", "ml.m5.4xlarge"),
        step("Late", "Transform", {"Get": "Steps.Clean.ProcessingJobName"}),
    ],
}
PROCESSING, SCORING = "ml.m5.large for processing job usage", "ml.m5.4xlarge for transform job usage"


def test_each_quota_is_needed_for_the_largest_of_its_steps() -> None:
    assert quota_needs(DEFINITION) == [
        QuotaNeed(SCORING, 1, ("Score",)),
        QuotaNeed(PROCESSING, 3, ("Clean", "More")),
    ]
    assert quota_needs(DEFINITION, {"Count": "7"})[1].count == 7


def test_a_quota_that_is_too_small_is_told_with_who_needs_it() -> None:
    needs = quota_needs(DEFINITION)
    assert short_quotas(needs, {PROCESSING: 3.0, SCORING: 1.0}) == []
    (told,) = short_quotas(needs, {PROCESSING: 3.0, SCORING: 0.0})
    assert told == f"{SCORING}: 0, 1 needed by step Score"
    assert quota_notes(needs, {PROCESSING: 3.0, SCORING: 0.0}) == [f"quota too small, its job will not start: {told}"]


def test_an_unknown_quota_is_never_taken_for_enough() -> None:
    needs = quota_needs(DEFINITION)
    assert quota_notes(needs, None, "access denied") == ["quotas are unknown: access denied"]
    assert quota_notes(needs, {PROCESSING: 3.0}) == [f"quota unknown: Service Quotas does not list {SCORING}"]
