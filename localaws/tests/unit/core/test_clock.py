"""The one clock: it moves forward, stays where it was left, and never where there are no dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from localaws.core.clock import Clock

DAY = 86_400


def ahead(clock: Clock) -> timedelta:
    return clock.now() - datetime.now(UTC)


def test_each_offset_is_kept_before_it_is_the_time() -> None:
    kept: list[float] = []

    def keep(seconds: float) -> None:
        assert ahead(clock) < timedelta(seconds=seconds - DAY / 2)
        kept.append(seconds)

    clock = Clock(0, keep)
    clock.advance(DAY)
    clock.advance(2 * DAY)
    assert kept == [DAY, 3 * DAY]
    assert round(ahead(Clock(kept[-1])) / timedelta(days=1)) == 3


def test_what_cannot_be_kept_is_not_the_time() -> None:
    def keep(seconds: float) -> None:
        raise OSError

    clock = Clock(0, keep)
    with pytest.raises(OSError):
        clock.advance(DAY)
    assert ahead(clock) < timedelta(hours=1)


def test_no_number_of_moves_leaves_the_calendar() -> None:
    clock = Clock()
    for _ in range(10):
        clock.advance(9 * 365 * DAY)
    with pytest.raises(ValueError, match="days ahead"):
        clock.advance(20 * 365 * DAY)
    assert 80 < ahead(clock) / timedelta(days=365) < 91
