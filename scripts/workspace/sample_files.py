"""Reads a sample of a team's data, CSV or Parquet, and says of each column what it holds. Calls no AWS.

polars reads and counts; what a column's type is comes from there, and what that means is ``decisions.columns``'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.decisions.columns import MOST_VALUES, Column
from scripts.decisions.record_schema import MISSING_VALUES, FeatureType
from scripts.errors import UsageError

INFER_ROWS = 10_000
_PARQUET = (".parquet", ".pq")


@dataclass(frozen=True)
class Sample:
    """A data frame, and what its columns hold."""

    frame: Any
    columns: list[Column]

    def head(self, rows: int, without: str | None) -> str:
        """The first rows as CSV with a header line, without the target."""
        frame = self.frame.head(rows)
        return str((frame.drop(without) if without else frame).write_csv())


def read_sample(path: Path) -> Sample:
    """Raises UsageError for a file that is neither CSV nor Parquet, or whose columns are no single values."""
    # Here: this takes 90 ms to import, and only make new installs it.
    import polars as pl  # noqa: PLC0415

    try:
        if path.suffix.lower() in _PARQUET:
            frame = pl.read_parquet(path)
        else:
            missing = [*MISSING_VALUES, *(value.upper() for value in MISSING_VALUES), "NaN", "None"]
            frame = pl.read_csv(path, null_values=missing, try_parse_dates=True, infer_schema_length=INFER_ROWS)
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise UsageError(
            f"SAMPLE: {path} cannot be read as CSV or Parquet",
            found=str(error).splitlines()[:3],
            next_command=f"head -3 {path}",
        ) from error
    if not frame.height:
        raise UsageError(f"SAMPLE: {path} has no rows", next_command="give a file with some rows of your data")
    return Sample(frame, [_column(frame[name]) for name in frame.columns])


def _column(series: Any) -> Column:
    kind = _type(series)
    present = series.drop_nulls()
    distinct = present.n_unique()
    few = distinct <= MOST_VALUES and (kind in ("boolean", "integer") or distinct * 2 <= max(len(present), 2))
    is_number = kind in ("number", "integer")
    return Column(
        name=series.name.strip(),
        type="category" if kind == "text" and few and distinct else kind,
        missing=series.null_count() > 0,
        low=float(present.min()) if is_number and len(present) else None,
        high=float(present.max()) if is_number and len(present) else None,
        values=tuple(str(value) for value in present.unique().to_list()) if few else None,
        unique=series.null_count() == 0 and distinct == len(series),
    )


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
    if name.startswith(("String", "Categorical", "Enum")):
        return "text"
    if name == "Null":  # nothing but missing values: whatever comes, it may be missing
        return "number"
    raise UsageError(
        f"SAMPLE: the column {series.name} holds {name}, which is no single value",
        next_command="give a sample without it, or with a column for each of its parts",
    )
