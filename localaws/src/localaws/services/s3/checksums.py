"""Whether what arrived is what the client said it sent: Content-MD5 and the checksums of S3. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, cast

from localaws.core.body import CHUNK
from localaws.core.digests import CHECKSUMS, MD5
from localaws.core.errors import ServiceError


def stated_checksums(parameters: Mapping[str, Any], trailers: Mapping[str, str]) -> dict[str, str]:
    """The checksums that came with PutObject or UploadPart, by algorithm."""
    stated = {}
    for algorithm in CHECKSUMS:
        value = trailers.get(f"x-amz-checksum-{algorithm.lower()}") or parameters.get(f"Checksum{algorithm}")
        if value:
            stated[algorithm] = str(value)
    return stated


def wanted_digests(parameters: Mapping[str, Any], stated: Mapping[str, str]) -> list[str]:
    """What has to be computed of a content: MD5, which is its ETag, what is compared, and what the client asked for."""
    asked = parameters.get("ChecksumAlgorithm")
    return [MD5, *dict.fromkeys([*stated, *([asked] if asked in CHECKSUMS else [])])]


def refuse_corrupt(parameters: Mapping[str, Any], stated: Mapping[str, str], digests: Mapping[str, str]) -> None:
    """BadDigest where a checksum that came with a content is not its own."""
    for algorithm, value in stated.items():
        if value != digests[algorithm]:
            raise ServiceError("BadDigest", f"The {algorithm} you specified did not match the calculated checksum.")
    md5 = parameters.get("ContentMD5")
    if md5:
        _refuse_md5(str(md5), digests[MD5])


def checksum_headers(
    parameters: Mapping[str, Any], stated: Mapping[str, str], digests: Mapping[str, str]
) -> dict[str, str]:
    """The headers by which moto keeps a checksum that came without its name, as a trailer, or not at all."""
    algorithm = next(iter(stated), str(parameters.get("ChecksumAlgorithm")))
    if algorithm not in digests:
        return {}
    return {"x-amz-sdk-checksum-algorithm": algorithm, f"x-amz-checksum-{algorithm.lower()}": digests[algorithm]}


def _refuse_md5(stated: str, computed: str) -> None:
    try:
        digest = base64.b64decode(stated, validate=True)
    except ValueError:
        digest = b""
    if len(digest) != 16:
        raise ServiceError("InvalidDigest", "The Content-MD5 you specified is not valid.")
    if digest != base64.b64decode(computed):
        raise ServiceError("BadDigest", "The Content-MD5 you specified did not match what we received.")


class Unchunked:
    """The content of an ``aws-chunked`` body, chunk by chunk; afterwards ``trailers`` are its trailing headers.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
    """

    def __init__(self, body: BinaryIO) -> None:
        self._body = body
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
        while size := _size_of_chunk(body.readline(_LONGEST_LINE)):
            while size:
                content = body.read(min(size, CHUNK))
                if not content:
                    raise _incomplete()
                size -= len(content)
                yield content
            if body.readline(_LONGEST_LINE) != b"\r\n":
                raise _incomplete()
        for line in body.read(_LONGEST_TRAILER).decode("latin-1").split("\r\n"):
            name, colon, value = line.partition(":")
            if colon:
                self.trailers[name.strip().lower()] = value.strip()


_LONGEST_LINE, _LONGEST_TRAILER = 1024, 16 * 1024


def _size_of_chunk(line: bytes) -> int:
    try:
        size = int(line.partition(b";")[0].strip(), 16)
    except ValueError as error:
        raise _incomplete() from error
    if size < 0:
        raise _incomplete()
    return size


def _incomplete() -> ServiceError:
    return ServiceError(
        "IncompleteBody", "The aws-chunked body ends before the chunk that its headers announce, or is none."
    )
