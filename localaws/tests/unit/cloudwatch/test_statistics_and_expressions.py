"""Samples to a datapoint, and metric math over datapoints."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.services.cloudwatch.expressions import ExpressionError, ids_of, value_of
from localaws.services.cloudwatch.statistics import Sample, datapoint, is_known


def _samples(*values: float) -> list[Sample]:
    return [Sample(value, value, value) for value in values]


@pytest.mark.parametrize(
    ("statistic", "value"),
    [("Sum", 10), ("Average", 2.5), ("Minimum", 1), ("Maximum", 4), ("SampleCount", 4), ("p50", 2.5), ("p100", 4)],
)
def test_statistics_of_values(statistic: str, value: float) -> None:
    assert datapoint(_samples(4, 1, 3, 2), statistic) == value
    assert datapoint([], statistic) is None


def test_a_summary_counts_as_what_it_sums_up_and_has_no_percentile() -> None:
    summary = Sample(low=1, high=9, total=20, count=4)
    assert datapoint([summary, *_samples(0)], "Average") == 4
    assert datapoint([summary], "p90") is None
    assert not is_known("tm90") and not is_known("p101")


@given(st.lists(st.floats(-100, 100), min_size=1), st.integers(0, 100))
def test_a_percentile_lies_between_the_extremes(values: list[float], wanted: int) -> None:
    found = datapoint(_samples(*values), f"p{wanted}")
    assert found is not None
    assert min(values) - 1e-9 <= found <= max(values) + 1e-9


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("m1", 6),
        ("100*(m2/m1)", 50),
        ("m1 - -m2", 9),
        ("m1 + FILL(m3, 1)", 7),
        ("m1 + m3", None),
        ("m1 / (m2 - 3)", None),
    ],
)
def test_expressions(expression: str, value: float | None) -> None:
    assert value_of(expression, {"m1": 6, "m2": 3, "m3": None}) == value


@pytest.mark.parametrize(
    ("expression", "word"),
    [
        ("SEARCH('x', 'Sum', 300)", "SEARCH"),
        ("METRICS()", "METRICS"),
        ("ANOMALY_DETECTION_BAND(m1)", "ANOMALY_DETECTION_BAND"),
        ("m1 > 3", "m1 > 3"),
        ("m1 **", "no expression"),
        ("__import__('os')", "__import__"),
        ("m1.x", "m1.x"),
    ],
)
def test_what_is_not_here_is_refused_by_name(expression: str, word: str) -> None:
    with pytest.raises(ExpressionError) as error:
        ids_of(expression)
    assert word in str(error.value)


@given(st.text(max_size=30))
def test_any_text_is_an_expression_or_a_refusal(text: str) -> None:
    try:
        ids = ids_of(text)
    except ExpressionError:
        return
    value_of(text, dict.fromkeys(ids, 1.0))
