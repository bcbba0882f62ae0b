"""The room of all bodies: files below the state directory, written as requests arrive, one for each body or part.

    incoming/    what is being received; a start empties it
    3f/3f9a...   a body; which object it belongs to stands in moto's state alone

A file is removed once no body refers to it and once that is kept (``released``, ``remove``); ``collect`` removes at a
start what a former server left behind. Nothing here knows of buckets, keys or versions.
"""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import tempfile
import threading
from collections import Counter, deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, cast

from localaws.core.body import CHUNK, Body, BodyFile, Piece

IN_MEMORY = 1024 * 1024  # what arrives is held in memory up to this size


class NoRoomError(OSError):
    """A body cannot be written: the disk is full, or the directory is gone."""


class Bodies:
    """``directory`` None: a temporary one, which ends with the process; nothing in it is synchronised with the disk."""

    def __init__(self, directory: Path | None) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="localaws-bodies-") if directory is None else None
        self._directory = Path(self._temporary.name) if self._temporary else cast(Path, directory)
        self._durable = self._temporary is None
        self._lock = threading.Lock()
        self._held: Counter[str] = Counter()
        self._released: set[str] = set()
        # What bodies let go of, not counted yet: a body may be finalised in the middle of anything, this room included.
        self._let_go: deque[tuple[str, ...]] = deque()
        self._earlier: list[str] = []
        self._incoming = self._directory / "incoming"
        self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)

    # what arrives

    def take_in(self, chunks: Iterable[bytes]) -> BinaryIO:
        """Everything that ``chunks`` bring, as a file to read from its beginning; ``discard`` it in the end.

        NoRoomError where it cannot be written; whatever ``chunks`` raise goes through. Then nothing is left behind.
        """
        file: BinaryIO = io.BytesIO()
        try:
            for chunk in chunks:
                if isinstance(file, io.BytesIO) and file.tell() + len(chunk) > IN_MEMORY:
                    file = self._rolled_over(file)
                _write(file, chunk)
            file.seek(0)
        except BaseException:
            self.discard(file)
            raise
        return file

    def discard(self, file: Any) -> None:
        """Forget what was taken in and not kept."""
        if isinstance(file, _Incoming):
            file.close()
            file.path.unlink(missing_ok=True)

    def _rolled_over(self, begun: io.BytesIO) -> BinaryIO:
        path = self._incoming / secrets.token_hex(16)
        try:
            file = _Incoming(path)
        except OSError as error:
            raise NoRoomError(error.errno, error.strerror) from error
        _write(cast(BinaryIO, file), begun.getbuffer())
        return cast(BinaryIO, file)

    # what is kept

    def keep(self, content: Any, digests: dict[str, str] | None = None) -> Body:
        """A body of bytes or of a file: when this returns, it survives a loss of power. NoRoomError as above.

        A file that was taken in is moved and a body that comes as a file is shared; any other is copied.
        """
        if isinstance(content, BodyFile):
            return Body(self, content.body.pieces, {**content.body.digests, **(digests or {})})
        if isinstance(content, bytes):
            content = io.BytesIO(content)
        self._remove_of_nobody()
        size = content.seek(0, io.SEEK_END)
        if not size:
            return Body(self, ())
        name = secrets.token_hex(16)
        try:
            self._place(content, name)
        except OSError as error:
            self._path(name).unlink(missing_ok=True)
            raise NoRoomError(error.errno, error.strerror) from error
        return Body(self, (Piece(name, 0, size),), digests)

    def _remove_of_nobody(self) -> None:
        """In a temporary room no state has to be kept first; who was about to read a body has had time to begin."""
        if not self._durable:
            self.remove(self._earlier)
            self._earlier = self.released()

    def _place(self, content: Any, name: str) -> None:
        path = self._path(name)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if isinstance(content, _Incoming):
            content.path.rename(path)
            self._synchronise(content.fileno())
            return
        content.seek(0)
        with _Incoming(path) as file:
            while chunk := content.read(CHUNK):
                _write(cast(BinaryIO, file), chunk)
            self._synchronise(file.fileno())

    def _synchronise(self, descriptor: int) -> None:
        # The journal of ext4, XFS and Btrfs brings the file's new name along with the file.
        if self._durable:
            os.fsync(descriptor)

    # who refers to what

    def hold(self, names: Iterable[str]) -> None:
        wanted = tuple(names)
        with self._lock:
            for name in wanted:
                self._held[name] += 1
                self._released.discard(name)

    def release(self, names: Iterable[str]) -> None:
        self._let_go.append(tuple(names))

    def _count(self) -> None:
        """Count what was let go of. The lock is held."""
        while self._let_go:
            for name in self._let_go.popleft():
                self._held[name] -= 1
                if not self._held[name]:
                    del self._held[name]
                    self._released.add(name)

    def open(self, name: str) -> int:
        return os.open(self._path(name), os.O_RDONLY | os.O_CLOEXEC)

    def released(self) -> list[str]:
        """The files that nobody refers to now. Once a state is kept that was taken after this, ``remove`` them."""
        with self._lock:
            self._count()
            return list(self._released)

    def remove(self, names: Iterable[str]) -> None:
        """Remove released files; one that somebody refers to again stays."""
        for name in names:
            with self._lock:
                self._count()
                if name not in self._released:
                    continue
                self._released.discard(name)
            self._path(name).unlink(missing_ok=True)

    def collect(self) -> list[str]:
        """Remove what nobody refers to, once the state is read; returns the names of files that are missing."""
        with contextlib.suppress(FileNotFoundError):
            for file in self._incoming.iterdir():
                file.unlink(missing_ok=True)
        with self._lock:
            self._count()
            held = set(self._held)
            self._released.clear()
        found = set()
        for folder in self._directory.glob("??"):
            for file in folder.iterdir():
                if file.name in held:
                    found.add(file.name)
                else:
                    file.unlink(missing_ok=True)
        return sorted(held - found)

    def close(self) -> None:
        """Remove the directory, if it is a temporary one."""
        if self._temporary is not None:
            self._temporary.cleanup()

    def _path(self, name: str) -> Path:
        return self._directory / name[:2] / name


class _Incoming(io.FileIO):
    """A new file that only this user reads; its ``path`` is where it was made."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(path, "x+", opener=lambda name, flags: os.open(name, flags, 0o600))


def _write(file: BinaryIO, content: Any) -> None:
    rest = memoryview(content)
    while rest:  # a file without a buffer may take less than it is given
        try:
            rest = rest[file.write(rest) :]
        except OSError as error:
            raise NoRoomError(error.errno, error.strerror) from error
