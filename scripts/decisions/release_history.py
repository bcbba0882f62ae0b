"""The releases that a stage has had, newest first, and which of them is live: what one can go back to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class KeptRelease:
    """A release that a stage's bucket keeps. ``promoted`` is when its files came there last, in ISO 8601.

    ``verification`` says how its verification ended. ``problem``: why its release.json cannot be read; then nothing
    else of it is known.
    """

    release_id: str
    promoted: str
    is_live: bool = False
    model_version: int | None = None
    commit: str | None = None
    message: str | None = None
    verification: str = "not verified"
    problem: str | None = None


HEADER = ["promoted (UTC)", "release", "model", "verification", "commit"]


def history_rows(kept: Sequence[KeptRelease]) -> list[list[str]]:
    return [
        [
            each.promoted[:16].replace("T", " "),
            each.release_id + (" (live)" if each.is_live else ""),
            "?" if each.model_version is None else str(each.model_version),
            "unreadable" if each.problem else each.verification,
            " ".join(part for part in ((each.commit or "")[:12], each.message) if part),
        ]
        for each in kept
    ]


def problems(kept: Sequence[KeptRelease]) -> list[str]:
    return [f"! {each.problem}" for each in kept if each.problem]


def newest_first(kept: Sequence[KeptRelease]) -> list[KeptRelease]:
    return sorted(kept, key=lambda each: each.promoted, reverse=True)
