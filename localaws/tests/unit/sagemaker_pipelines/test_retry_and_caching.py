from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.services.sagemaker.pipelines.caching import (
    CacheConfigError,
    cache_key,
    parse_cache_config,
    parse_duration,
)
from localaws.services.sagemaker.pipelines.retry import (
    CAPACITY_ERROR,
    JOB_INTERNAL_ERROR,
    RESOURCE_LIMIT,
    SERVICE_FAULT,
    THROTTLING,
    RetryPolicyError,
    delay,
    exception_of_error,
    exception_of_failure,
    parse_policies,
)


@pytest.mark.aws_rule(
    "A retry waits longer each time by the backoff rate",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html",
)
def test_a_policy_waits_longer_each_time_and_gives_up() -> None:
    policy = {"ExceptionType": [CAPACITY_ERROR], "IntervalSeconds": 2, "BackoffRate": 3, "MaxAttempts": 2}
    policies = parse_policies([policy])
    assert [delay(policies, CAPACITY_ERROR, retries, 0) for retries in range(3)] == [2, 6, None]


def test_a_policy_may_end_by_time_instead() -> None:
    policies = parse_policies([{"ExceptionType": CAPACITY_ERROR, "IntervalSeconds": 30, "ExpireAfterMin": 1}])
    assert delay(policies, CAPACITY_ERROR, 0, 29) == 30
    assert delay(policies, CAPACITY_ERROR, 0, 31) is None


@pytest.mark.aws_rule(
    "Without a policy only service faults and throttling are tried again",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html",
)
def test_without_a_policy_only_faults_of_the_service_are_tried_again() -> None:
    assert delay((), SERVICE_FAULT, 0, 0) == 1
    assert delay((), THROTTLING, 4, 0) == 16
    assert delay((), JOB_INTERNAL_ERROR, 0, 0) is None
    assert delay((), None, 0, 0) is None


@given(st.integers(1, 20), st.integers(1, 100), st.floats(1, 5))
def test_a_policy_retries_as_often_as_it_says(attempts: int, interval: int, rate: float) -> None:
    policy = {
        "ExceptionType": [RESOURCE_LIMIT],
        "IntervalSeconds": interval,
        "BackoffRate": rate,
        "MaxAttempts": attempts,
    }
    policies = parse_policies([policy])
    waits = [delay(policies, RESOURCE_LIMIT, retries, 0) for retries in range(attempts + 1)]
    assert waits[-1] is None
    assert None not in waits[:-1]


@pytest.mark.aws_rule(
    "A retry policy names known exception types and ends by attempts or by time, within bounds",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html",
)
@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"ExceptionType": []},
        {"ExceptionType": ["Step.OTHER"]},
        {"ExceptionType": [SERVICE_FAULT], "MaxAttempts": 2, "ExpireAfterMin": 5},
        {"ExceptionType": [SERVICE_FAULT], "MaxAttempts": 21},
        {"ExceptionType": [SERVICE_FAULT], "ExpireAfterMin": 14401},
        {"ExceptionType": [SERVICE_FAULT], "IntervalSeconds": "1"},
        {"ExceptionType": [SERVICE_FAULT], "Interval": 1},
        "Step.SERVICE_FAULT",
    ],
)
def test_a_wrong_policy_is_refused(policy: Any) -> None:
    with pytest.raises(RetryPolicyError):
        parse_policies([policy])


def test_failures_are_told_apart() -> None:
    assert exception_of_failure("InternalServerError: retry") == JOB_INTERNAL_ERROR
    assert exception_of_failure("CapacityError: no instance") == CAPACITY_ERROR
    assert exception_of_failure("AlgorithmError: exit code 1") is None
    assert exception_of_error("ThrottlingException", 400) == THROTTLING
    assert exception_of_error("ResourceLimitExceeded", 400) == RESOURCE_LIMIT
    assert exception_of_error("InternalFailure", 500) == SERVICE_FAULT
    assert exception_of_error("NotImplemented", 501) is None
    assert exception_of_error("ValidationException", 400) is None


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("P30D", timedelta(days=30)),
        ("PT1H30M", timedelta(minutes=90)),
        ("P2W", timedelta(weeks=2)),
        ("30d", timedelta(days=30)),
        ("12h", timedelta(hours=12)),
    ],
)
def test_durations_are_read(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "document", [{"Enabled": "yes"}, {"Enabled": True, "ExpireAfter": "P"}, {"Enabled": True, "X": 1}]
)
def test_a_wrong_cache_config_is_refused(document: Any) -> None:
    with pytest.raises(CacheConfigError):
        parse_cache_config(document)


def test_caching_that_is_off_is_no_caching() -> None:
    assert parse_cache_config({"Enabled": False, "ExpireAfter": "P1D"}) is None


@pytest.mark.aws_rule(
    "A cached step stands for one with the same arguments, but for those that do not change the outcome",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-caching.html",
)
def test_the_key_is_of_what_decides_the_outcome() -> None:
    arguments = {"Environment": {"A": "1"}, "ProcessingInputs": [], "RoleArn": "one"}
    key = cache_key("Processing", arguments)
    assert cache_key("Processing", {**arguments, "RoleArn": "other"}) == key
    assert cache_key("Processing", {**arguments, "Environment": {"A": "2"}}) != key
    assert cache_key("Model", arguments) is None
