"""Reads ``aws-chunked`` bodies, by which SDKs send what they have not hashed: content in chunks, then trailers.

The one reader of that form: what is verified is what is kept. It knows no keys; a witness is told of each chunk.
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import BinaryIO, Protocol, cast

from localaws.core.body import CHUNK
from localaws.core.errors import ServiceError

TRAILER_SIGNATURE = "x-amz-trailer-signature"
_LONGEST_LINE, _LONGEST_TRAILER = 1024, 16 * 1024
_HEAD = re.compile(rb"([0-9a-fA-F]{1,16})(?:;chunk-signature=([0-9a-f]{64}))?\r\n")


class Witness(Protocol):
    """Sees a body as it is read; it raises ServiceError to break off."""

    def content(self, content: bytes) -> None:
        """Some of a chunk's content."""

    def chunk_ended(self, size: int, signature: str) -> None:
        """``signature`` is empty where the chunk has none; the last chunk has size 0."""

    def body_ended(self, trailers: dict[str, str]) -> None:
        """Nothing comes after the trailing headers (lower-case names)."""


class Unchunked:
    """The content of a body, piece by piece; afterwards ``trailers`` are its trailing headers."""

    def __init__(self, body: BinaryIO, witness: Witness | None = None) -> None:
        self._body = body
        self._witness = witness
        self.trailers: dict[str, str] = {}

    def __iter__(self) -> Iterator[bytes]:
        self._body.seek(0)
        if not isinstance(self._body, io.RawIOBase):
            yield from self._read(self._body)
            return
        buffered = io.BufferedReader(self._body, CHUNK)
        try:
            yield from self._read(cast(BinaryIO, buffered))
        finally:
            buffered.detach()

    def _read(self, body: BinaryIO) -> Iterator[bytes]:
        size, signature = _head(body)
        while size:
            remaining = size
            while remaining:
                content = body.read(min(remaining, CHUNK))
                if not content:
                    raise incomplete()
                remaining -= len(content)
                if self._witness:
                    self._witness.content(content)
                yield content
            if body.readline(_LONGEST_LINE) != b"\r\n":
                raise incomplete()
            if self._witness:
                self._witness.chunk_ended(size, signature)
            size, signature = _head(body)
        if self._witness:
            self._witness.chunk_ended(0, signature)
        self._read_trailers(body.read(_LONGEST_TRAILER))
        if body.read(1):
            raise incomplete()
        if self._witness:
            self._witness.body_ended(self.trailers)

    def _read_trailers(self, content: bytes) -> None:
        for line in content.splitlines():
            name, colon, value = line.decode("latin-1").partition(":")
            if colon:
                self.trailers[name.strip().lower()] = value.strip()


def _head(body: BinaryIO) -> tuple[int, str]:
    """The size of the chunk that begins here, and its signature."""
    found = _HEAD.fullmatch(body.readline(_LONGEST_LINE))
    if not found:
        raise incomplete()
    return int(found[1], 16), (found[2] or b"").decode()


def incomplete() -> ServiceError:
    return ServiceError(
        "IncompleteBody", "The aws-chunked body ends before the chunk that its headers announce, or is none."
    )
