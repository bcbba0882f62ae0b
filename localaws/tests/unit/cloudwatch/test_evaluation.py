"""From datapoints to a state, by the tables of CloudWatch's guide."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.services.cloudwatch.evaluation import ALARM, BEYOND, INSUFFICIENT_DATA, OK, Rule, reason_of, state_of

KEPT = None
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def _rule(needed: int, missing: str, periods: int = 3) -> Rule:
    return Rule("GreaterThanOrEqualToThreshold", 1, periods, needed, missing)


def _points(drawn: str) -> list[float | None]:
    """The guide's drawing, the oldest first: X breaches, 0 does not, - is missing."""
    return [{"X": 1.0, "0": 0.0, "-": None}[each] for each in drawn.split()][::-1]


@pytest.mark.aws_rule(
    "An alarm's state follows from the datapoints that are there, M out of N, and from what missing ones count as",
    page="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html",
)
@pytest.mark.parametrize(
    ("drawn", "needed", "states"),
    [
        ("0 - X - X", 3, (OK, OK, OK, OK)),
        ("- - - - 0", 3, (OK, OK, OK, OK)),
        ("- - - - -", 3, (INSUFFICIENT_DATA, KEPT, ALARM, OK)),
        ("0 X X - X", 3, (ALARM, ALARM, ALARM, ALARM)),
        ("- - X - -", 3, (ALARM, KEPT, ALARM, OK)),
        ("0 - X - X", 2, (ALARM, ALARM, ALARM, ALARM)),
        ("0 0 X 0 X", 2, (ALARM, ALARM, ALARM, ALARM)),
        ("0 - X - -", 2, (OK, OK, ALARM, OK)),
        ("- - - - 0", 2, (OK, OK, ALARM, OK)),
        ("- - - X -", 2, (ALARM, KEPT, ALARM, OK)),
    ],
)
def test_the_guides_examples(drawn: str, needed: int, states: tuple[str | None, ...]) -> None:
    found = tuple(state_of(_rule(needed, missing), _points(drawn)) for missing in TREATMENTS)
    assert found == states


def test_silence_of_a_day_is_an_alarm_where_it_is_breaching() -> None:
    rule = Rule("LessThanThreshold", 1, 26, 26, "breaching")
    quiet: list[float | None] = [None] * 28
    assert state_of(rule, quiet) == ALARM
    assert reason_of(rule, ALARM, quiet) == (
        "Threshold Crossed: no datapoints were received for 26 periods and 26 missing datapoints were treated as "
        "[Breaching]."
    )
    assert state_of(rule, [*quiet[:-1], 1.0]) == OK


@pytest.mark.parametrize(
    ("comparison", "value", "breaches"),
    [
        ("GreaterThanOrEqualToThreshold", 1, True),
        ("GreaterThanThreshold", 1, False),
        ("LessThanOrEqualToThreshold", 1, True),
        ("LessThanThreshold", 1, False),
        ("LessThanThreshold", 0, True),
    ],
)
def test_comparisons(comparison: str, value: float, breaches: bool) -> None:
    assert Rule(comparison, 1, 1, 1, "missing").breaches(value) is breaches


@given(
    st.integers(1, 4).flatmap(
        lambda n: st.tuples(st.just(n), st.lists(st.floats(0, 2), min_size=n + 2, max_size=n + 2))
    )
)
def test_where_nothing_is_missing_the_treatment_does_not_matter(drawn: tuple[int, list[float]]) -> None:
    periods, values = drawn
    assert len(values) == periods + BEYOND
    assert len({state_of(_rule(periods, missing, periods), values) for missing in TREATMENTS}) == 1


def test_a_reason_tells_the_datapoints_and_the_threshold() -> None:
    assert reason_of(_rule(1, "missing", 1), ALARM, [2.0, None, None]) == (
        "Threshold Crossed: 1 out of the last 1 datapoint [2.0] was greater than or equal to the threshold (1.0) "
        "(minimum 1 datapoint for OK -> ALARM transition)."
    )
    assert "was not greater than" in reason_of(_rule(1, "missing", 1), OK, [0.0])
    assert reason_of(_rule(3, "missing"), INSUFFICIENT_DATA, [None]) == "Insufficient Data: 3 datapoints were unknown."
