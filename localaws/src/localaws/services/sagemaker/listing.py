"""What SageMaker's List operations have in common: filters by name, status and time, order, and pages. Pure.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListProcessingJobs.html
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from localaws.core.pages import Pages
from localaws.core.service import Request, Response

_PAGES = Pages("ValidationException", "Invalid NextToken: it was not given by this operation.", usual=10)
_BOUNDS = {
    "CreationTimeAfter": ("CreationTime", 1),
    "CreationTimeBefore": ("CreationTime", -1),
    "LastModifiedTimeAfter": ("LastModifiedTime", 1),
    "LastModifiedTimeBefore": ("LastModifiedTime", -1),
}


def select(
    records: list[dict[str, Any]], request: Request, name: str, status: str, order: str
) -> list[tuple[str, dict[str, Any]]]:
    """(name, record) of those that a List request asks for, in its order.

    ``name`` and ``status`` are the members that NameContains, SortBy and StatusEquals mean; ``order`` is the
    operation's default SortOrder. Records carry CreationTime and, where the request may ask, LastModifiedTime.
    """
    found = [
        record
        for record in records
        if request.get("NameContains", "").lower() in record[name].lower()
        and request.get("StatusEquals", record.get(status)) == record.get(status)
        and all(_within(record, request, bound) for bound in _BOUNDS)
    ]
    sort_by = {"Name": name, "Status": status}.get(request.get("SortBy", ""), "CreationTime")
    found.sort(key=lambda record: (record[sort_by], record[name]))
    if request.get("SortOrder", order) == "Descending":
        found.reverse()
    return [(record[name], record) for record in found]


def page(items: Sequence[tuple[str, Any]], request: Request, member: str, usual: int | None = None) -> Response:
    """The response ``{member: [...], "NextToken": ...}`` for (key, item) pairs, which are already in order."""
    shown, more = _PAGES.of(items, request, lambda item: item[0], usual)
    return {member: [item for _, item in shown], **more}


def instant(value: datetime | float) -> datetime:
    """A request's time, which the parser leaves as a number or without its zone, as the records' times are."""
    moment = datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def bounds(request: Request, after: str, before: str) -> tuple[datetime | None, datetime | None]:
    """The two times that a request sets, by the names of its members."""
    first, last = request.get(after), request.get(before)
    return None if first is None else instant(first), None if last is None else instant(last)


def _within(record: dict[str, Any], request: Request, bound: str) -> bool:
    if request.get(bound) is None:
        return True
    member, sign = _BOUNDS[bound]
    limit = instant(request[bound])
    return bool((record[member] - limit).total_seconds() * sign > 0)
