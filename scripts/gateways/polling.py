"""How long to wait between two looks at something that takes its time: short at first, then longer."""

from __future__ import annotations

from collections.abc import Callable

from scripts.errors import ServiceResponseError

FIRST = 0.1
LONGEST = 3.0
GROWTH = 1.4


class Pauses:
    """Growing pauses. ``sleep`` comes from outside, so that tests need not wait.

    ``limit`` is how many seconds all of them may take together; None for what may take hours.
    """

    def __init__(self, sleep: Callable[[float], None], subject: str = "", limit: float | None = None) -> None:
        self._sleep = sleep
        self._subject = subject
        self._limit = limit
        self._slept = 0.0
        self._seconds = FIRST

    def next(self, again_soon: bool = False) -> None:
        """Pause. ``again_soon``: something has just happened, so more may follow at once.

        Raises ServiceResponseError once the limit is used up.
        """
        if again_soon:
            self._seconds = FIRST
        if self._limit is not None and self._slept >= self._limit:
            raise ServiceResponseError(
                f"{self._subject} did not finish within {self._limit:.0f} s", next_command="run the same command again"
            )
        self._sleep(self._seconds)
        self._slept += self._seconds
        self._seconds = min(self._seconds * GROWTH, LONGEST)
