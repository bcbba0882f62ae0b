"""A body: the content of an object or a part, as places in files. It looks like bytes where only length, slices and
iteration are asked for, and reads what it is asked for, when it is asked.

A body's files stay as long as any body refers to them: a slice, a copy and an answer that is being sent are bodies
of their own. The room that the files are in (``localaws/core/bodies.py``) counts them.
"""

from __future__ import annotations

import bisect
import io
import itertools
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from localaws.core.digests import Digests

CHUNK = 512 * 1024  # what is read, hashed and sent at once


@dataclass(frozen=True)
class Piece:
    """A part of a file of the room, or all of it."""

    name: str
    offset: int
    size: int


class Room(Protocol):
    def hold(self, names: Iterable[str]) -> None:
        """Files are referred to once more."""

    def release(self, names: Iterable[str]) -> None:
        """Files are referred to once less."""

    def open(self, name: str) -> int:
        """A file descriptor of a file, to read it."""


class Body:
    """Immutable. ``digests`` are those that are known, in base64 by algorithm; others are computed when asked for."""

    def __init__(self, room: Room, pieces: Iterable[Piece], digests: dict[str, str] | None = None) -> None:
        self._room: Room | None = None  # of what did not begin, nothing ends
        self.pieces = tuple(piece for piece in pieces if piece.size)
        self.digests = dict(digests or {})
        self._size = sum(piece.size for piece in self.pieces)
        room.hold(piece.name for piece in self.pieces)
        self._room = room

    def close(self) -> None:
        """Refer to the files no longer; nothing can be read afterwards."""
        room, self._room = self._room, None
        if room is not None:
            room.release(piece.name for piece in self.pieces)

    def __del__(self) -> None:
        self.close()

    @property
    def room(self) -> Room:
        if self._room is None:
            raise ValueError("the body of an object that was deleted")
        return self._room

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, wanted: slice) -> Body:
        start, stop, step = wanted.indices(self._size)
        if step != 1:
            raise ValueError("a body is read forwards")
        if (start, stop) == (0, self._size):
            return Body(self.room, self.pieces, self.digests)
        return Body(self.room, _cut(self.pieces, start, stop))

    def __iter__(self) -> Iterator[bytes]:
        with BodyFile(self) as file:
            while chunk := file.read(CHUNK):
                yield chunk

    def __bytes__(self) -> bytes:
        return b"".join(self)

    def digest(self, algorithm: str) -> str:
        """In base64; computed once, by reading the body."""
        return self.know([algorithm])[algorithm]

    def know(self, algorithms: Iterable[str]) -> dict[str, str]:
        """``digests``, with all of these; what is not known is computed in one reading."""
        unknown = [algorithm for algorithm in algorithms if algorithm not in self.digests]
        if unknown:
            digests = Digests(unknown)
            for chunk in self:
                digests.update(chunk)
            self.digests.update(digests.values())
        return self.digests


def joined(room: Room, bodies: Iterable[Body]) -> Body:
    """Bodies one after the other, without reading them."""
    return Body(room, itertools.chain.from_iterable(body.pieces for body in bodies))


def _cut(pieces: tuple[Piece, ...], start: int, stop: int) -> Iterator[Piece]:
    position = 0
    for piece in pieces:
        first, last = max(start - position, 0), min(stop - position, piece.size)
        if first < last:
            yield replace(piece, offset=piece.offset + first, size=last - first)
        position += piece.size


class BodyFile(io.RawIOBase):
    """A body as a file: what ``boto3`` takes for ``Body``, and what the front door hands on without a copy."""

    def __init__(self, body: Body) -> None:
        self.body = body[:]
        self._ends = list(itertools.accumulate(piece.size for piece in body.pieces))
        self._position = 0
        self._opened: tuple[int, int] | None = None  # (which piece, file descriptor)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: len(self.body)}[whence]
        self._position = max(base + offset, 0)
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        remaining = max(len(self.body) - self._position, 0)
        wanted = remaining if size is None or size < 0 else min(size, remaining)
        chunks = []
        while wanted:
            chunk = self._read_of_piece(wanted)
            wanted -= len(chunk)
            chunks.append(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def close(self) -> None:
        if not self.closed:
            self._close_piece()
            self.body.close()
        super().close()

    def _read_of_piece(self, wanted: int) -> bytes:
        index = bisect.bisect_right(self._ends, self._position)
        piece = self.body.pieces[index]
        within = self._position - (self._ends[index] - piece.size)
        chunk = os.pread(self._descriptor(index), min(wanted, piece.size - within), piece.offset + within)
        if not chunk:
            raise OSError(f"the file {piece.name} of an object ends before the object does")
        self._position += len(chunk)
        return chunk

    def _descriptor(self, index: int) -> int:
        if self._opened is None or self._opened[0] != index:
            self._close_piece()
            self._opened = index, self.body.room.open(self.body.pieces[index].name)
        return self._opened[1]

    def _close_piece(self) -> None:
        if self._opened is not None:
            os.close(self._opened[1])
            self._opened = None
