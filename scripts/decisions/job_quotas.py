"""Which quotas of an account a definition's jobs need, which of them are too small, and what raises them. Pure.

A job on an instance type whose quota is 0, as on a new account that of most types is, never starts. So what certainly
would not start is refused before it is deployed; a step in a branch of a condition may never run, and is only told.
What is unknown is said to be unknown, and refuses nothing.
https://docs.aws.amazon.com/sagemaker/latest/dg/regions-quotas.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.decisions.job_requests import JobRequest, job_requests
from scripts.errors import SettingsError

_WORDS = {"Processing": "processing", "Transform": "transform"}


@dataclass(frozen=True)
class Quota:
    """A quota of an account: its value, and the code by which an increase is asked for."""

    value: float
    code: str


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


def quota_needs(
    definition: Mapping[str, Any], chosen: Mapping[str, Any] | None = None, *, certain: bool = False
) -> list[QuotaNeed]:
    """What each quota must allow, sorted by name; of several steps of one kind and type the largest.

    ``certain``: of the steps alone that every run has.
    """
    found: dict[str, QuotaNeed] = {}
    for request in job_requests(definition, chosen):
        if certain and request.conditional:
            continue
        name, count = quota_name(request), request.resources.get("InstanceCount", 1)
        if name is not None and isinstance(count, int):
            known = found.get(name, QuotaNeed(name, 0, ()))
            found[name] = QuotaNeed(name, max(known.count, count), (*known.steps, request.step))
    return sorted(found.values(), key=lambda each: each.name)


def quota_told(need: QuotaNeed, value: float) -> str:
    """One quota in words."""
    return f"{need.name}: {value:g}, {need.count} needed by step {', '.join(need.steps)}"


def too_small(needs: Iterable[QuotaNeed], quotas: Mapping[str, Quota]) -> list[QuotaNeed]:
    """Those whose quota is known and does not allow what the definition asks."""
    return [each for each in needs if each.name in quotas and quotas[each.name].value < each.count]


def short_quotas(needs: Iterable[QuotaNeed], quotas: Mapping[str, Quota]) -> list[str]:
    """The quotas that are too small for what the definition asks, in words; none where all suffice."""
    return [quota_told(each, quotas[each.name].value) for each in too_small(needs, quotas)]


def raising(need: QuotaNeed, quota: Quota, region: str, account: str) -> str:
    """The command that asks AWS for what ``need`` wants, with whose credentials."""
    return (
        f"aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code {quota.code} "
        f"--desired-value {need.count} --region {region}   # in account {account}; AWS takes hours to days"
    )


def require_quotas(
    needs: Sequence[QuotaNeed], quotas: Mapping[str, Quota], region: str, account: str, where: str
) -> None:
    """Raises SettingsError where a quota is known to be too small. ``where`` is the setting to change instead."""
    short = too_small(needs, quotas)
    if not short:
        return
    first = short[0]
    raise SettingsError(
        f"a quota of account {account} is too small: {quota_told(first, quotas[first.name].value)}",
        found=[
            *(f"{quota_told(each, quotas[each.name].value)}: quota code {quotas[each.name].code}" for each in short),
            f"its job would never start; another size is the other way: {where}",
        ],
        next_command=raising(first, quotas[first.name], region, account),
    )


def quota_notes(
    needs: Sequence[QuotaNeed], quotas: Mapping[str, Quota] | None, why_unknown: str | None = None
) -> list[str]:
    """What a plan says of quotas: those that are too small, and that they are unknown where they are."""
    if quotas is None:
        return [f"quotas are unknown: {why_unknown or 'Service Quotas is not available here'}"]
    unknown = [each.name for each in needs if each.name not in quotas]
    return [
        *(f"quota too small, its job will not start: {each}" for each in short_quotas(needs, quotas)),
        *(f"quota unknown: Service Quotas does not list {name}" for name in unknown),
    ]
