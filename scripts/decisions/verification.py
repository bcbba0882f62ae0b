"""Whether an execution's output is good enough: figures in, checks out.

A row is a line. Its prediction is a CSV column or a JSON member; where the thresholds compare numbers, whatever is no
number counts as invalid.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scripts.decisions.stage_settings import Verification


@dataclass(frozen=True)
class Figures:
    """What was measured. Row counts are None where the data is too large to be counted."""

    input_rows: int | None
    output_rows: int | None
    output_files: int
    sampled: int
    invalid: int
    minimum: float | None
    maximum: float | None
    mean: float | None


@dataclass(frozen=True)
class Check:
    """One requirement, whether it is met, and the figures behind that."""

    name: str
    passed: bool
    detail: str


def prediction_of(line: str, where: int | str) -> str | None:
    """The prediction in an output line, as text; None where the line has none there."""
    value: Any
    if isinstance(where, str):
        try:
            value = json.loads(line)
            for part in where.split("."):
                value = value[int(part)] if isinstance(value, list) else value[part]
        except (ValueError, KeyError, IndexError, TypeError):
            return None
        return str(value)
    cells = next(csv.reader([line]), [])
    return cells[where].strip() if -len(cells) <= where < len(cells) else None


def figures(
    lines: Sequence[str], input_rows: int | None, output_rows: int | None, output_files: int, settings: Verification
) -> Figures:
    """Measure a sample of output lines by the stage's thresholds."""
    values = [prediction_of(line, settings.prediction) for line in lines]
    numbers = [number for number in map(_number, values) if number is not None]
    if compares_numbers(settings):
        valid = sum(1 for number in numbers if _within(number, settings))
    else:
        valid = sum(1 for value in values if value)
    return Figures(
        input_rows=input_rows,
        output_rows=output_rows,
        output_files=output_files,
        sampled=len(values),
        invalid=len(values) - valid,
        minimum=min(numbers, default=None),
        maximum=max(numbers, default=None),
        mean=sum(numbers) / len(numbers) if numbers else None,
    )


def compares_numbers(settings: Verification) -> bool:
    bounds = (settings.minimum, settings.maximum, settings.mean_minimum, settings.mean_maximum)
    return any(bound is not None for bound in bounds)


def checks(measured: Figures, settings: Verification) -> list[Check]:
    """Every requirement of the stage file that applies, met or not."""
    rows = measured.output_rows
    found = [
        Check(
            "enough predictions",
            measured.sampled >= settings.minimum_rows if rows is None else rows >= settings.minimum_rows,
            f"{'at least ' + str(measured.sampled) if rows is None else rows} rows, {settings.minimum_rows} required",
        )
    ]
    if settings.equal_rows:
        found.append(_equal_rows(measured))
    share = measured.invalid / measured.sampled if measured.sampled else 0.0
    found.append(
        Check(
            "predictions are valid",
            share <= settings.invalid_share,
            f"{measured.invalid} of {measured.sampled} sampled are missing or out of bounds ({share:.2%}), "
            f"{settings.invalid_share:.2%} allowed",
        )
    )
    if settings.mean_minimum is not None or settings.mean_maximum is not None:
        low, high = settings.mean_minimum, settings.mean_maximum
        within = measured.mean is not None and (low is None or measured.mean >= low)
        within = within and (high is None or (measured.mean is not None and measured.mean <= high))
        shown = "none" if measured.mean is None else f"{measured.mean:.6g}"
        found.append(Check("mean of the predictions", within, f"{shown}, between {low} and {high} required"))
    return found


def _equal_rows(measured: Figures) -> Check:
    if measured.input_rows is None or measured.output_rows is None:
        return Check("as many predictions as rows", True, "not counted: the data is too large to be read here")
    return Check(
        "as many predictions as rows",
        measured.input_rows == measured.output_rows,
        f"{measured.input_rows} rows in, {measured.output_rows} predictions out",
    )


def _within(number: float, settings: Verification) -> bool:
    low, high = settings.minimum, settings.maximum
    return (low is None or number >= low) and (high is None or number <= high)


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None
