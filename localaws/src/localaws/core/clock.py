"""The time of the embedded AWS: the wall clock plus an offset that tests can move forward.

Schedules, approval timeouts and credential expiry read this clock; nothing in localaws reads another one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_LONGEST = timedelta(days=100 * 365.25)  # years that are no dates any more would break every answer


class Clock:
    """Wall clock with an offset. ``advance`` moves it forward and wakes whoever waits for a later time.

    ``offset``, in seconds, is where a former server left it; ``keep`` is told each new one before it is the time.
    """

    def __init__(self, offset: float = 0, keep: Callable[[float], None] = lambda _: None) -> None:
        self._offset = timedelta(seconds=offset)
        self._keep = keep
        self._moved = threading.Condition()

    def now(self) -> datetime:
        """The current time, in UTC and aware of it."""
        return datetime.now(UTC) + self._offset

    def advance(self, seconds: float) -> datetime:
        """Move the clock forward by ``seconds`` (at least 0) and return the new time. ValueError beyond a century."""
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        with self._moved:
            offset = self._offset + timedelta(seconds=seconds)
            if offset > _LONGEST:
                raise ValueError(f"the clock would be {offset.days} days ahead, and {_LONGEST.days} are the most")
            self._keep(offset.total_seconds())
            self._offset = offset
            self._moved.notify_all()
        return self.now()

    def wait_until(self, moment: datetime, stop: threading.Event, longest: float = 1.0) -> None:
        """Block until ``moment``, until ``stop`` is set, or for ``longest`` wall seconds, whichever comes first.

        Callers loop: they look again at what is due after every return.
        """
        deadline = time.monotonic() + longest
        with self._moved:
            while not stop.is_set():
                remaining = min((moment - self.now()).total_seconds(), deadline - time.monotonic(), 0.25)
                if remaining <= 0:
                    if moment <= self.now() or time.monotonic() >= deadline:
                        return
                    continue
                self._moved.wait(remaining)
