"""Whether what arrived is what the client said it sent: MD5 and the checksums of S3. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from localaws.core.errors import ServiceError


def _crc32(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(4, "big")


def _sha1(content: bytes) -> bytes:
    return hashlib.sha1(content, usedforsecurity=False).digest()


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


# CRC32C and CRC64NVME are taken as they come: plain Python would need minutes for a large object.
ALGORITHMS: dict[str, Callable[[bytes], bytes]] = {"CRC32": _crc32, "SHA1": _sha1, "SHA256": _sha256}


def checksum(algorithm: str, content: bytes) -> str | None:
    """The checksum in base64, or None for an algorithm that is not computed here."""
    compute = ALGORITHMS.get(algorithm)
    return base64.b64encode(compute(content)).decode() if compute else None


def refuse_corrupt(parameters: dict[str, Any], body: bytes) -> None:
    """BadDigest where a checksum that came with PutObject or UploadPart is not that of the body."""
    content = body
    trailers: dict[str, str] = {}
    if "aws-chunked" in str(parameters.get("ContentEncoding", "")):
        content, trailers = unchunked(body)
    stated = {algorithm: parameters.get(f"Checksum{algorithm}") for algorithm in ALGORITHMS}
    stated |= {name: value for name in ALGORITHMS if (value := trailers.get(f"x-amz-checksum-{name.lower()}"))}
    for algorithm, value in stated.items():
        if value and value != checksum(algorithm, content):
            raise ServiceError("BadDigest", f"The {algorithm} you specified did not match the calculated checksum.")
    md5 = parameters.get("ContentMD5")
    if md5:
        _refuse_md5(str(md5), content)


def algorithm_header(parameters: dict[str, Any]) -> dict[str, str]:
    """The header by which moto keeps a checksum that came without naming its algorithm."""
    given = [name for name in ALGORITHMS if parameters.get(f"Checksum{name}")]
    return {"x-amz-sdk-checksum-algorithm": given[0]} if given and not parameters.get("ChecksumAlgorithm") else {}


def _refuse_md5(stated: str, content: bytes) -> None:
    try:
        digest = base64.b64decode(stated, validate=True)
    except ValueError:
        digest = b""
    if len(digest) != 16:
        raise ServiceError("InvalidDigest", "The Content-MD5 you specified is not valid.")
    if digest != hashlib.md5(content, usedforsecurity=False).digest():
        raise ServiceError("BadDigest", "The Content-MD5 you specified did not match what we received.")


def unchunked(body: bytes) -> tuple[bytes, dict[str, str]]:
    """The content of an ``aws-chunked`` body and its trailing headers.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
    """
    chunks = list(_chunks(body))
    trailing = chunks.pop() if chunks else b""
    lines = [line.split(":", 1) for line in trailing.decode("latin-1").split("\r\n") if ":" in line]
    return b"".join(chunks), {name.strip().lower(): value.strip() for name, value in lines}


def _chunks(body: bytes) -> Iterator[bytes]:
    """Each chunk's content, and last what follows the empty chunk."""
    position = 0
    while position < len(body):
        end = body.index(b"\r\n", position)
        size = int(body[position:end].split(b";")[0], 16)
        start = end + 2
        if size == 0:
            yield body[start:]
            return
        yield body[start : start + size]
        position = start + size + 2
