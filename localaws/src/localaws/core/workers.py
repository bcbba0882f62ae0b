"""Threads that do what AWS does after the answer: jobs, executions, schedules.

A worker that fails says so on the log and to nobody else: whoever starts one records failures in its own documents.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class Workers:
    """Starts daemon threads and tells them to stop. ``stopping`` is set when the server goes down."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._threads: set[threading.Thread] = set()
        self._lasting: set[threading.Thread] = set()
        self._lock = threading.Lock()

    def start(self, name: str, work: Callable[[], None]) -> threading.Thread:
        """Run ``work``, which comes to an end, in a thread of its own."""
        return self._begin(name, work, self._threads)

    def start_lasting(self, name: str, work: Callable[[], None]) -> threading.Thread:
        """The same for ``work`` that watches or delivers as long as the server is there."""
        return self._begin(name, work, self._lasting)

    def at_work(self) -> list[str]:
        """The names of what a server that stops now would cut off."""
        with self._lock:
            return sorted(thread.name for thread in self._threads)

    def _begin(self, name: str, work: Callable[[], None], threads: set[threading.Thread]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except Exception:
                log.exception("worker %s failed", name)
            finally:
                with self._lock:
                    threads.discard(threading.current_thread())

        thread = threading.Thread(target=run, name=name, daemon=True)
        with self._lock:
            threads.add(thread)
        thread.start()
        return thread

    def stop(self, longest: float = 5.0) -> None:
        """Ask every worker to stop and wait up to ``longest`` seconds for all of them together."""
        self.stopping.set()
        with self._lock:
            waiting = [*self._threads, *self._lasting]
        share = longest / max(len(waiting), 1)
        for thread in waiting:
            thread.join(share)
