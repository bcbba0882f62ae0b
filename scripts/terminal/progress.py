"""Progress of long work, on stderr: what happens, a heartbeat while nothing does, and the time each step took."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from scripts.terminal.harmless import harmless, on_one_line, steer
from scripts.terminal.heartbeat import Heartbeat
from scripts.terminal.next_commands import repeated

_GREEN, _RED, _DIM, _BOLD, _PLAIN = "\033[32m", "\033[31m", "\033[2m", "\033[1m", "\033[0m"


class Progress:
    """Says what is being done. ``times`` holds (step, seconds) of each finished step, in order."""

    def __init__(self, colour: bool | None = None) -> None:
        self.times: list[tuple[str, float]] = []
        self._colour = sys.stderr.isatty() if colour is None else colour
        self._started = time.monotonic()
        self._heartbeat: Heartbeat | None = None

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """A named step of the work, which is never silent for long; its time is kept when it ends well."""
        self._print(f"{self._paint(_BOLD, harmless(title))} ...")
        begun = time.monotonic()
        with self.awaiting(title):
            yield
        self.times.append((title, time.monotonic() - begun))

    @contextmanager
    def awaiting(self, subject: str) -> Iterator[None]:
        """Something that takes its time, within a step or without one: the heartbeat names it."""
        if self._heartbeat is None:
            with Heartbeat(subject) as heartbeat:
                self._heartbeat = heartbeat
                try:
                    yield
                finally:
                    self._heartbeat = None
        else:
            before, self._heartbeat.subject = self._heartbeat.subject, subject
            try:
                yield
            finally:
                self._heartbeat.subject = before

    def awaits(self, subject: str) -> None:
        """What is awaited now, as far as more is known than when it began."""
        if self._heartbeat is not None:
            self._heartbeat.subject = subject

    def line(self, text: str) -> None:
        # A reason of AWS's may have several lines.
        self._print("\n    ".join(f"  {harmless(repeated(text, None))}".splitlines()))

    def event(self, subject: str, status: str, note: str = "") -> None:
        """Something whose status has changed: a stack's resource, a pipeline's step."""
        bad = is_bad(status)
        good = status.endswith("COMPLETE") or status in ("Succeeded", "Completed")
        shown = self._paint(_RED if bad else _GREEN if good else _DIM, f"{on_one_line(status):<28}")
        self._print(
            f"  {self._elapsed()} {shown} {on_one_line(subject)}"
            + (f"   {harmless(' | '.join(note.splitlines()))}" if note else "")
        )

    @property
    def total(self) -> float:
        return time.monotonic() - self._started

    def _elapsed(self) -> str:
        return self._paint(_DIM, f"{self.total:6.1f}s")

    def _paint(self, colour: str, text: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self._colour else text

    def _print(self, text: str) -> None:
        if self._heartbeat is None:
            steer(sys.stderr, f"{text}\n")
            sys.stderr.flush()
        else:
            self._heartbeat.line(text)


class BriefProgress(Progress):
    """Of what happens only what goes wrong. For work that stands before the work."""

    def event(self, subject: str, status: str, note: str = "") -> None:
        if is_bad(status):
            super().event(subject, status, note)


def is_bad(status: str) -> bool:
    return any(word in status.upper() for word in ("FAIL", "ROLLBACK", "STOPPED"))
