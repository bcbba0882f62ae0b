"""How far an upload has come: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

WORTH_A_LINE = 64 * 1024**2
LINES = 10


@contextmanager
def transfer(title: str, size: int) -> Iterator[Callable[[int], None]]:
    """Gives what is to be called with each number of bytes that were sent, from any thread."""
    if sys.stderr.isatty():
        columns = (TextColumn("  {task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(title, total=size)
            yield lambda count: bar.advance(task, count)
    else:
        yield _Lines(title, size).add


class _Lines:
    def __init__(self, title: str, size: int) -> None:
        self._title, self._size = title, size
        self._sent = self._told = 0
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        with self._lock:
            self._sent += count
            tenth = self._sent * LINES // max(self._size, 1)
            if self._size >= WORTH_A_LINE and tenth > self._told:
                self._told = tenth
                print(f"  {self._title}: {self._sent:,} of {self._size:,} bytes", file=sys.stderr, flush=True)
