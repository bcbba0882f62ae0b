"""Looks at the clock for schedules that have come due, and only while the server runs.

What came due while no server ran is left out. When the clock jumps (tests move it), every due time it jumped over
counts, but of one schedule at most the last ``MOST_AT_ONCE``.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from localaws.services.events.schedules import Schedule, due_between

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

log = logging.getLogger(__name__)

MOST_AT_ONCE = 10
_EVERY = timedelta(seconds=0.5)
_INSTANT = timedelta(microseconds=1)


class Timer:
    """Calls ``look(after, until)`` again and again; the spans follow each other without a gap."""

    def __init__(self, cloud: Cloud, name: str, look: Callable[[datetime, datetime], None]) -> None:
        self._cloud = cloud
        self._look = look
        self._began = cloud.clock.now()
        self._seen: dict[str, datetime] = {}
        cloud.on_start(lambda: _start(cloud, name, self._run))

    def _run(self) -> None:
        clock, stopping = self._cloud.clock, self._cloud.workers.stopping
        after = self._began = clock.now()
        while not stopping.is_set():
            clock.wait_until(clock.now() + _EVERY, stopping)
            until = clock.now()
            try:
                self._look(after, until)
            except Exception:  # one broken record must not end all schedules
                log.exception("the schedules could not be read")
            after = until

    def beginning(self, key: str, since: datetime, after: datetime) -> datetime:
        """From when on the schedule ``key``, which stands since ``since``, is to be looked at: where the last look
        ended, or from its very beginning if that look came too early to see it."""
        seen = self._seen.get(key) == since
        self._seen[key] = since
        return since - _INSTANT if not seen and since >= self._began else max(after, since)

    @staticmethod
    def due(schedule: Schedule, after: datetime, until: datetime) -> list[datetime]:
        """The due times in ``(after, until]``; of many the last ones."""
        return list(deque(due_between(schedule, after, until), MOST_AT_ONCE))


def _start(cloud: Cloud, name: str, run: Callable[[], None]) -> None:
    cloud.workers.start_lasting(f"timer-{name}", run)
