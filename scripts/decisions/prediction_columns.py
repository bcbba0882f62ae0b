"""The predictions in an output row: where each is, what it may be, and what a sample of them comes to.

A row is the text of one record. A column is a position in a CSV row, or a path of JSON members. Where a column's type
compares numbers, whatever is no finite number within its bounds is invalid; a class is invalid where it is empty or,
with labels, another one.
"""

from __future__ import annotations

import csv
import json
import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from scripts.decisions.record_schema import RecordSchema
from scripts.decisions.stage_settings import Verification

MOST_CLASSES = 20
OTHER_CLASSES = "(others)"
ColumnType = Literal["number", "probability", "class"]


@dataclass(frozen=True)
class PredictionColumn:
    """One prediction of every output row."""

    name: str
    position: int | str
    type: ColumnType = "number"
    minimum: float | None = None
    maximum: float | None = None
    labels: tuple[str, ...] = ()

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The smallest and the largest value allowed; a probability is from 0 to 1 in any case."""
        if self.type != "probability":
            return self.minimum, self.maximum
        return max(self.minimum or 0.0, 0.0), 1.0 if self.maximum is None else min(self.maximum, 1.0)


@dataclass(frozen=True)
class ColumnFigures:
    """What a sample of one column came to. ``classes`` counts a class column's values, the commonest first."""

    name: str
    count: int
    invalid: int
    minimum: float | None
    maximum: float | None
    mean: float | None
    classes: dict[str, int]


def columns_of(settings: Verification) -> tuple[PredictionColumn, ...]:
    """The one column that a stage file's thresholds speak of; without bounds, any text is a prediction."""
    compared = (settings.minimum, settings.maximum, settings.mean_minimum, settings.mean_maximum)
    kind: ColumnType = "class" if all(bound is None for bound in compared) else "number"
    return (PredictionColumn("prediction", settings.prediction, kind, settings.minimum, settings.maximum),)


def schema_columns(schema: RecordSchema, settings: Verification) -> tuple[PredictionColumn, ...]:
    """The predictions that a pipeline's schema names, which come last in a CSV row.

    The settings' bounds narrow the one that ``prediction`` names, by its name or position; that one comes first, since
    the settings' mean is about it.
    """
    last = len(schema.predictions)
    columns = [
        PredictionColumn(each.name, each.key or index - last, each.type, *each.bounds, tuple(each.labels or ()))
        for index, each in enumerate(schema.predictions)
    ]
    meant = [column for column in columns if settings.prediction in (column.name, column.position)]
    if not meant:
        return (*columns_of(settings), *columns) if "prediction" in settings.model_fields_set else tuple(columns)
    first = meant[0]
    low = max((each for each in (first.minimum, settings.minimum) if each is not None), default=None)
    high = min((each for each in (first.maximum, settings.maximum) if each is not None), default=None)
    narrowed = replace(first, minimum=low, maximum=high)
    return (narrowed, *(column for column in columns if column is not first))


def prediction_of(line: str, where: int | str) -> str | None:
    """The prediction in an output row, as text; None where the row has none there."""
    value: Any
    if isinstance(where, str):
        try:
            value = json.loads(line)
            for part in where.split("."):
                value = value[int(part)] if isinstance(value, list) else value[part]
        except (ValueError, KeyError, IndexError, TypeError, RecursionError):
            return None
        return None if value is None or isinstance(value, dict | list) else sendable(str(value))
    try:
        cells = next(csv.reader([line]), [])
    except csv.Error:
        return None
    return cells[where].strip() if -len(cells) <= where < len(cells) else None


def sendable(text: str) -> str:
    """Without the halves of characters that JSON's escapes can name and UTF-8 cannot write."""
    return text.encode("utf-8", "replace").decode("utf-8")


def is_valid(value: str | None, column: PredictionColumn) -> bool:
    if column.type == "class":
        return bool(value) and (not column.labels or _is_label(str(value), column.labels))
    number, (low, high) = _number(value), column.bounds
    return number is not None and (low is None or number >= low) and (high is None or number <= high)


def column_figures(values: Sequence[str | None], column: PredictionColumn) -> ColumnFigures:
    """Measure one column's values, one of each sampled row."""
    numbers = [number for number in map(_number, values) if number is not None]
    classes: Counter[str] = Counter(value for value in values if value) if column.type == "class" else Counter()
    commonest = classes.most_common(MOST_CLASSES)
    others = classes.total() - sum(count for _, count in commonest)
    return ColumnFigures(
        name=column.name,
        count=len(values),
        invalid=sum(not is_valid(value, column) for value in values),
        minimum=min(numbers, default=None),
        maximum=max(numbers, default=None),
        mean=_mean(numbers),
        classes=dict(commonest) | ({OTHER_CLASSES: others} if others else {}),
    )


def _is_label(value: str, labels: Sequence[str]) -> bool:
    """A class that is a number may be written in more than one way: 1 and 1.0 are one class."""
    number = _number(value)
    return value in labels or (number is not None and number in {_number(label) for label in labels})


def _mean(numbers: Sequence[float]) -> float | None:
    """Exact, and so without the overflow that a sum of huge floats has."""
    return statistics.mean(numbers) if numbers else None


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None
