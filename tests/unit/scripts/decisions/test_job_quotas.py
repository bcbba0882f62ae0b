"""Quotas: what a definition needs of them, which are too small, and that unknown is said."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.decisions.job_quotas import Quota, QuotaNeed, quota_needs, quota_notes, require_quotas, short_quotas
from scripts.errors import SettingsError


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
# A second branch on large instances, which a run may never take.
BRANCHED = {
    "Steps": [
        step("Clean", "Processing", "ml.m5.large"),
        {"Name": "Big", "Type": "Condition", "Arguments": {"IfSteps": [step("Score", "Transform", "ml.m5.4xlarge")]}},
    ],
}
PROCESSING, SCORING = "ml.m5.large for processing job usage", "ml.m5.4xlarge for transform job usage"

PLACE = ("ap-southeast-2", "550011223344", "pipelines/p/settings.yml")


def quotas(processing: float, scoring: float) -> dict[str, Quota]:
    return {PROCESSING: Quota(processing, "L-P"), SCORING: Quota(scoring, "L-S")}


def test_each_quota_is_needed_for_the_largest_of_its_steps() -> None:
    assert quota_needs(DEFINITION) == [
        QuotaNeed(SCORING, 1, ("Score",)),
        QuotaNeed(PROCESSING, 3, ("Clean", "More")),
    ]
    assert quota_needs(DEFINITION, {"Count": "7"})[1].count == 7


def test_a_quota_that_is_too_small_is_told_with_who_needs_it() -> None:
    needs = quota_needs(DEFINITION)
    assert short_quotas(needs, quotas(3, 1)) == []
    (told,) = short_quotas(needs, quotas(3, 0))
    assert told == f"{SCORING}: 0, 1 needed by step Score"
    assert quota_notes(needs, quotas(3, 0)) == [f"quota too small, its job will not start: {told}"]


@pytest.mark.parametrize(("processing", "scoring", "code"), [(3, 0, "L-S"), (2, 1, "L-P"), (0, 0, "L-S")])
def test_what_would_never_start_is_refused_with_the_command_that_raises_the_quota(
    processing: float, scoring: float, code: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        require_quotas(quota_needs(DEFINITION, certain=True), quotas(processing, scoring), *PLACE)
    count = 1 if code == "L-S" else 3
    assert f"--quota-code {code} --desired-value {count} --region ap-southeast-2" in str(refused.value.next_command)
    assert "in account 550011223344" in str(refused.value.next_command)
    assert any("another size" in each and "settings.yml" in each for each in refused.value.found)


def test_what_suffices_or_is_unknown_or_may_never_run_is_not_refused() -> None:
    for known in (quotas(3, 1), {}):
        require_quotas(quota_needs(DEFINITION, certain=True), known, *PLACE)
    require_quotas(quota_needs(BRANCHED, certain=True), quotas(1, 0), *PLACE)
    assert len(quota_notes(quota_needs(BRANCHED), quotas(1, 0))) == 1


def test_an_unknown_quota_is_never_taken_for_enough() -> None:
    needs = quota_needs(DEFINITION)
    assert quota_notes(needs, None, "access denied") == ["quotas are unknown: access denied"]
    assert quota_notes(needs, {PROCESSING: Quota(3, "L-P")}) == [
        f"quota unknown: Service Quotas does not list {SCORING}"
    ]
