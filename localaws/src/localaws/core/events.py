"""What services announce: AWS's events, handed to EventBridge in the order in which they happened.

https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Event:
    """One event as a service emits it; EventBridge adds the rest of the envelope."""

    account: str
    region: str
    source: str
    detail_type: str
    detail: dict[str, Any]
    time: datetime
    resources: list[str] = field(default_factory=list)


Listener = Callable[[Event], None]
