"""Pauses grow, start small again when something happens, and end where there is a limit."""

from __future__ import annotations

import pytest

from scripts.errors import ServiceResponseError
from scripts.gateways.polling import FIRST, LONGEST, Pauses


def test_pauses_grow_up_to_the_longest() -> None:
    slept: list[float] = []
    pauses = Pauses(slept.append)
    for _ in range(30):
        pauses.next()
    assert slept[0] == FIRST
    assert slept == sorted(slept)
    assert slept[-1] == LONGEST


def test_after_news_the_next_look_is_soon() -> None:
    slept: list[float] = []
    pauses = Pauses(slept.append)
    for _ in range(10):
        pauses.next()
    pauses.next(again_soon=True)
    assert slept[-1] == FIRST


def test_a_limit_ends_the_waiting_with_what_was_waited_for() -> None:
    slept: list[float] = []
    pauses = Pauses(slept.append, "deleting change set x", 10.0)
    with pytest.raises(ServiceResponseError, match="deleting change set x did not finish within 10 s"):
        while True:
            pauses.next()
    assert sum(slept) < 10 + LONGEST
