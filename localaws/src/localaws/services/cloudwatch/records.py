"""The history of alarms as documents (table ``cloudwatch.alarm_history``), in the order in which it happened."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document

MOST_ITEMS = 500  # of one alarm; AWS keeps thirty days of them


class History:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._items = cloud.store.table("cloudwatch.alarm_history")

    def add(self, caller: Caller, alarm: str, kind: str, summary: str, data: dict[str, Any]) -> None:
        """``kind`` is ``StateUpdate`` or ``Action``."""
        now = self._cloud.clock.now()
        item = {
            "AlarmName": alarm,
            "AlarmType": "MetricAlarm",
            "Timestamp": now,
            "HistoryItemType": kind,
            "HistorySummary": summary,
            "HistoryData": json.dumps(data, default=str),
        }
        prefix = _prefix(caller)
        self._items.put(f"{prefix}{now.timestamp():020.6f}/{uuid.uuid4()}", item)
        kept = [key for key, each in self._items.items(prefix) if each["AlarmName"] == alarm]
        for key in sorted(kept)[:-MOST_ITEMS]:
            self._items.delete(key)

    def of(self, caller: Caller, alarm: str | None) -> list[Document]:
        """The items of an alarm, or of all, the oldest first."""
        found = sorted(self._items.items(_prefix(caller)))
        return [item for _, item in found if alarm in (None, item["AlarmName"])]


def _prefix(caller: Caller) -> str:
    return f"{caller.account}/{caller.region}/"
