"""What all of SageMaker's List operations have in common: filters by name and time, order, pages.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListProcessingJobs.html
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any

from localaws.errors import ServiceError
from localaws.service import Request, Response

_DEFAULT_PAGE = 10
_BOUNDS = {
    "CreationTimeAfter": ("CreationTime", 1),
    "CreationTimeBefore": ("CreationTime", -1),
    "LastModifiedTimeAfter": ("LastModifiedTime", 1),
    "LastModifiedTimeBefore": ("LastModifiedTime", -1),
}


def select(records: list[dict[str, Any]], request: Request, name: str, status: str, order: str) -> list[dict[str, Any]]:
    """The records that a List request asks for, in its order.

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
    return found[::-1] if request.get("SortOrder", order) == "Descending" else found


def page(records: list[dict[str, Any]], request: Request, member: str) -> Response:
    """One page of ``records`` under ``member``, with a NextToken where more follow. A wrong token is refused."""
    start = _position(request["NextToken"]) if request.get("NextToken") else 0
    end = start + request.get("MaxResults", _DEFAULT_PAGE)
    answer: Response = {member: records[start:end]}
    if end < len(records):
        answer["NextToken"] = base64.urlsafe_b64encode(f"next:{end}".encode()).decode()
    return answer


def _position(token: str) -> int:
    try:
        kind, _, position = base64.urlsafe_b64decode(token).decode().partition(":")
        if kind == "next":
            return int(position)
    except (ValueError, binascii.Error):
        pass
    raise ServiceError("ValidationException", "Invalid NextToken.")


def _within(record: dict[str, Any], request: Request, bound: str) -> bool:
    if request.get(bound) is None:
        return True
    member, sign = _BOUNDS[bound]
    limit = request[bound]
    if isinstance(limit, int | float):
        limit = datetime.fromtimestamp(limit, UTC)
    difference = (record[member] - (limit if limit.tzinfo else limit.replace(tzinfo=UTC))).total_seconds()
    return bool(difference * sign > 0)
