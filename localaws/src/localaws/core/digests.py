"""Digests of content that arrives in pieces: the checksums of S3 and MD5, each in base64.

A CRC of a whole is combined from those of its parts, without their content. Nothing here reads a file or a request.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from localaws.core.crc import CRC32C, CRC64NVME, RunningCrc, combine_reflected

MD5 = "MD5"


class _Running(Protocol):
    def update(self, data: bytes, /) -> object: ...

    def digest(self) -> bytes: ...


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


def _hashed(name: str) -> Callable[[], Any]:
    return lambda: hashlib.new(name, usedforsecurity=False)


_RUNNING: dict[str, Callable[[], _Running]] = {
    MD5: _hashed("md5"),
    "CRC32": _Crc32,
    "CRC32C": lambda: RunningCrc(CRC32C),
    "CRC64NVME": lambda: RunningCrc(CRC64NVME),
    "SHA1": _hashed("sha1"),
    "SHA256": _hashed("sha256"),
}

# What S3 calls the checksum algorithms: all but MD5, which is of ETags and Content-MD5.
CHECKSUMS = tuple(name for name in _RUNNING if name != MD5)

# Width in bits and reflected polynomial.
_CRCS = {"CRC32": (32, 0xEDB88320), "CRC32C": (32, 0x82F63B78), "CRC64NVME": (64, 0x9A6C9329AC4BC9B5)}


class Digests:
    """Several digests of one content at once."""

    def __init__(self, algorithms: Iterable[str]) -> None:
        self._running = {name: _RUNNING[name]() for name in algorithms}

    def update(self, chunk: bytes) -> None:
        for running in self._running.values():
            running.update(chunk)

    def values(self) -> dict[str, str]:
        """In base64, by algorithm."""
        return {name: base64.b64encode(running.digest()).decode() for name, running in self._running.items()}


def digest(algorithm: str, chunks: Iterable[bytes]) -> str:
    """One digest of a content, in base64."""
    digests = Digests([algorithm])
    for chunk in chunks:
        digests.update(chunk)
    return digests.values()[algorithm]


def composite(algorithm: str, parts: Iterable[str]) -> str:
    """The checksum of the checksums of a multipart upload's parts."""
    return digest(algorithm, [b"".join(map(base64.b64decode, parts))])


def combined(algorithm: str, parts: Sequence[tuple[str, int]]) -> str | None:
    """The checksum of a whole object, of the checksums and sizes of its parts; None where it is no CRC."""
    if algorithm not in _CRCS:
        return None
    width, polynomial = _CRCS[algorithm]
    whole = 0
    for value, size in parts:
        whole = combine_reflected(polynomial, width, whole, int.from_bytes(base64.b64decode(value), "big"), size)
    return base64.b64encode(whole.to_bytes(width // 8, "big")).decode()
