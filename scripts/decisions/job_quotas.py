"""Which quotas of an account a definition's jobs need, and which of them are too small. Pure.

A job on an instance type whose quota is 0, as on a new account that of most types is, never starts.
https://docs.aws.amazon.com/sagemaker/latest/dg/regions-quotas.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.decisions.job_requests import JobRequest, job_requests

_WORDS = {"Processing": "processing", "Transform": "transform"}


@dataclass(frozen=True)
class QuotaNeed:
    """``count`` instances must be allowed by the quota of this name; for ``steps``, which run one after another."""

    name: str
    count: int
    steps: tuple[str, ...]


def quota_name(request: JobRequest) -> str | None:
    """The quota of the step's instance type; None where the type is known at run time alone."""
    kind = request.resources.get("InstanceType")
    return f"{kind} for {_WORDS[request.kind]} job usage" if isinstance(kind, str) else None


def quota_needs(definition: Mapping[str, Any], chosen: Mapping[str, Any] | None = None) -> list[QuotaNeed]:
    """What each quota must allow, sorted by name; of several steps of one kind and type the largest."""
    found: dict[str, QuotaNeed] = {}
    for request in job_requests(definition, chosen):
        name, count = quota_name(request), request.resources.get("InstanceCount", 1)
        if name is not None and isinstance(count, int):
            known = found.get(name, QuotaNeed(name, 0, ()))
            found[name] = QuotaNeed(name, max(known.count, count), (*known.steps, request.step))
    return sorted(found.values(), key=lambda each: each.name)


def quota_told(need: QuotaNeed, value: float) -> str:
    """One quota in words."""
    return f"{need.name}: {value:g}, {need.count} needed by step {', '.join(need.steps)}"


def short_quotas(needs: Iterable[QuotaNeed], values: Mapping[str, float]) -> list[str]:
    """The quotas that are too small for what the definition asks, in words; none where all suffice."""
    return [quota_told(each, values[each.name]) for each in needs if values.get(each.name, each.count) < each.count]


def quota_notes(
    needs: Sequence[QuotaNeed], values: Mapping[str, float] | None, why_unknown: str | None = None
) -> list[str]:
    """What a plan says of quotas: those that are too small, and that they are unknown where they are."""
    if values is None:
        return [f"quotas are unknown: {why_unknown or 'Service Quotas is not available here'}"]
    unknown = [each.name for each in needs if each.name not in values]
    return [
        *(f"quota too small, its job will not start: {each}" for each in short_quotas(needs, values)),
        *(f"quota unknown: Service Quotas does not list {name}" for name in unknown),
    ]
