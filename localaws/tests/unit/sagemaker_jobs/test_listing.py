"""Which records a List operation answers, and in which order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from localaws.services.sagemaker.listing import select

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
RECORDS = [
    {"Name": name, "Status": status, "CreationTime": NOON + timedelta(hours=hour), "LastModifiedTime": NOON}
    for name, status, hour in (("daily-b", "Completed", 0), ("daily-a", "Failed", 1), ("Weekly", "Completed", 2))
]


def names(request: dict[str, Any], order: str = "Ascending") -> list[str]:
    return [name for name, _ in select(RECORDS, request, "Name", "Status", order)]


@pytest.mark.parametrize(
    ("request_of", "expected"),
    [
        ({}, ["daily-b", "daily-a", "Weekly"]),
        ({"SortOrder": "Descending"}, ["Weekly", "daily-a", "daily-b"]),
        ({"SortBy": "Name"}, ["Weekly", "daily-a", "daily-b"]),
        ({"SortBy": "Status"}, ["Weekly", "daily-b", "daily-a"]),
        ({"NameContains": "DAILY"}, ["daily-b", "daily-a"]),
        ({"StatusEquals": "Failed"}, ["daily-a"]),
        ({"CreationTimeAfter": NOON}, ["daily-a", "Weekly"]),
        ({"CreationTimeBefore": NOON.replace(tzinfo=None) + timedelta(hours=1)}, ["daily-b"]),
        ({"LastModifiedTimeAfter": (NOON - timedelta(1)).timestamp()}, ["daily-b", "daily-a", "Weekly"]),
        ({"LastModifiedTimeBefore": NOON}, []),
    ],
)
def test_a_request_selects_and_orders(request_of: dict[str, Any], expected: list[str]) -> None:
    assert names(request_of) == expected


def test_the_operations_own_order_holds_where_none_is_asked() -> None:
    assert names({}, "Descending") == ["Weekly", "daily-a", "daily-b"]
