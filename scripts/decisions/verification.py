"""Whether an execution's output is good enough: figures in, checks out.

Rows are counted by what preprocessing reports, or by the input's own records where it reports nothing; predictions by
the records of their content type. What could not be counted or was not read is named, and is never a pass by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scripts.decisions.prediction_columns import (
    ColumnFigures,
    PredictionColumn,
    column_figures,
    is_valid,
    prediction_of,
)
from scripts.decisions.stage_settings import Verification

MOST_NAMED = 5


@dataclass(frozen=True)
class Rows:
    """The rows of the input and their predictions. A count is None where it could not be told; ``unknown`` says why.

    ``read`` went into preprocessing, ``accepted`` of them came out. ``allowed_rejected`` is the share that it lets go;
    None where it does not say. With ``too_large`` nothing was counted, which is no fault.
    """

    read: int | None
    accepted: int | None
    predicted: int | None
    files: int
    rejected: Mapping[str, int] = field(default_factory=dict)
    allowed_rejected: float | None = None
    unread: tuple[str, ...] = ()
    unread_allowed: bool = False
    ignored: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    too_large: bool = False


@dataclass(frozen=True)
class Figures:
    """What was measured. ``invalid`` are sampled rows with any invalid prediction; the numbers are the first column's.

    ``input_rows`` is what preprocessing read, ``accepted_rows`` what it let through.
    """

    input_rows: int | None
    output_rows: int | None
    output_files: int
    sampled: int
    invalid: int
    minimum: float | None
    maximum: float | None
    mean: float | None
    accepted_rows: int | None = None
    rejected: dict[str, int] = field(default_factory=dict)
    allowed_rejected: float | None = None
    unread: tuple[str, ...] = ()
    unread_allowed: bool = False
    ignored: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    too_large: bool = False
    columns: tuple[ColumnFigures, ...] = ()


@dataclass(frozen=True)
class Check:
    """One requirement, whether it is met, and the figures behind that."""

    name: str
    passed: bool
    detail: str


def figures(lines: Sequence[str], columns: Sequence[PredictionColumn], rows: Rows) -> Figures:
    """Measure a sample of output rows, every column of it; ``rows`` is what was counted beside."""
    values = {column: [prediction_of(line, column.position) for line in lines] for column in columns}
    measured = tuple(column_figures(values[column], column) for column in columns)
    invalid = sum(any(not is_valid(values[column][index], column) for column in columns) for index in range(len(lines)))
    first = measured[0] if measured else None
    return Figures(
        input_rows=rows.read,
        output_rows=rows.predicted,
        output_files=rows.files,
        sampled=len(lines),
        invalid=invalid,
        minimum=first.minimum if first else None,
        maximum=first.maximum if first else None,
        mean=first.mean if first else None,
        accepted_rows=rows.accepted,
        rejected=dict(rows.rejected),
        allowed_rejected=rows.allowed_rejected,
        unread=rows.unread,
        unread_allowed=rows.unread_allowed,
        ignored=rows.ignored,
        unknown=rows.unknown,
        too_large=rows.too_large,
        columns=measured,
    )


def checks(measured: Figures, settings: Verification) -> list[Check]:
    """Every requirement that applies, met or not."""
    found = [_enough(measured, settings)]
    if settings.equal_rows:
        found.append(_one_each(measured))
        if measured.rejected:
            found.append(_few_rejected(measured))
    elif measured.unknown:
        found.append(Check("predictions can be read", False, named(measured.unknown, "; ")))
    if measured.unread or measured.ignored:
        found.append(_all_read(measured))
    found += [_valid(each, settings, len(measured.columns) > 1) for each in measured.columns]
    if settings.mean_minimum is not None or settings.mean_maximum is not None:
        found.append(_mean(measured, settings))
    return found


def _enough(measured: Figures, settings: Verification) -> Check:
    rows = measured.output_rows
    counted = measured.sampled if rows is None else rows
    detail = f"{'at least ' if rows is None else ''}{counted} rows, {settings.minimum_rows} required"
    return Check("enough predictions", counted >= settings.minimum_rows, detail)


def _one_each(measured: Figures) -> Check:
    name = "one prediction per accepted row"
    if measured.unknown:
        return Check(name, False, f"it cannot be told: {named(measured.unknown, '; ')}")
    if measured.too_large:
        return Check(name, True, "not counted: the data is too large to be read here")
    read, accepted, predicted = measured.input_rows, measured.accepted_rows, measured.output_rows
    passed = accepted is not None and accepted == predicted
    if read == accepted:
        return Check(name, passed, f"{read} rows in, {predicted} predictions out")
    detail = f"{read} rows in, {predicted} of {accepted} accepted rows predicted"
    lost = (read or 0) - (accepted or 0) - sum(measured.rejected.values())
    if lost:
        return Check(
            name, False, f"{detail}; {abs(lost)} {'neither accepted nor rejected' if lost > 0 else 'too many'}"
        )
    return Check(name, passed, detail)


def _few_rejected(measured: Figures) -> Check:
    name, read, allowed = "few enough rejected rows", measured.input_rows or 0, measured.allowed_rejected
    rejected = sum(measured.rejected.values())
    several = len(measured.rejected) > 1
    reasons = [f"{reason} ({count})" if several else reason for reason, count in measured.rejected.items()]
    told = f"{rejected} of {read} rows rejected: {named(reasons)}"
    if allowed is None:
        return Check(name, False, f"{told}; preprocessing does not report how many it allows (max_rejected_fraction)")
    return Check(name, rejected <= allowed * read, f"{told}; {allowed * 100:g}% allowed")


def _all_read(measured: Figures) -> Check:
    name = "every input file is read"
    ignored = f"ignored, being no data: {named(measured.ignored)}" if measured.ignored else ""
    if not measured.unread:
        return Check(name, True, ignored)
    allowed = measured.unread_allowed
    told = f"not read{', which is allowed' if allowed else ''}: {named(measured.unread)}"
    return Check(name, allowed, f"{told}; {ignored}" if ignored else told)


def _valid(column: ColumnFigures, settings: Verification, several: bool) -> Check:
    share = column.invalid / column.count if column.count else 0.0
    name = f"predictions are valid: {column.name}" if several else "predictions are valid"
    detail = (
        f"{column.invalid} of {column.count} sampled are missing or out of bounds ({share:.2%}), "
        f"{settings.invalid_share:.2%} allowed"
    )
    return Check(name, share <= settings.invalid_share, detail)


def _mean(measured: Figures, settings: Verification) -> Check:
    low, high = settings.mean_minimum, settings.mean_maximum
    mean = measured.mean
    within = mean is not None and (low is None or mean >= low) and (high is None or mean <= high)
    shown = "none" if mean is None else f"{mean:.6g}"
    return Check("mean of the predictions", within, f"{shown}, between {low} and {high} required")


def named(items: Sequence[str], separator: str = ", ") -> str:
    """The first few of a list, and how many more there are."""
    more = len(items) - MOST_NAMED
    return separator.join(items[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
