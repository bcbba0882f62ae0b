"""Where the server can be made to die in the middle of keeping its state; for localaws' tests of that alone.

``LOCALAWS_DIE_AT="after the commit:17"`` kills the process with SIGKILL when it reaches that point for the 17th time.
Without the variable, nothing here does anything.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

POINTS = ("before the cut", "after the cut", "before the commit", "half of the commit", "after the commit")

_point, _, _times = os.environ.get("LOCALAWS_DIE_AT", "").rpartition(":")
_left = int(_times) if _point else 0


def reached(point: str, log: Path | None = None, former_size: int = 0) -> None:
    """``log``: the write-ahead log; half of what was added to ``former_size`` is cut off, as a torn write leaves it."""
    global _left  # noqa: PLW0603 (one process, one death)
    if point != _point:
        return
    _left -= 1
    if _left > 0:
        return
    if log is not None:
        os.truncate(log, (former_size + log.stat().st_size) // 2)
    os.kill(os.getpid(), signal.SIGKILL)
