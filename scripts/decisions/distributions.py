"""How numbers or labels are spread, of two sets beside each other, and how far one has moved from the other.

The measure is the population stability index (PSI) over ten classes that hold a tenth of the reference each: by
custom, below 0.1 nothing has moved, above 0.25 a person should look.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

BARS = 20
CLASSES = 10
MOST_LABELS = 20
NOTABLE, LARGE = 0.1, 0.25


@dataclass(frozen=True)
class Bar:
    """One bar of a plot: what it stands for, and the share of each set in it (None: there is no such set)."""

    label: str
    reference: float | None
    new: float


@dataclass(frozen=True)
class Distribution:
    """Bars of two sets. ``shift`` is the PSI, None where there is nothing to compare with.

    ``low`` and ``high`` are where the bars of numbers begin and end; None for labels.
    """

    name: str
    bars: tuple[Bar, ...]
    reference_count: int
    new_count: int
    shift: float | None
    low: float | None = None
    high: float | None = None

    @property
    def highest(self) -> float:
        return max((max(bar.reference or 0.0, bar.new) for bar in self.bars), default=0.0)

    def position(self, number: float | None) -> float | None:
        """Where a number is between the first bar's beginning (0) and the last one's end (1); None outside."""
        if number is None or self.low is None or self.high is None or not self.low <= number <= self.high:
            return None
        return (number - self.low) / ((self.high - self.low) or 1.0)

    @property
    def shift_in_words(self) -> str:
        if self.shift is None:
            return "nothing to compare with"
        return "large" if self.shift > LARGE else "notable" if self.shift > NOTABLE else "small"


def distribution(name: str, reference: Sequence[str], new: Sequence[str]) -> Distribution:
    """Of values as they stand in files: of numbers where all that is there are numbers, else of labels."""
    numbers = as_numbers(reference), as_numbers(new)
    if numbers[0] is not None and numbers[1] is not None:
        return of_numbers(name, numbers[0], numbers[1])
    return _of_labels(name, reference, new)


def of_numbers(name: str, reference: Sequence[float], new: Sequence[float]) -> Distribution:
    """Twenty bars of equal width over both."""
    both = [*reference, *new]
    if not both:
        return Distribution(name, (), 0, 0, None)
    low, high = min(both), max(both)
    width = (high - low) / BARS or 1.0
    edges = [low + width * index for index in range(BARS + 1)]
    before, after = _shares(reference, edges[1:-1]), _shares(new, edges[1:-1])
    bars = tuple(
        Bar(f"{start:.4g} to {end:.4g}", before[index] if reference else None, after[index])
        for index, (start, end) in enumerate(pairwise(edges))
    )
    shift = stability_index(reference, new) if reference and new else None
    return Distribution(name, bars, len(reference), len(new), shift, low, edges[-1])


def _of_labels(name: str, reference: Sequence[str], new: Sequence[str]) -> Distribution:
    before, after = Counter(reference), Counter(new)
    common = [label for label, _ in (before + after).most_common(MOST_LABELS)]
    bars = tuple(
        Bar(label, before[label] / len(reference) if reference else None, after[label] / max(len(new), 1))
        for label in sorted(common)
    )
    shift = None
    if reference and new:
        labels = sorted(before.keys() | after.keys())
        shift = psi([before[each] for each in labels], [after[each] for each in labels])
    return Distribution(name, bars, len(reference), len(new), shift)


def stability_index(reference: Sequence[float], new: Sequence[float]) -> float:
    """PSI over classes between the tenths of the reference; what is below or above all of it is in two of their own."""
    ordered = sorted(reference)
    beyond = math.nextafter(ordered[-1], math.inf)
    cuts = sorted({ordered[0], beyond, *(ordered[len(ordered) * part // CLASSES] for part in range(1, CLASSES))})
    return psi(_counts(reference, cuts), _counts(new, cuts))


def psi(reference: Sequence[float], new: Sequence[float]) -> float:
    """From counts by class. An empty class counts as half a row: the measure has no value for none."""
    before, after = sum(reference), sum(new)
    if not before or not after:
        return 0.0
    pairs = [
        (max(old, 0.5) / before, max(now, 0.5) / after) for old, now in zip(reference, new, strict=True) if old or now
    ]
    return sum((now - old) * math.log(now / old) for old, now in pairs)


def as_numbers(values: Sequence[str]) -> list[float] | None:
    """Finite numbers; empty cells are left out. None where any is something else."""
    found = []
    for value in values:
        if not value.strip():
            continue
        try:
            number = float(value)
        except ValueError:
            return None
        if math.isfinite(number):
            found.append(number)
    return found


def _shares(values: Sequence[float], cuts: Sequence[float]) -> list[float]:
    return [count / max(len(values), 1) for count in _counts(values, cuts)]


def _counts(values: Sequence[float], cuts: Sequence[float]) -> list[int]:
    counts = [0] * (len(cuts) + 1)
    for value in values:
        counts[bisect_right(cuts, value)] += 1
    return counts
