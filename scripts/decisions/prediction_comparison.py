"""The new release's predictions beside the live one's on the same rows, as the verifying stage has both.

Rows are of the same record where their record ids agree, and of the same input where their features do too. Where
nothing can be compared, the reason is told: an empty table would look like agreement.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from scripts.decisions.distributions import Distribution, as_numbers, distribution
from scripts.decisions.prediction_columns import prediction_of

SHOWN = 10
_DROPPED_COLUMNS = re.compile(r"\$\[([1-9]\d*):\]")


@dataclass(frozen=True)
class Scored:
    """Rows that one execution wrote, and how: ``input_filter`` and ``join_source`` of its transform job.

    ``input_columns`` is how many columns of a row are its input, the record id among them.
    """

    lines: tuple[str, ...]
    prediction: int | str
    input_filter: str
    join_source: str
    input_columns: int

    @property
    def columns_before_features(self) -> int:
        return columns_before_features(self.input_filter)

    @property
    def has_record_ids(self) -> bool:
        """The record id is what the model does not see and the output carries all the same."""
        return self.join_source == "Input" and self.columns_before_features > 0 and isinstance(self.prediction, int)

    def predictions(self) -> list[str]:
        found = (prediction_of(line, self.prediction) for line in self.lines)
        return [each for each in found if each is not None]


@dataclass(frozen=True)
class SampleRow:
    """One record's predictions. ``same_input``: whether both were made from the same features."""

    record_id: str
    live: str
    new: str
    same_input: bool

    @property
    def difference(self) -> float | None:
        numbers = as_numbers([self.live, self.new])
        return numbers[1] - numbers[0] if numbers and len(numbers) == len((self.live, self.new)) else None


@dataclass(frozen=True)
class PredictionComparison:
    """``rows`` are those that differ most, largest first. ``why_none`` says why there are none."""

    rows: tuple[SampleRow, ...]
    compared: int
    differing: int
    other_inputs: int
    scores: Distribution | None
    why_none: str


def compare_predictions(live: Scored | None, new: Scored | None, why_not_live: str = "") -> PredictionComparison:
    """``why_not_live`` says why there are no predictions of the live release."""
    if new is None:
        return PredictionComparison((), 0, 0, 0, None, "the verification of this release left no predictions to read")
    scores = distribution("predictions", live.predictions() if live else [], new.predictions())
    shown = scores if scores.bars else None
    if live is None:
        return PredictionComparison((), 0, 0, 0, shown, why_not_live)
    if not (live.has_record_ids and new.has_record_ids):
        reason = (
            "the predictions carry no record id: join_source is not Input, or input_filter drops no first column "
            "(see transform in the settings)"
        )
        return PredictionComparison((), 0, 0, 0, shown, reason)
    rows = _joined(live, new)
    if not rows:
        return PredictionComparison((), 0, 0, 0, shown, "the sampled rows of the two releases share no record id")
    differing = [row for row in rows if row.live != row.new]
    ordered = sorted(rows, key=lambda row: (-abs(row.difference or 0.0), row.live == row.new, row.record_id))
    others = sum(not row.same_input for row in rows)
    return PredictionComparison(tuple(ordered[:SHOWN]), len(rows), len(differing), others, shown, "")


def columns_before_features(input_filter: str) -> int:
    """How many first columns a filter such as ``$[1:]`` keeps from the model; 0 for any other filter."""
    match = _DROPPED_COLUMNS.fullmatch(input_filter)
    return int(match[1]) if match else 0


def _joined(live: Scored, new: Scored) -> list[SampleRow]:
    before, after = _by_record(live), _by_record(new)
    return [
        SampleRow(record, before[record][0], prediction, before[record][1] == rest)
        for record, (prediction, rest) in after.items()
        if record in before
    ]


def _by_record(scored: Scored) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Record id -> its prediction and its features. A record that is there twice is left out: which is it?"""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    twice: set[str] = set()
    assert isinstance(scored.prediction, int)
    for cells in _rows(scored.lines):
        where = scored.prediction if scored.prediction >= 0 else len(cells) + scored.prediction
        if 0 < where < len(cells):
            twice |= {cells[0]} & found.keys()
            found[cells[0]] = (cells[where].strip(), tuple(cells[1 : scored.input_columns]))
    return {record: values for record, values in found.items() if record not in twice}


def _rows(lines: Sequence[str]) -> list[list[str]]:
    return [row for row in csv.reader(lines) if row]
