"""What a step waits for: reason, attempt, next try and end, by SageMaker's own listing and the step's retry policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scripts.decisions.step_waits import Attempted, JobEnd, span, step_wait

BEGUN = datetime(2026, 1, 1, 12, tzinfo=UTC)
CAPACITY = (
    "CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML instance type."
)
POLICIES: list[dict[str, Any]] = [
    {"ExceptionType": ["Step.SERVICE_FAULT"], "IntervalSeconds": 5, "BackoffRate": 2.0, "MaxAttempts": 5},
    {
        "ExceptionType": ["SageMaker.RESOURCE_LIMIT", "SageMaker.CAPACITY_ERROR"],
        **{"IntervalSeconds": 60, "BackoffRate": 2.0, "ExpireAfterMin": 180},
    },
]
WITHOUT_JOB = Attempted("Score", "Executing", 2, BEGUN, None)
QUOTA = "quota ml.m5.4xlarge for transform job usage: 0, 1 needed by step Score: too small"


def after(**span_: float) -> datetime:
    return BEGUN + timedelta(**span_)


@pytest.mark.aws_rule(
    "A step that waits to be tried again is listed as Executing with its AttemptCount; a reason is told of failed "
    "steps alone",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_PipelineExecutionStep.html",
)
def test_a_step_without_a_job_waits_for_its_quota_and_says_until_when() -> None:
    wait = step_wait(WITHOUT_JOB, POLICIES, after(seconds=90), QUOTA)
    assert wait is not None
    assert wait.next_try == after(
        seconds=60 + 120
    )  # the second attempt was made after 60 s, the third comes 120 s later
    assert wait.told(after(seconds=90)) == (
        f"Score waits to be tried again: {QUOTA}; attempt 2; next try about 12:03:00 UTC (in 1m 30s); "
        "gives up at 15:00 UTC; waiting for 1m 30s"
    )
    assert "due now" in wait.told(after(minutes=4))


def test_a_failed_job_is_the_reason_and_its_end_begins_the_wait() -> None:
    job = JobEnd(True, CAPACITY, after(minutes=10))
    wait = step_wait(replace(WITHOUT_JOB, attempt=1, job=job), POLICIES, after(minutes=10), None)
    assert wait is not None
    assert (wait.reason, wait.next_try) == (CAPACITY, after(minutes=11))


@pytest.mark.parametrize(
    ("reason", "policies"),
    [
        ("AlgorithmError: exit code 1\nTraceback (most recent call last):\n  ...", POLICIES),
        ("", POLICIES),
        (CAPACITY, []),
        (CAPACITY, POLICIES[:1]),
        (CAPACITY, [{"ExceptionType": "SageMaker.CAPACITY_ERROR", "IntervalSeconds": 60, "MaxAttempts": 1}]),
    ],
)
def test_a_failed_job_that_nothing_tries_again_is_no_wait(reason: str, policies: list[dict[str, Any]]) -> None:
    job = JobEnd(True, reason, after(minutes=10))
    assert step_wait(replace(WITHOUT_JOB, job=job), policies, after(minutes=10), None) is None


def test_a_step_that_has_just_begun_or_runs_its_job_waits_for_nothing() -> None:
    fresh = replace(WITHOUT_JOB, attempt=1)
    assert step_wait(fresh, POLICIES, after(seconds=3), QUOTA) is None
    assert step_wait(fresh, POLICIES, after(seconds=60), QUOTA) is not None
    assert step_wait(replace(fresh, job=JobEnd(False)), POLICIES, after(hours=2), None) is None
    assert step_wait(replace(WITHOUT_JOB, status="Succeeded"), POLICIES, after(hours=2), None) is None


def test_without_a_policy_or_a_reason_nothing_is_made_up() -> None:
    wait = step_wait(WITHOUT_JOB, [], after(seconds=90), None)
    assert wait is not None
    assert (wait.next_try, wait.gives_up, wait.most) == (None, None, None)
    assert "tells no reason" in wait.told(after(seconds=90))
    limited = [{"ExceptionType": "SageMaker.RESOURCE_LIMIT", "IntervalSeconds": 60, "MaxAttempts": 4}]
    counted = step_wait(WITHOUT_JOB, limited, after(seconds=90), None)
    assert counted is not None
    assert "attempt 2 of 5" in counted.told(after(seconds=90))


@pytest.mark.parametrize(("seconds", "told"), [(0.4, "0s"), (95.2, "1m 35s"), (7260, "2h 01m"), (-3, "0s")])
def test_spans_are_short(seconds: float, told: str) -> None:
    assert span(seconds) == told
