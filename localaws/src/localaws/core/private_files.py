"""Files that only this user may read: written whole or not at all, whatever the umask of the process is.

Keys and tokens are kept by it. It knows nothing of what is in a file.
"""

from __future__ import annotations

import os
from pathlib import Path

UMASK = 0o077


def write_private(path: Path, text: str) -> None:
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)  # an earlier one may have another mode
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def close_to_others(directory: Path) -> None:
    """Take away what an earlier version let others read: the directory, and the files directly in it."""
    directory.chmod(0o700)
    for path in directory.iterdir():
        if path.is_file() and not path.is_symlink():
            path.chmod(0o600)
