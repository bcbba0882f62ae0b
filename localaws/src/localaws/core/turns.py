"""How many things of one kind are done at once; what comes on top waits, in the order of asking.

For work that costs the machine: jobs and builds in child processes, requests. It knows none of them, and it never
refuses anything: AWS's own quotas are checked elsewhere, before.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_ASKED_EVERY = 0.2  # seconds between two questions whether one who waits still wants to


class GivenUpError(Exception):
    """Whoever waited for a turn does not want it any more."""


class Turns:
    """At most ``at_once`` turns at the same time."""

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self._taken = 0
        self._queue: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, given_up: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Wait for a turn and hold it for the block. GivenUpError once ``given_up`` says so while it waits."""
        self._take(given_up)
        try:
            yield
        finally:
            self._give()

    def counts(self) -> dict[str, int]:
        """``{"at_once": 4, "running": 4, "waiting": 496}``."""
        with self._lock:
            return {"at_once": self.at_once, "running": self._taken, "waiting": len(self._queue)}

    def _take(self, given_up: Callable[[], bool]) -> None:
        called = threading.Event()
        with self._lock:
            if self._taken < self.at_once and not self._queue:
                self._taken += 1
                return
            self._queue.append(called)
        while not called.wait(_ASKED_EVERY):
            if given_up() and self._leave(called):
                raise GivenUpError

    def _leave(self, called: threading.Event) -> bool:
        """Whether it still stood in the queue; who was called meanwhile has its turn."""
        with self._lock:
            if called.is_set():
                return False
            self._queue.remove(called)
            return True

    def _give(self) -> None:
        with self._lock:
            if self._queue:
                self._queue.popleft().set()  # the turn goes on to the next in line
            else:
                self._taken -= 1


class Limits:
    """The turns of one embedded AWS. Builds have more than jobs and turns of their own: a build may wait for jobs."""

    def __init__(self) -> None:
        processors = os.cpu_count() or 1
        self.jobs = Turns(max(4, processors))
        self.builds = Turns(max(8, 2 * processors))
        self.requests = Turns(32)

    def counts(self) -> dict[str, dict[str, int]]:
        return {name: turns.counts() for name, turns in vars(self).items()}
