"""Reads a sample of a team's data, CSV or Parquet, and says of each column what it holds. Calls no AWS.

polars reads and counts; what a column's type is comes from there, and what that means is ``decisions.columns``'s. What
a CSV file says stays as it is written: a record id's zeros, a date's form. Only what preprocessing takes as a date is
one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from scripts.decisions.columns import MOST_VALUES, Column
from scripts.decisions.record_schema import MISSING_VALUES, FeatureType, normalised
from scripts.errors import UsageError

_PARQUET = (".parquet", ".pq")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")


@dataclass(frozen=True)
class Sample:
    """The rows as they are in the file, and what their columns hold."""

    frame: Any
    columns: list[Column]

    def head(self, rows: int, without: str | None) -> str:
        """The first rows as CSV with a header line, without the target."""
        frame = self.frame.head(rows)
        kept = [name for name in frame.columns if without is None or name.strip() != without]
        return str(frame.select(kept).write_csv())


def read_sample(path: Path) -> Sample:
    """Raises UsageError for a file that is neither CSV nor Parquet, or whose columns are no single values."""
    # Here: this takes 90 ms to import, and only make new installs it.
    import polars as pl  # noqa: PLC0415

    try:
        if path.suffix.lower() in _PARQUET:
            frame = typed = pl.read_parquet(path)
        else:
            missing = [*MISSING_VALUES, *(value.upper() for value in MISSING_VALUES), "NaN", "None"]
            typed = pl.read_csv(path, null_values=missing, infer_schema_length=None)
            frame = pl.read_csv(path, infer_schema=False)
            # polars gives a repeated name another one; the file's own are in its first line.
            _require_single_names(pl.read_csv(path, has_header=False, n_rows=1, infer_schema=False).row(0))
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise UsageError(
            f"SAMPLE: {path} cannot be read as CSV or Parquet",
            found=str(error).splitlines()[:3],
            next_command=f"head -3 {path}",
        ) from error
    if not frame.height:
        raise UsageError(f"SAMPLE: {path} has no rows", next_command="give a file with some rows of your data")
    _require_commas(path, frame.columns)
    return Sample(frame, [_column(typed[name]) for name in typed.columns])


def _require_commas(path: Path, header: Sequence[str]) -> None:
    separators = [each for each in (";", "\t", "|") if len(header) == 1 and each in header[0]]
    if separators:
        raise UsageError(
            f"SAMPLE: {path} has one column alone",
            found=[f"its header is {header[0][:80]!r}: separated by {separators[0]!r}"],
            next_command="save it with commas between the columns; the data to score is read so too",
        )


def _require_single_names(header: Sequence[str | None]) -> None:
    counted = Counter(normalised(name or "") for name in header)
    twice = [name for name, count in counted.items() if name and count > 1]
    if twice:
        raise UsageError(
            f"SAMPLE: its header names a column twice: {', '.join(twice)}",
            found=["case and spaces do not matter"],
            next_command="rename one of them, in the sample and in the data to score",
        )


def _column(series: Any) -> Column:
    kind = _type(series)
    present = series.drop_nulls()
    if kind == "text":
        present = present.cast(str).str.strip_chars()  # as preprocessing reads it
        present = present.filter(~present.str.to_lowercase().is_in(MISSING_VALUES))
        if len(present) and all(map(_is_date, present.to_list())):
            kind = "date"
    distinct = present.n_unique()
    few = distinct <= MOST_VALUES and (kind in ("boolean", "integer") or distinct * 2 <= max(len(present), 2))
    is_number = kind in ("number", "integer")
    return Column(
        name=series.name.strip(),
        type="category" if kind == "text" and few and distinct else kind,
        missing=len(present) < len(series),
        low=float(present.min()) if is_number and len(present) else None,
        high=float(present.max()) if is_number and len(present) else None,
        values=tuple(str(value) for value in present.unique().to_list()) if few else None,
        unique=distinct == len(series) == len(present),
        line_breaks=kind == "text" and any("\n" in value or "\r" in value for value in present.to_list()),
    )


def _is_date(text: str) -> bool:
    """As preprocessing takes a date, on every Python that a job may have."""
    try:
        datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return False
    return _ISO_DATE.fullmatch(text) is not None


def _type(series: Any) -> FeatureType:
    kind = series.dtype
    if kind.is_integer():
        return "integer"
    if kind.is_numeric():
        return "number"
    name = str(kind)
    if name == "Boolean":
        return "boolean"
    if name.startswith(("Date", "Datetime")):
        return "date"
    if name.startswith(("String", "Categorical", "Enum", "Time")):
        return "text"
    if name == "Null":  # nothing but missing values: whatever comes, it may be missing
        return "number"
    raise UsageError(
        f"SAMPLE: the column {series.name} holds {name}, which is no single value",
        next_command="give a sample without it, or with a column for each of its parts",
    )
