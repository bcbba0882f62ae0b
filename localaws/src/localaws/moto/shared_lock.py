"""A lock that many hold together, or one alone: moto's requests, and whoever needs moto to do nothing for a moment."""

from __future__ import annotations

import threading
from typing import Any


class SharedLock:
    """Many may hold it shared, one alone; who waits to be alone is let in before new sharers."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._sharers: dict[int, int] = {}
        self._alone_wanted = 0
        self._held_alone = False

    def shared(self) -> _Held:
        return _Held(self._share, self._unshare)

    def alone(self) -> _Held:
        return _Held(self._take, self._give)

    def _share(self) -> None:
        me = threading.get_ident()
        with self._condition:
            # A request that moto makes of itself is let through: its thread already holds the lock.
            while me not in self._sharers and (self._held_alone or self._alone_wanted):
                self._condition.wait()
            self._sharers[me] = self._sharers.get(me, 0) + 1

    def _unshare(self) -> None:
        me = threading.get_ident()
        with self._condition:
            self._sharers[me] -= 1
            if not self._sharers[me]:
                del self._sharers[me]
            self._condition.notify_all()

    def _take(self) -> None:
        with self._condition:
            self._alone_wanted += 1
            while self._sharers or self._held_alone:
                self._condition.wait()
            self._alone_wanted -= 1
            self._held_alone = True

    def _give(self) -> None:
        with self._condition:
            self._held_alone = False
            self._condition.notify_all()


class _Held:
    def __init__(self, enter: Any, leave: Any) -> None:
        self._enter, self._leave = enter, leave

    def __enter__(self) -> None:
        self._enter()

    def __exit__(self, *_: object) -> None:
        self._leave()
