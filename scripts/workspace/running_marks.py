"""Marks of the commands that run in this clone: a file each, which its process holds locked for as long as it lives.

The operating system lets go of it when the process ends, however that happens, so whoever finds the mark unlocked knows
that its command has died. Of a command that left no mark here (another clone, another machine) nothing is known.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

MARKS = Path("build/running")


def leave_mark(name: str, root: Path = Path()) -> int:
    """Leave a mark; the descriptor by which it is held until ``remove_mark``, or until this process ends."""
    path = root / MARKS / name
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor


def remove_mark(name: str, descriptor: int | None = None, root: Path = Path()) -> None:
    (root / MARKS / name).unlink(missing_ok=True)
    if descriptor is not None:
        os.close(descriptor)


def is_running(name: str, root: Path = Path()) -> bool | None:
    """Whether the command that left this mark lives; None where it left none here."""
    try:
        descriptor = os.open(root / MARKS / name, os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)


def has_dead_marks(root: Path = Path()) -> bool:
    """Whether a command of this clone has died without removing its mark."""
    folder = root / MARKS
    return folder.is_dir() and any(is_running(each.name, root) is False for each in folder.iterdir())
