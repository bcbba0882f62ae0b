"""What is said of a step that waits: once for each attempt, always in the heartbeat, and by few calls."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from scripts.decisions.step_waits import JobEnd
from scripts.errors import AccessDeniedError
from scripts.flows.run_pipeline import follow
from scripts.flows.step_waits import StepWaits
from scripts.gateways.pipelines import Execution, Step
from scripts.terminal.progress import Progress

BEGUN = datetime(2026, 1, 1, 12, tzinfo=UTC)
ARN = "arn:aws:sagemaker:ap-southeast-2:550011223344:pipeline/p/execution/e"
JOB = "arn:aws:sagemaker:ap-southeast-2:550011223344:transform-job/j"
POLICY = {
    "ExceptionType": ["SageMaker.RESOURCE_LIMIT", "SageMaker.CAPACITY_ERROR"],
    "IntervalSeconds": 60,
    "MaxAttempts": 9,
}
RESOURCES = {"InstanceType": {"Get": "Parameters.Type"}, "InstanceCount": {"Get": "Parameters.Count"}}
PARAMETERS = [
    {"Name": "Type", "Type": "String", "DefaultValue": "ml.m5.large"},
    {"Name": "Count", "Type": "Integer", "DefaultValue": 1},
]
SCORE = {
    "Name": "Score",
    "Type": "Transform",
    "Arguments": {"TransformResources": RESOURCES},
    "RetryPolicies": [POLICY],
}
QUOTA = "ml.m5.4xlarge for transform job usage"
WITHOUT_JOB = Step("Score", "Executing", "", "", BEGUN, None)


class Pages:
    """Service Quotas that lists one quota, or refuses."""

    def __init__(self, value: float, denied: bool = False) -> None:
        self.value, self.denied, self.asked = value, denied, 0

    def get_paginator(self, _: str) -> Pages:
        return self

    def paginate(self, **_: str) -> Iterator[dict[str, Any]]:
        self.asked += 1
        if self.denied:
            raise AccessDeniedError("no right to ListServiceQuotas")
        yield {"Quotas": [{"QuotaName": QUOTA, "Value": self.value, "QuotaCode": "L-1"}]}


class Pipelines:
    """An execution that stands as ``looks`` say, one after the other."""

    def __init__(self, looks: list[list[Step]], end: JobEnd) -> None:
        self.looks, self.end, self.described = looks, end, 0

    def definition(self, _: str) -> str:
        return json.dumps({"Parameters": PARAMETERS, "Steps": [SCORE]})

    def parameters(self, arn: str) -> dict[str, str]:
        """What this run has chosen; of its definition both are others."""
        assert arn == ARN
        return {"Type": "ml.m5.4xlarge", "Count": "2"}

    def job_end(self, _: str) -> JobEnd:
        self.described += 1
        return self.end

    def describe(self, arn: str) -> Execution:
        return Execution(arn, "Succeeded", "", BEGUN, "")

    def follow(self, _: str, at: Callable[[list[Step]], None]) -> Iterator[Step]:
        for look in self.looks:
            yield from look[:1]
            at(look)


def context(looks: list[list[Step]] | None = None, end: JobEnd | None = None, quotas: Pages | None = None) -> Any:
    account = SimpleNamespace(client=lambda _: quotas or Pages(0), actor=SimpleNamespace())
    names = SimpleNamespace(sagemaker_pipeline="p")
    return SimpleNamespace(
        reader=account, names=names, stage="preprod", pipelines=Pipelines(looks or [], end or JobEnd(False))
    )


def waits(of: Any, seconds: float = 90) -> StepWaits:
    return StepWaits(of, ARN, lambda: BEGUN + timedelta(seconds=seconds))


def test_a_job_that_was_not_made_is_told_by_its_quota_which_is_read_once() -> None:
    pages = Pages(1)
    looking = waits(context(quotas=pages))
    told = [looking.told(looking.of([replace(WITHOUT_JOB, attempt=number)]))[0] for number in (1, 2, 3)]
    assert told[0].startswith(f"Score waits to be tried again: quota {QUOTA}: 1, 2 needed by step Score: too small")
    assert "attempt 3 of 10" in told[2]
    assert pages.asked == 1
    (enough,) = waits(context(quotas=Pages(5))).of([WITHOUT_JOB])
    assert "other jobs may use it" in enough.reason
    (denied,) = waits(context(quotas=Pages(5, denied=True))).of([WITHOUT_JOB])
    assert "unknown: no right to ListServiceQuotas" in denied.reason


def test_nothing_is_asked_of_a_step_that_has_just_begun() -> None:
    pages = Pages(0)
    assert waits(context(quotas=pages), 2).of([WITHOUT_JOB]) == []
    assert pages.asked == 0


def test_a_job_is_looked_at_now_and_then_and_one_that_failed_never_again() -> None:
    step = replace(WITHOUT_JOB, job_arn=JOB)
    runs = context(end=JobEnd(False))
    looking = waits(runs)
    assert [looking.of([step]) for _ in range(12)] == [[]] * 12
    assert runs.pipelines.described == 3
    failed = context(end=JobEnd(True, "CapacityError: none", BEGUN))
    looking = waits(failed)
    assert [bool(looking.of([step])) for _ in range(12)] == [False] + [True] * 11
    assert failed.pipelines.described == 1
    assert waits(context(end=JobEnd(True, "CapacityError: none", BEGUN))).of([step], at_once=True)


def test_who_may_not_look_at_jobs_or_definitions_can_still_follow() -> None:
    class Denied(Pipelines):
        def job_end(self, _: str) -> JobEnd:
            raise AccessDeniedError("no right to DescribeTransformJob")

    of = context()
    of.pipelines = Denied([], JobEnd(False))
    assert waits(of).of([replace(WITHOUT_JOB, job_arn=JOB)], at_once=True) == []
    of.pipelines.parameters = of.pipelines.job_end
    (wait,) = waits(of).of([WITHOUT_JOB])
    assert "known to the run alone" in wait.reason
    of.pipelines.definition = of.pipelines.job_end
    assert waits(of).of([WITHOUT_JOB]) == []


def test_following_says_each_attempt_once_and_keeps_it_in_the_heartbeat(capsys: pytest.CaptureFixture[str]) -> None:
    subjects = []

    class Heard(Progress):
        def awaits(self, subject: str) -> None:
            super().awaits(subject)
            subjects.append(subject)

    begun = datetime.now(UTC) - timedelta(minutes=2)
    looks = [[replace(WITHOUT_JOB, started=begun, attempt=number)] for number in (1, 1, 2)]
    looks.append([replace(WITHOUT_JOB, started=begun, job_arn=JOB, attempt=3)])
    follow(context(looks), ARN, Heard(colour=False))
    said = capsys.readouterr().err
    assert said.count("Waiting") == 2
    assert said.count("attempt 1 of 10; next try about ") == 1
    assert said.count("attempt 2 of 10; next try about ") == 1
    assert [subject.startswith("Score waits to be tried again: quota ") for subject in subjects] == [True] * 3 + [False]
    assert subjects[-1].startswith("execution e")
