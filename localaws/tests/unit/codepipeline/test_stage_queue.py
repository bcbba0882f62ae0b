"""Who enters a stage, who waits, who is superseded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.services.codepipeline.stage_queue import Decision, Waiting, decide

A, B, C = Waiting("a", 1), Waiting("b", 2), Waiting("c", 3)
WAITING = st.lists(st.integers(0, 20), unique=True, max_size=6).map(lambda n: [Waiting(str(i), i) for i in n])


@pytest.mark.aws_rule(
    "In mode QUEUED executions enter a stage one at a time and in their order",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html",
)
def test_queued_executions_enter_in_their_order() -> None:
    assert decide("QUEUED", [C, A, B], occupied=False, enabled=True) == Decision(("a",))


@pytest.mark.aws_rule(
    "In mode SUPERSEDED a newer execution takes the place of one that waits before the same stage",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html",
)
def test_the_newest_supersedes_those_that_wait() -> None:
    assert decide("SUPERSEDED", [A, C, B], occupied=True, enabled=True) == Decision((), ("a", "b"))
    assert decide("SUPERSEDED", [A, C, B], occupied=False, enabled=True) == Decision(("c",), ("a", "b"))


def test_parallel_executions_all_enter() -> None:
    assert decide("PARALLEL", [A, B], occupied=True, enabled=True) == Decision(("a", "b"))


def test_a_rollback_goes_first_even_through_a_closed_transition() -> None:
    rollback = Waiting("r", 9, rollback=True)
    assert decide("QUEUED", [A, rollback], occupied=False, enabled=False) == Decision(("r",))


@pytest.mark.aws_rule(
    "A stage runs one execution at a time, but in mode PARALLEL",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html",
)
@given(st.sampled_from(["QUEUED", "SUPERSEDED"]), WAITING, st.booleans(), st.booleans())
def test_a_stage_never_has_two(mode: str, waiting: list[Waiting], occupied: bool, enabled: bool) -> None:
    decision = decide(mode, waiting, occupied, enabled)
    assert len(decision.enter) <= (0 if occupied or not enabled else 1)
    assert not set(decision.enter) & set(decision.superseded)


@given(WAITING)
def test_queueing_loses_nobody(waiting: list[Waiting]) -> None:
    assert decide("QUEUED", waiting, occupied=False, enabled=True).superseded == ()
