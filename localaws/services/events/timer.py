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
    from localaws.cloud import Cloud

log = logging.getLogger(__name__)

MOST_AT_ONCE = 10
_EVERY = timedelta(seconds=0.5)


class Timer:
    """Calls ``look(after, until)`` again and again; the spans follow each other without a gap."""

    def __init__(self, cloud: Cloud, name: str, look: Callable[[datetime, datetime], None]) -> None:
        self._cloud = cloud
        self._look = look
        cloud.on_start(lambda: _start(cloud, name, self._run))

    def _run(self) -> None:
        clock, stopping = self._cloud.clock, self._cloud.workers.stopping
        after = clock.now()
        while not stopping.is_set():
            clock.wait_until(clock.now() + _EVERY, stopping)
            until = clock.now()
            try:
                self._look(after, until)
            except Exception:  # one broken record must not end all schedules
                log.exception("schedules could not be looked at")
            after = until

    @staticmethod
    def due(schedule: Schedule, after: datetime, until: datetime) -> list[datetime]:
        """The due times in ``(after, until]``; of many the last ones."""
        return list(deque(due_between(schedule, after, until), MOST_AT_ONCE))


def _start(cloud: Cloud, name: str, run: Callable[[], None]) -> None:
    cloud.workers.start(f"timer-{name}", run)
