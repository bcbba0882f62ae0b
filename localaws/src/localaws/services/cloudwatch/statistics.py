"""One datapoint of many samples: sums, averages, extremes and percentiles. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?|100)")


@dataclass(frozen=True)
class Sample:
    """One value, or the summary of ``count`` of them, as PutMetricData takes it."""

    low: float
    high: float
    total: float
    count: float = 1.0


_STATISTICS: dict[str, Callable[[Sequence[Sample]], float]] = {
    "Average": lambda samples: sum(each.total for each in samples) / sum(each.count for each in samples),
    "Maximum": lambda samples: max(each.high for each in samples),
    "Minimum": lambda samples: min(each.low for each in samples),
    "SampleCount": lambda samples: sum(each.count for each in samples),
    "Sum": lambda samples: sum(each.total for each in samples),
}


def is_known(statistic: str) -> bool:
    return statistic in _STATISTICS or _PERCENTILE.fullmatch(statistic) is not None


def datapoint(samples: Sequence[Sample], statistic: str) -> float | None:
    """The statistic of the samples of one period; None where there are none, or no percentile can be had of them."""
    if not samples:
        return None
    if statistic in _STATISTICS:
        return _STATISTICS[statistic](samples)
    found = _PERCENTILE.fullmatch(statistic)
    if found is None or any(each.low != each.high for each in samples):
        return None  # a summary of different values does not say where they lie
    return _percentile(sorted(samples, key=lambda each: each.low), float(found[1]))


def _percentile(ordered: list[Sample], wanted: float) -> float:
    values = [each.low for each in ordered for _ in range(int(each.count))]
    place = (len(values) - 1) * wanted / 100
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (place - below)
