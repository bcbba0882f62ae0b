"""Breaks silences: while something is awaited, says every few seconds how long it has taken and what it waits for.

On a terminal one line is drawn again in place; elsewhere, as in a build's log, a line is added whenever nothing else
was said for ``SILENCE`` seconds. It watches the clock alone, and asks nobody how the work stands. It uses the standard
library alone, since the installer beats before anything is installed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType

from scripts.terminal.harmless import harmless, on_one_line, steer

SILENCE = 9.0  # and PULSE: nobody waits longer than 10 s for a word
PULSE = 0.5
PULSE_ON_TERMINAL = 0.2
_FRAMES = "|/-\\"
_ERASE = "\r\033[K"
_beating = []  # type: list[Heartbeat]  # of several around one another the innermost alone is seen


class Heartbeat:
    """Beats while its ``with`` block lasts. ``subject`` is what is waited for, and may be changed meanwhile."""

    def __init__(
        self, subject: str, clock: Callable[[], float] = time.monotonic, on_terminal: bool | None = None
    ) -> None:
        self.subject = subject
        self._clock = clock
        self._on_terminal = _is_terminal() if on_terminal is None else on_terminal
        self._begun = self._heard = clock()
        self._drawn = 0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Heartbeat:
        self._begun = self._heard = self._clock()
        for outer in _beating[-1:]:
            outer.line()
        _beating.append(self)
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        self.line()
        _beating.remove(self)
        for outer in _beating[-1:]:
            outer.heard()

    def line(self, text: str | None = None) -> None:
        """Say something on stderr, which breaks the silence too; without a text, only take the drawn line away.

        ``text`` may be painted: what others wrote in it has been made harmless.
        """
        with self._lock:
            self._erase()
            if text is not None:
                self._say(text)

    def heard(self) -> None:
        """Somebody else has said something."""
        with self._lock:
            self._heard = self._clock()

    def pulse(self) -> None:
        """Look at the clock, and break a silence that has lasted too long."""
        with self._lock:
            if _beating and _beating[-1] is not self:
                return
            if self._on_terminal:
                self._draw()
            elif self._clock() - self._heard >= SILENCE:
                self._say(f"  {harmless(self._text())}")

    def _beat(self) -> None:
        # A stream that is gone is told by whoever prints a result; no heartbeat ends a command.
        with contextlib.suppress(OSError, ValueError):
            while not self._ended.wait(PULSE_ON_TERMINAL if self._on_terminal else PULSE):
                self.pulse()

    def _text(self) -> str:
        return f"{self._clock() - self._begun:6.1f}s still waiting for {self.subject}"

    def _say(self, text: str) -> None:
        steer(sys.stderr, f"{text}\n")
        sys.stderr.flush()
        self._heard = self._clock()

    def _draw(self) -> None:
        self._drawn += 1
        width = shutil.get_terminal_size().columns - 1
        text = f"{_FRAMES[self._drawn % len(_FRAMES)]} {on_one_line(self._text())}"[:width]
        steer(sys.stderr, f"{_ERASE}{text}\r")
        sys.stderr.flush()

    def _erase(self) -> None:
        if self._drawn:
            self._drawn = 0
            steer(sys.stderr, _ERASE)
            sys.stderr.flush()


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Nothing beats while a person is asked and thinks."""
    thinking = Heartbeat("an answer")
    _beating.append(thinking)
    try:
        yield
    finally:
        _beating.remove(thinking)
        for outer in _beating[-1:]:
            outer.heard()


def _is_terminal() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
