"""How results are written on stdout for people: tables of plain text, sized to their content."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from scripts.terminal.harmless import on_one_line

if TYPE_CHECKING:
    from scripts.decisions.record_schema import RecordSchema
    from scripts.decisions.verification import Check

WIDEST_CELL = 60
MOST_COLUMNS = 8


def table(rows: Sequence[Sequence[str]], header: Sequence[str] | None = None, widest: int = WIDEST_CELL) -> list[str]:
    """Lines of a table; cells are cut at ``widest`` characters."""
    shown = [[_cut(cell, widest) for cell in row] for row in ([header] if header else []) + list(rows)]
    widths = [
        max(len(row[index]) for row in shown if index < len(row)) for index in range(max(map(len, shown), default=0))
    ]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in shown]
    if header and lines:
        lines.insert(1, "  ".join("-" * width for width in widths))
    return lines


def predictions_table(rows: Sequence[str], schema: RecordSchema | None = None) -> list[str]:
    """The first output rows, under the names of the schema where it fits.

    Of wide CSV rows the first columns are shown, and the predictions, which come last.
    """
    if not rows:
        return ["(no rows)"]
    if rows[0].lstrip().startswith(("{", "[")):
        return [_cut(row, 2 * WIDEST_CELL) for row in rows]
    cells = [next(csv.reader([row]), []) for row in rows]
    width = max(map(len, cells))
    header = (schema.output_names(width) if schema else []) or [_column(index, width) for index in range(width)]
    if width <= MOST_COLUMNS:
        return table(cells, header)
    right = max(2, min(len(schema.predictions) if schema else 1, MOST_COLUMNS - 2))
    left = MOST_COLUMNS - 1 - right
    header = [*header[:left], "...", *header[-right:]]
    return table([[*row[:left], "...", *row[-right:]] for row in cells], header)


def checks_lines(checks: Iterable[Check]) -> list[str]:
    """What a verification looked at, one line each, with what it found."""
    return [
        f"{'passed' if check.passed else 'FAILED'}  {on_one_line(check.name)}: {on_one_line(check.detail)}"
        for check in checks
    ]


def _column(index: int, width: int) -> str:
    return "prediction" if index == width - 1 and width > 1 else str(index)


def _cut(text: str, longest: int = WIDEST_CELL) -> str:
    line = on_one_line(text)
    return line if len(line) <= longest else f"{line[: longest - 3]}..."
