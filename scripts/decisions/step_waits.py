"""Why a step of a running execution makes no headway: it waits to be tried again, for capacity, or for a quota. Pure.

SageMaker shows such a step as Executing, with the number of its attempt and without a reason: FailureReason is told of
failed steps alone. The reason is in the description of the job that failed; where no job was made it is in the
account's quotas. When the next attempt comes follows from the step's own retry policy, so it is about right.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_PipelineExecutionStep.html
https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

CAPACITY, INTERNAL, RESOURCE_LIMIT = (
    "SageMaker.CAPACITY_ERROR",
    "SageMaker.JOB_INTERNAL_ERROR",
    "SageMaker.RESOURCE_LIMIT",
)
NO_JOB_FOR: Final = 10.0  # seconds after which a step without a job no longer is one that has just begun
_RUNNING = ("Starting", "Executing")
_DEFAULT_INTERVAL, _DEFAULT_RATE = 1.0, 2.0


@dataclass(frozen=True)
class JobEnd:
    """How a step's job ended: its reason and moment, where it failed."""

    failed: bool
    reason: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Attempted:
    """A running step as SageMaker lists it. ``attempt`` counts from 1; ``job`` is None where none was made."""

    name: str
    status: str
    attempt: int
    started: datetime | None
    job: JobEnd | None


@dataclass(frozen=True)
class StepWait:
    """A step that waits for its next attempt."""

    step: str
    reason: str
    attempt: int
    most: int | None
    since: datetime | None
    next_try: datetime | None
    gives_up: datetime | None

    def told(self, now: datetime) -> str:
        """In words, with the times that are left at ``now``."""
        parts = [f"{self.step} waits to be tried again: {' | '.join(self.reason.splitlines())}"]
        parts.append(f"attempt {self.attempt}" + (f" of {self.most}" if self.most else ""))
        if self.next_try:
            left = (self.next_try - now).total_seconds()
            when = f"in {span(left)}" if left > 0 else "due now"
            parts.append(f"next try about {self.next_try:%H:%M:%S} UTC ({when})")
        if self.gives_up:
            parts.append(f"gives up at {self.gives_up:%H:%M} UTC")
        if self.since:
            parts.append(f"waiting for {span((now - self.since).total_seconds())}")
        return "; ".join(parts)


def step_wait(
    step: Attempted, policies: Sequence[Mapping[str, Any]], now: datetime, why_no_job: str | None
) -> StepWait | None:
    """What ``step`` waits for; None where it runs, or has just begun.

    ``why_no_job`` is what is known of a job that was not made: a quota in words.
    """
    if step.status not in _RUNNING:
        return None
    if step.job is None:
        age = (now - step.started).total_seconds() if step.started else 0.0
        if step.attempt <= 1 and age < NO_JOB_FOR:
            return None
        reason = why_no_job or "SageMaker has made no job for it yet, which it tells no reason of"
        return _wait(step, reason, RESOURCE_LIMIT, policies, step.started, all_attempts=True)
    kind = next((each for each, starts in _PREFIXES.items() if step.job.reason.startswith(starts)), None)
    if not step.job.failed or kind is None or not _is_tried_again(step, kind, policies):
        return None  # of a failed one SageMaker tells in a moment that the step has failed
    return _wait(step, step.job.reason, kind, policies, step.job.at, all_attempts=False)


_PREFIXES = {
    CAPACITY: ("CapacityError", "InsufficientCapacity"),
    INTERNAL: ("InternalServerError",),
    RESOURCE_LIMIT: ("ResourceLimitExceeded",),
}


def _is_tried_again(step: Attempted, kind: str, policies: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a policy of the step covers this kind of failure, and has an attempt left."""
    policy = next((each for each in policies if kind in _kinds(each)), None)
    most = policy.get("MaxAttempts") if policy else None
    return policy is not None and (not most or step.attempt <= int(most))


def _wait(
    step: Attempted,
    reason: str,
    kind: str,
    policies: Sequence[Mapping[str, Any]],
    begun: datetime | None,
    *,
    all_attempts: bool,
) -> StepWait:
    """``all_attempts``: ``begun`` is when the first attempt was made, and not when the last one failed."""
    policy = next((each for each in policies if kind in _kinds(each)), None)
    if policy is None:
        return StepWait(step.name, reason, step.attempt, None, step.started, None, None)
    interval = float(policy.get("IntervalSeconds") or _DEFAULT_INTERVAL)
    rate = float(policy.get("BackoffRate") or _DEFAULT_RATE)
    tries = range(step.attempt) if all_attempts else range(step.attempt - 1, step.attempt)
    seconds = sum(interval * rate**number for number in tries)
    most, expiry = policy.get("MaxAttempts"), policy.get("ExpireAfterMin")
    return StepWait(
        step.name,
        reason,
        step.attempt,
        int(most) + 1 if most else None,
        step.started,
        begun + timedelta(seconds=seconds) if begun else None,
        step.started + timedelta(minutes=float(expiry)) if step.started and expiry else None,
    )


def _kinds(policy: Mapping[str, Any]) -> Sequence[str]:
    given = policy.get("ExceptionType", [])
    return [given] if isinstance(given, str) else list(given)


def span(seconds: float) -> str:
    """``95.2`` is 1m 35s."""
    whole = max(int(seconds), 0)
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours:
        return f"{hours}h {minutes:02}m"
    return f"{minutes}m {whole % 60:02}s" if minutes else f"{whole}s"
