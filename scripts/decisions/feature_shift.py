"""Which features the scored rows have elsewhere than the reference: what the model was trained on, or the live rows.

The model package's data quality statistics (Model Monitor's format) are the better reference, where they hold
distributions; with mean and deviation alone the shift is in standard deviations; without either, the rows that the
live release scored are.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from scripts.decisions.distributions import Bar, Distribution, as_numbers, distribution, of_numbers, psi

SHOWN = 5
PSI = "population stability index (PSI)"
DEVIATIONS = "difference of the means, in standard deviations of the training data"


@dataclass(frozen=True)
class Feature:
    """One feature: how far it has moved (by the comparison's measure), and its plot."""

    name: str
    shift: float
    reference_mean: float | None
    new_mean: float | None
    plot: Distribution


@dataclass(frozen=True)
class FeatureShifts:
    """The most shifted features, most first. ``why_none`` says why there are none."""

    features: tuple[Feature, ...]
    compared: int
    measure: str
    reference: str
    why_none: str


def feature_shifts(
    new: Sequence[str],
    live: Sequence[str],
    first: int,
    statistics: Mapping[str, Any] | None,
    schema_names: Sequence[str] = (),
) -> FeatureShifts:
    """``new`` and ``live`` are lines of preprocessed rows; features begin at column ``first``.

    ``schema_names`` are those of the pipeline's schema; without one, the statistics' names, or the columns' numbers.
    """
    columns, before = _columns(new, first), _columns(live, first)
    if not columns:
        return _none("the verifying execution's preprocessed rows could not be found, or are no CSV")
    described: list[Mapping[str, Any]] = list((statistics or {}).get("features", []))
    fits = len(described) == len(columns)
    names = [f"column {first + at}" for at in range(len(columns))]
    if len(schema_names) == len(columns):
        names = list(schema_names)
    elif fits:
        names = [str(each.get("name")) for each in described]
    if fits and all(_buckets(each) for each in described):
        found = [_by_buckets(*each) for each in zip(names, described, columns, strict=True)]
        return _ranked(found, PSI, "the training data, by the model package's statistics")
    if fits and any(_moments(each) for each in described):
        found = [_by_moments(*each) for each in zip(names, described, columns, strict=True)]
        return _ranked(found, DEVIATIONS, "the training data, by the model package's statistics")
    if len(before) == len(columns):
        found = [_by_rows(*each) for each in zip(names, before, columns, strict=True)]
        return _ranked(found, PSI, "the rows that the live release scored when it was verified")
    return _none(
        "there is nothing to compare with: the model package has no data quality statistics of these "
        f"{len(columns)} features, and there are no such rows of the live release"
    )


def _none(reason: str) -> FeatureShifts:
    return FeatureShifts((), 0, "", "", reason)


def _ranked(found: Sequence[Feature | None], measure: str, reference: str) -> FeatureShifts:
    comparable = [each for each in found if each is not None]
    if not comparable:
        return _none("no feature of the sample can be compared with its reference")
    ordered = sorted(comparable, key=lambda each: (-each.shift, each.name))
    return FeatureShifts(tuple(ordered[:SHOWN]), len(comparable), measure, reference, "")


def _columns(lines: Sequence[str], first: int) -> list[list[str]]:
    rows = [row[first:] for row in csv.reader(lines) if len(row) > first]
    if not rows or len({len(row) for row in rows}) > 1:
        return []
    return [list(column) for column in zip(*rows, strict=True)]


def _moments(described: Mapping[str, Any]) -> tuple[float, float] | None:
    statistics = described.get("numerical_statistics") or {}
    mean, deviation = (statistics.get(name) for name in ("mean", "std_dev"))
    return (mean, deviation) if _is_number(mean) and _is_number(deviation) and deviation > 0 else None


def _buckets(described: Mapping[str, Any]) -> list[tuple[float, float, float]]:
    """(lower bound, upper bound, count) of Model Monitor's KLL sketch."""
    statistics = described.get("numerical_statistics") or {}
    buckets = ((statistics.get("distribution") or {}).get("kll") or {}).get("buckets") or []
    found = [(each.get("lower_bound"), each.get("upper_bound"), each.get("count")) for each in buckets]
    return found if all(_is_number(value) for each in found for value in each) else []


def _by_buckets(name: str, described: Mapping[str, Any], values: Sequence[str]) -> Feature | None:
    numbers, buckets = as_numbers(values), _buckets(described)
    if not numbers:
        return None
    counts = [sum(low <= number < high for number in numbers) for low, high, _ in buckets]
    counts[0] += sum(number < buckets[0][0] for number in numbers)  # what training never saw is in the outer ones
    counts[-1] += sum(number >= buckets[-1][1] for number in numbers)
    total = sum(count for _, _, count in buckets) or 1.0
    bars = tuple(
        Bar(f"{low:.4g} to {high:.4g}", count / total, now / len(numbers))
        for (low, high, count), now in zip(buckets, counts, strict=True)
    )
    shift = psi([count for _, _, count in buckets], counts)
    moments = _moments(described)
    plot = Distribution(name, bars, int(total), len(numbers), shift)
    return Feature(name, shift, moments[0] if moments else None, _mean(numbers), plot)


def _by_moments(name: str, described: Mapping[str, Any], values: Sequence[str]) -> Feature | None:
    numbers, moments = as_numbers(values), _moments(described)
    if not numbers or moments is None:
        return None
    shift = abs(_mean(numbers) - moments[0]) / moments[1]
    return Feature(name, shift, moments[0], _mean(numbers), of_numbers(name, [], numbers))


def _by_rows(name: str, live: Sequence[str], new: Sequence[str]) -> Feature | None:
    plot = distribution(name, live, new)
    if plot.shift is None:
        return None
    before, after = as_numbers(live), as_numbers(new)
    return Feature(name, plot.shift, _mean(before) if before else None, _mean(after) if after else None, plot)


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
