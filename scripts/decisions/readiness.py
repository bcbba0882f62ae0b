"""A check of what a deployment needs, as a finding: ok, wrong, or unknown with the reason. Pure.

Never ok is what could not be found out; and what is unknown says what to do so that it can be.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "wrong", "unknown"]


@dataclass(frozen=True)
class Outcome:
    """What a check found. ``next_command`` is there for all that is not ok."""

    status: Status
    found: str
    next_command: str = ""


@dataclass(frozen=True)
class Finding:
    """``where``: a stage, or ``dev`` for what all stages share."""

    where: str
    what: str
    status: Status
    found: str
    next_command: str = ""

    @classmethod
    def of(cls, where: str, what: str, outcome: Outcome) -> Finding:
        return cls(where, what, outcome.status, outcome.found, outcome.next_command)


def summary(findings: Iterable[Finding]) -> str:
    """``41 ok, 2 wrong, 3 unknown``."""
    statuses = [each.status for each in findings]
    return ", ".join(f"{statuses.count(status)} {status}" for status in ("ok", "wrong", "unknown"))
