"""When a failed step is tried again. Pure: what failed and how often in, a waiting time or None out.

https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SERVICE_FAULT = "Step.SERVICE_FAULT"
THROTTLING = "Step.THROTTLING"
JOB_INTERNAL_ERROR = "SageMaker.JOB_INTERNAL_ERROR"
CAPACITY_ERROR = "SageMaker.CAPACITY_ERROR"
RESOURCE_LIMIT = "SageMaker.RESOURCE_LIMIT"
EXCEPTION_TYPES = (SERVICE_FAULT, THROTTLING, JOB_INTERNAL_ERROR, CAPACITY_ERROR, RESOURCE_LIMIT)

_MOST_ATTEMPTS = 20
_LONGEST_INTERVAL = 43_200
_LONGEST_EXPIRY_MINUTES = 14_400
_FAILURE_PREFIXES = {
    "InternalServerError": JOB_INTERNAL_ERROR,
    "CapacityError": CAPACITY_ERROR,
    "InsufficientCapacity": CAPACITY_ERROR,
    "ResourceLimitExceeded": RESOURCE_LIMIT,
}


class RetryPolicyError(ValueError):
    """A retry policy that SageMaker would refuse."""


@dataclass(frozen=True)
class RetryPolicy:
    """``max_attempts`` retries, or retries until ``expire_after_minutes`` after the step's start; never both."""

    exception_types: tuple[str, ...]
    interval_seconds: float = 1
    backoff_rate: float = 2.0
    max_attempts: int | None = 5
    expire_after_minutes: int | None = None


# What SageMaker does by itself, where no policy of the step names the exception.
DEFAULT_POLICY = RetryPolicy((SERVICE_FAULT, THROTTLING))


def parse_policies(documents: Any) -> tuple[RetryPolicy, ...]:
    """The ``RetryPolicies`` of a step. ``ExceptionType`` may be one name or a list of names."""
    if documents is None:
        return ()
    if not isinstance(documents, list):
        raise RetryPolicyError("RetryPolicies must be a list")
    return tuple(_parse(document) for document in documents)


def delay(policies: Sequence[RetryPolicy], exception_type: str | None, retries: int, elapsed: float) -> float | None:
    """Seconds to wait before the next attempt, or None to give up.

    ``retries`` counts the retries made so far, ``elapsed`` is seconds since the step's first attempt began.
    """
    policy = _policy(policies, exception_type)
    if policy is None:
        return None
    wait = policy.interval_seconds * policy.backoff_rate**retries
    if policy.expire_after_minutes is not None:
        return wait if elapsed + wait <= policy.expire_after_minutes * 60 else None
    return wait if retries < (policy.max_attempts or 0) else None


def unretried(policies: Sequence[RetryPolicy], exception_type: str | None, execution_arn: str, step: str) -> str:
    """What SageMaker adds to the reason of a step that could be retried and has no policy for it; else nothing."""
    if exception_type is None or _policy(policies, exception_type) is not None:
        return ""
    return (
        f"\nRetry not appropriate on execution of step with PipelineExecutionArn {execution_arn} and StepId {step}. "
        f"No retry policy configured for the exception type {exception_type.upper().replace('.', '_')}."
    )


def exception_of_failure(failure_reason: str) -> str | None:
    """The exception type by which a job's FailureReason can be retried, or None."""
    return next((kind for prefix, kind in _FAILURE_PREFIXES.items() if failure_reason.startswith(prefix)), None)


def exception_of_error(code: str, status: int) -> str | None:
    """The exception type of an API error. What is not implemented (501) will not be implemented by trying again."""
    if "Throttl" in code or code in ("TooManyRequestsException", "RequestLimitExceeded") or status == 429:
        return THROTTLING
    if code in ("ResourceLimitExceeded", "LimitExceededException"):
        return RESOURCE_LIMIT
    return SERVICE_FAULT if status >= 500 and status != 501 else None


def _policy(policies: Sequence[RetryPolicy], exception_type: str | None) -> RetryPolicy | None:
    return next((one for one in (*policies, DEFAULT_POLICY) if exception_type in one.exception_types), None)


def _parse(document: Any) -> RetryPolicy:
    if not isinstance(document, dict):
        raise RetryPolicyError("a retry policy must be an object")
    unknown = document.keys() - {"ExceptionType", "IntervalSeconds", "BackoffRate", "MaxAttempts", "ExpireAfterMin"}
    if unknown:
        raise RetryPolicyError(f"a retry policy has no member {', '.join(sorted(unknown))}")
    named = document.get("ExceptionType")
    types = [named] if isinstance(named, str) else named
    if not isinstance(types, list) or not types:
        raise RetryPolicyError("a retry policy needs ExceptionType")
    for name in types:
        if name not in EXCEPTION_TYPES:
            raise RetryPolicyError(f"ExceptionType '{name}' is unknown; there are {', '.join(EXCEPTION_TYPES)}")
    attempts, expiry = document.get("MaxAttempts"), document.get("ExpireAfterMin")
    if attempts is not None and expiry is not None:
        raise RetryPolicyError("a retry policy has either MaxAttempts or ExpireAfterMin, not both")
    return RetryPolicy(
        tuple(types),
        _number(document, "IntervalSeconds", 1, 1, _LONGEST_INTERVAL),
        _number(document, "BackoffRate", 2.0, 1, 1_000),
        None if expiry is not None else int(_number(document, "MaxAttempts", 5, 1, _MOST_ATTEMPTS)),
        None if expiry is None else int(_number(document, "ExpireAfterMin", 0, 1, _LONGEST_EXPIRY_MINUTES)),
    )


def _number(document: dict[str, Any], name: str, default: float, low: float, high: float) -> float:
    value = document.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise RetryPolicyError(f"{name} of a retry policy must be a number from {low} to {high}, found {value!r}")
    return value
