import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localaws.core.turns import GivenUpError, Turns


@settings(max_examples=20)
@given(st.integers(1, 5), st.integers(1, 30))
def test_no_more_than_the_limit_hold_a_turn_and_everyone_gets_one(limit: int, workers: int) -> None:
    turns = Turns(limit)
    lock = threading.Lock()
    holding, most, done = 0, 0, 0

    def work() -> None:
        nonlocal holding, most, done
        with turns.turn():
            with lock:
                holding += 1
                most = max(most, holding)
            with lock:
                holding -= 1
                done += 1

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (most <= limit, done) == (True, workers)
    assert turns.counts() == {"at_once": limit, "running": 0, "waiting": 0}


def test_turns_are_given_in_the_order_of_asking() -> None:
    turns = Turns(1)
    order: list[int] = []

    def work(number: int) -> None:
        with turns.turn():
            order.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    with turns.turn():
        for number, thread in enumerate(threads):
            thread.start()
            while turns.counts()["waiting"] <= number:
                pass
    for thread in threads:
        thread.join(10)
    assert order == [0, 1, 2, 3, 4]


def test_who_gives_up_leaves_the_queue_and_takes_no_turn() -> None:
    turns = Turns(1)
    with turns.turn():
        with pytest.raises(GivenUpError), turns.turn(given_up=lambda: True):
            raise AssertionError("nobody has given the turn back")
        assert turns.counts() == {"at_once": 1, "running": 1, "waiting": 0}
    with turns.turn():
        pass


def test_a_turn_is_given_back_whatever_happens_in_it() -> None:
    turns = Turns(1)
    with pytest.raises(ZeroDivisionError), turns.turn():
        raise ZeroDivisionError
    assert turns.counts()["running"] == 0
