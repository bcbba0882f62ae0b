"""The tables of the proofs, on the screen and in a page: N of N, by command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

BEGIN, END = "<!-- proofs: written by make prove -->", "<!-- end of the proofs -->"


@dataclass(frozen=True)
class Row:
    """``cells`` begin with what was done; ``well`` of ``count`` ended as they should."""

    cells: tuple[str, ...]
    count: int
    well: int


def table(title: str, headings: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """A table in Markdown, with a sum below."""
    if not rows:
        return []
    count, well = sum(each.count for each in rows), sum(each.well for each in rows)
    lines = [f"### {title}", "", f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}"]
    lines += [f"| {' | '.join((*each.cells, f'{each.well} of {each.count}'))} |" for each in rows]
    return [*lines, "", f"**{count} {headings[-1]}: {well} of {count}.**", ""]


def write(page: Path, how: str, lines: Sequence[str]) -> None:
    """Replace what stands between the marks of ``page``."""
    text = page.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    seen = f"Seen on {date.today():%d %B %Y} with `{how}`:"
    page.write_text("\n".join([before + BEGIN, seen, "", *lines, END]).rstrip("\n") + after)
