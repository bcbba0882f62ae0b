"""What the first day costs at most, by the project's prices; told before anything is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EXECUTIONS = 6  # of the pipeline: each of its two steps runs on one machine
MINUTES_A_STEP = 10
BUILD_MINUTES = 60  # of CodeBuild, in all; most of them wait for a pipeline
# https://aws.amazon.com/codebuild/pricing/, https://aws.amazon.com/kms/pricing/: see docs/cost.md for their date
_BUILD_DOLLARS_A_MINUTE = 0.010
_KEYS, _KEY_DOLLARS_A_MONTH = 3, 1.0


def cost_lines(prices: Mapping[str, Any], instance_type: str) -> list[str]:
    """One line a kind of cost, and the sum of those that have a price. ``prices``: scripts/flows/prices.yml."""
    hourly = prices["dollars_per_hour"].get(instance_type)
    hours = EXECUTIONS * 2 * MINUTES_A_STEP / 60
    jobs = None if hourly is None else hourly * hours
    builds = BUILD_MINUTES * _BUILD_DOLLARS_A_MINUTE
    keys = _KEYS * _KEY_DOLLARS_A_MONTH / 30
    shown = f"unknown: prices.yml has no {instance_type}" if jobs is None else f"${jobs:.2f}"
    return [
        f"jobs: {EXECUTIONS} executions of two steps, {MINUTES_A_STEP} minutes each on {instance_type}: {shown}",
        f"CodeBuild: {BUILD_MINUTES} minutes: ${builds:.2f}",
        f"keys: {_KEYS} for a day: ${keys:.2f}; nothing while they wait for their deletion",
        "requests, storage, logs and messages: cents",
        f"together at most about ${(jobs or 0) + builds + keys + 0.1:.2f}"
        + ("" if jobs is not None else ", without the jobs")
        + f" (prices: {prices['as_of']})",
    ]
