"""doctor's table: 80 columns wide, a finding's words wrapped in their column, and below each what to run next."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from scripts.decisions.readiness import Finding
from scripts.terminal.next_commands import repeated

WIDTH = 80
_STATUS, _WHERE, _WHAT = 7, 7, 25
_FOUND = WIDTH - _STATUS - _WHERE - _WHAT - 6


def findings_table(findings: Iterable[Finding]) -> list[str]:
    lines = [_row("status", "where", "what", "found"), _row("-" * _STATUS, "-" * _WHERE, "-" * _WHAT, "-" * _FOUND)]
    for each in findings:
        found = textwrap.wrap(each.found, _FOUND, break_on_hyphens=False) or [""]
        what = textwrap.wrap(each.what, _WHAT, break_on_hyphens=False) or [""]
        for number in range(max(len(found), len(what))):
            first = number == 0
            lines.append(
                _row(
                    each.status if first else "",
                    each.where if first else "",
                    what[number] if number < len(what) else "",
                    found[number] if number < len(found) else "",
                )
            )
        if each.next_command:
            # Whole, however long: it is there to be copied.
            lines.append(f"{'':{_STATUS}}  next: {repeated(each.next_command, None)}")
    return lines


def _row(status: str, where: str, what: str, found: str) -> str:
    return f"{status:{_STATUS}}  {where:{_WHERE}}  {what:{_WHAT}}  {found}".rstrip()
