"""The AWS envelope of an event: what rules match and targets receive. Pure but for the event's id.

https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any


def envelope(
    account: str,
    region: str,
    source: str,
    detail_type: str,
    detail: dict[str, Any],
    time: datetime,
    resources: list[str],
) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": written(time),
        "region": region,
        "resources": resources,
        "detail": detail,
    }


def written(moment: datetime) -> str:
    """A time as events write it: UTC, whole seconds, ``Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def aware(moment: datetime) -> datetime:
    """A time of a request: the parsers leave out that it is in UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
