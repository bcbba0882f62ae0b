"""Which files of a processing job's input are data, which are left aside, and how each is opened as text.

Runs in a processing job with the standard library alone. What writers of data leave beside it (markers, checksums,
hidden files, a README) is ignored by name; anything else that is no CSV is unread, and preprocessing must say so.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

_READ = (".csv", ".csv.gz")


@dataclass(frozen=True)
class InputFiles:
    """Paths below the input folder, sorted: to read, unread for want of a reader, ignored as no data."""

    read: tuple[str, ...]
    unread: tuple[str, ...]
    ignored: tuple[str, ...]


def find_input(folder: Path) -> InputFiles:
    return sort_input([path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()])


def sort_input(names: Sequence[str]) -> InputFiles:
    ignored = [name for name in names if _is_no_data(PurePosixPath(name))]
    data = [name for name in names if name not in set(ignored)]
    read = [name for name in data if name.lower().endswith(_READ)]
    return InputFiles(tuple(read), tuple(name for name in data if name not in set(read)), tuple(ignored))


def open_text(path: Path) -> IO[str]:
    """The file's text as it is, line ends included; a byte order mark is dropped."""
    if path.name.lower().endswith(".gz"):
        return io.TextIOWrapper(gzip.open(path, "rb"), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def output_name(name: str) -> str:
    """The name of the preprocessed file: never compressed, for the transform job splits it by lines."""
    return name[: -len(".gz")] if name.lower().endswith(".gz") else name


def _is_no_data(path: PurePosixPath) -> bool:
    hidden = any(part.startswith((".", "_")) for part in path.parts)
    return hidden or path.name.lower().startswith("readme") or path.suffix.lower() == ".crc"
