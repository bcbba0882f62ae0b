"""Processes of this machine, found by what their command lines say: their numbers differ inside of a container."""

from __future__ import annotations

import time
from pathlib import Path


def running(mark: str) -> list[int]:
    """The processes whose command line holds ``mark``; what has ended and waits for its parent is none."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if (
                folder.name.isdigit()
                and mark.encode() in (folder / "cmdline").read_bytes()
                and (folder / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
            ):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def wait_until_running(mark: str, seconds: float = 60) -> None:
    _wait(mark, True, seconds)


def wait_until_gone(mark: str, seconds: float = 60) -> None:
    _wait(mark, False, seconds)


def _wait(mark: str, there: bool, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while bool(running(mark)) != there:
        assert time.monotonic() < deadline, f"{mark}: {running(mark)}"
        time.sleep(0.05)
