"""One server for a state directory: two would overwrite each other's records. Held until the process ends."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

_held: list[IO[str]] = []  # an open file holds its lock; nothing else needs it


def hold(state: Path, process: int) -> None:
    """Take the directory for this process; ValueError, naming the other process, where one holds it."""
    file = (state / "lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        other = file.read().strip()
        file.close()
        raise ValueError(
            f"another localaws server (process {other}) is using it; stop that server or use another --state"
        ) from None
    file.truncate(0)
    file.write(f"{process}\n")
    file.flush()
    _held.append(file)
