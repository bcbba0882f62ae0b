"""Limits on what an archive from outside unpacks to: its files, their bytes, how deep they lie, the ratio.

A few kilobytes can stand for terabytes of zeros or millions of files, and would fill the disk of whoever runs localaws.
Sizes are judged before anything is written. It reads no archive itself.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass


class ArchiveLimitError(ValueError):
    """The archive is larger unpacked than localaws unpacks; the message says which limit it exceeds."""


@dataclass(frozen=True)
class ArchiveLimits:
    """``ratio`` (unpacked to packed bytes) is asked only above ``bytes_at_any_ratio``: small text packs well."""

    files: int = 200_000
    bytes: int = 20 * 2**30
    ratio: int = 200
    bytes_at_any_ratio: int = 256 * 2**20
    folders_deep: int = 64


LIMITS = ArchiveLimits()


class Unpacking:
    """What one archive of ``packed`` bytes has come to so far. ``add`` each file before it is unpacked."""

    def __init__(self, packed: int, limits: ArchiveLimits = LIMITS) -> None:
        self._packed = packed
        self._limits = limits
        self._files = 0
        self._bytes = 0

    def add(self, name: str, size: int) -> None:
        """ArchiveLimitError where this file is one too many, or too large together with those before."""
        limits = self._limits
        self._files += 1
        if self._files > limits.files:
            raise ArchiveLimitError(f"it holds more than {limits.files:,} files; localaws unpacks no more")
        if name.count("/") > limits.folders_deep:
            raise ArchiveLimitError(f"a file of it lies more than {limits.folders_deep} folders deep")
        self.add_bytes(size)

    def add_bytes(self, size: int) -> None:
        limits = self._limits
        self._bytes += size
        if self._bytes > limits.bytes:
            raise ArchiveLimitError(f"it unpacks to more than {limits.bytes:,} bytes; localaws unpacks no more")
        if self._bytes > limits.bytes_at_any_ratio and self._bytes > limits.ratio * self._packed:
            raise ArchiveLimitError(
                f"its {self._packed:,} bytes unpack to more than {limits.ratio} times as many; localaws takes that for "
                "an archive made to fill a disk"
            )


def gunzip(content: bytes, limits: ArchiveLimits = LIMITS) -> Iterator[bytes]:
    """The pieces of a gzip file, members one after the other. ArchiveLimitError, zlib.error; EOFError where it is cut
    off."""
    unpacking = Unpacking(len(content), limits)
    rest = content
    while rest:
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            piece = member.decompress(rest, 1 << 20)
            rest = member.unconsumed_tail
            unpacking.add_bytes(len(piece))
            if piece:
                yield piece
            elif not rest and not member.eof:
                raise EOFError("the gzip file ends in the middle")
        rest = member.unused_data.lstrip(b"\0")  # padding, as gzip itself skips it
