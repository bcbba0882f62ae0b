"""How long to wait between two looks at something that takes its time: short at first, then longer."""

from __future__ import annotations

from collections.abc import Callable

FIRST = 0.1
LONGEST = 3.0
GROWTH = 1.4


class Pauses:
    """Growing pauses. ``sleep`` comes from outside, so that tests need not wait."""

    def __init__(self, sleep: Callable[[float], None], longest: float = LONGEST) -> None:
        self._sleep = sleep
        self._longest = longest
        self._seconds = FIRST

    def next(self, again_soon: bool = False) -> None:
        """Pause. ``again_soon``: something has just happened, so more may follow at once."""
        if again_soon:
            self._seconds = FIRST
        self._sleep(self._seconds)
        self._seconds = min(self._seconds * GROWTH, self._longest)
