"""Reads what a run has left in its folders, where the run may have laid links in the way, even while it is read.

Every folder on the way and the file itself are opened without following links, each in the one before, so that a path
never leads out of the run's own files.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def opened_file(folder: Path, name: str) -> Iterator[BinaryIO | None]:
    """The regular file ``name`` (with ``/`` between its parts) below ``folder``; None where there is none."""
    descriptor = _open_below(folder, name, os.O_RDONLY | os.O_NONBLOCK)
    if descriptor is None:
        yield None
        return
    with os.fdopen(descriptor, "rb") as file:
        yield file if stat.S_ISREG(os.fstat(descriptor).st_mode) else None


def regular_files(folder: Path, name: str) -> list[str]:
    """The names of all regular files below ``folder``/``name``, relative to that, in order; links are not followed."""
    top = _open_below(folder, name, os.O_RDONLY | os.O_DIRECTORY)
    if top is None:
        return []
    found = []
    try:
        for directory, _, files, descriptor in os.fwalk(".", dir_fd=top):
            for each in files:
                try:
                    status = os.stat(each, dir_fd=descriptor, follow_symlinks=False)
                except FileNotFoundError:
                    continue  # removed meanwhile
                if stat.S_ISREG(status.st_mode):
                    found.append(os.path.normpath(f"{directory}/{each}"))
    finally:
        os.close(top)
    return sorted(found)


def _open_below(folder: Path, name: str, flags: int) -> int | None:
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    parts = [part for part in name.split("/") if part]
    try:
        for number, part in enumerate(parts, 1):
            wanted = flags if number == len(parts) else os.O_RDONLY | os.O_DIRECTORY
            inner = os.open(part, wanted | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = inner
    except OSError:
        os.close(at)
        return None
    return at
