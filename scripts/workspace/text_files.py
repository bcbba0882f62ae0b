"""Reads a file of this clone that must be text. What is missing or a folder, every verb's face tells by itself."""

from __future__ import annotations

from pathlib import Path

from scripts.errors import StorageError


def read_text(path: Path) -> str:
    """The file's text. Raises StorageError where its bytes are none, OSError where there is no such file."""
    return as_text(path.read_bytes(), path)


def require_file(path: Path) -> None:
    """Raises OSError, which says why, unless the file can be opened."""
    path.open("rb").close()


def as_text(content: bytes, path: Path | str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise StorageError(
            f"{path} is no UTF-8 text",
            found=[f"byte {error.start}: {error.reason}"],
            next_command=f"git checkout -- {path}   # brings back what was committed",
        ) from error
