"""Which features have moved, and what they are compared with."""

from __future__ import annotations

from typing import Any

from scripts.decisions.feature_shift import DEVIATIONS, PSI, feature_shifts

ROWS = [f"r{at},{at},{at % 3}" for at in range(30)]
MOVED = [f"r{at},{at + 25},{at % 3}" for at in range(30)]


def described(name: str, mean: float, deviation: float, buckets: list[dict[str, int]] | None = None) -> dict[str, Any]:
    distribution = {"distribution": {"kll": {"buckets": buckets}}} if buckets else {}
    return {"name": name, "numerical_statistics": {"mean": mean, "std_dev": deviation, **distribution}}


def test_training_datas_distributions_are_the_first_choice() -> None:
    buckets = [{"lower_bound": low, "upper_bound": low + 10, "count": 10} for low in (0, 10, 20)]
    small = [{"lower_bound": low, "upper_bound": low + 1, "count": 10} for low in (0, 1, 2)]
    statistics = {"features": [described("age", 14.5, 9, buckets), described("kind", 1, 1, small)]}
    found = feature_shifts(MOVED, ROWS, 1, statistics)
    assert (found.measure, found.reference.split(",")[0]) == (PSI, "the training data")
    assert [feature.name for feature in found.features] == ["age", "kind"]
    assert found.features[0].shift > 0.25
    assert found.features[1].shift == 0
    assert sum(bar.new for bar in found.features[0].plot.bars) == 1  # what is beyond the last bucket is in it


def test_mean_and_deviation_give_a_shift_in_deviations() -> None:
    statistics = {"features": [described("age", 4.5, 5.0), described("kind", 1.0, 1.0)]}
    found = feature_shifts(ROWS, [], 1, statistics)
    assert found.measure == DEVIATIONS
    assert [(each.name, each.shift) for each in found.features] == [("age", 2.0), ("kind", 0.0)]


def test_without_statistics_the_live_releases_rows_are_the_reference() -> None:
    found = feature_shifts(MOVED, ROWS, 1, None)
    assert (found.measure, [each.name for each in found.features]) == (PSI, ["column 1", "column 2"])
    assert "live release" in found.reference
    assert found.features[0].reference_mean == 14.5


def test_statistics_of_other_features_are_no_reference() -> None:
    statistics = {"features": [described("only one", 1.0, 1.0)]}
    assert "live release" in feature_shifts(MOVED, ROWS, 1, statistics).reference
    assert "nothing to compare with" in feature_shifts(MOVED, [], 1, statistics).why_none


def test_a_reason_is_told_where_there_are_no_rows() -> None:
    assert "could not be found" in feature_shifts([], ROWS, 1, None).why_none
    assert "no CSV" in feature_shifts(["a,b,c", "a,b"], ROWS, 1, None).why_none


def test_the_most_shifted_come_first_and_only_a_few_are_shown() -> None:
    wide = [",".join(["r", *(str(at * (column + 1)) for column in range(9))]) for at in range(20)]
    base = [",".join(["r", *(str(at) for _ in range(9))]) for at in range(20)]
    found = feature_shifts(wide, base, 1, None)
    shifts = [each.shift for each in found.features]
    assert found.compared == 9
    assert len(shifts) == 5 and shifts == sorted(shifts, reverse=True)
