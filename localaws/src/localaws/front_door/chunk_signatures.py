"""Whether each chunk of a body is signed: SDKs that stream sign a chunk, the signature before it along with it.

A body of which one chunk or its trailer is another than was signed is refused before anybody sees it. It reads
chunks by the reader that S3 keeps contents by, and is given what signs.
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localaws.core.aws_chunked import TRAILER_SIGNATURE, Unchunked, incomplete
from localaws.core.errors import ServiceError
from localaws.front_door.auth_errors import refused

_EMPTY = hashlib.sha256(b"").hexdigest()
_SMALLEST_CHUNK = 8192  # bytes, of all chunks but the last that has any
_LENGTH = "HTTP_X_AMZ_DECODED_CONTENT_LENGTH"


@dataclass(frozen=True)
class ChunkScope:
    """Of the request: its time, its credential's scope and its own signature (the seed); ``sign`` signs a text."""

    timestamp: str
    scope: str
    seed: str
    sign: Callable[[str], str]


def require(environ: dict[str, Any], scope: ChunkScope, has_trailer: bool) -> None:
    """Raise ServiceError unless the body is as long as it says and each of its chunks is signed."""
    stated = str(environ.get(_LENGTH, ""))
    if not (stated.isascii() and stated.isdecimal()):
        raise ServiceError("MissingContentLength", "You must provide the x-amz-decoded-content-length header.", 411)
    body = environ["wsgi.input"]
    length = sum(len(content) for content in Unchunked(body, SignedChunks(scope, has_trailer)))
    body.seek(0)
    if length != int(stated):
        raise incomplete()


class SignedChunks:
    """A witness of a body's chunks."""

    def __init__(self, scope: ChunkScope, has_trailer: bool) -> None:
        self._scope = scope
        self._has_trailer = has_trailer
        self._previous = scope.seed
        self._digest = hashlib.sha256()
        self._was_small = False

    def content(self, content: bytes) -> None:
        self._digest.update(content)

    def chunk_ended(self, size: int, signature: str) -> None:
        if size and self._was_small:
            text = f"Only the last chunk is allowed to have a size less than {_SMALLEST_CHUNK} bytes"
            raise ServiceError("InvalidChunkSizeError", text, 403)
        self._was_small = size < _SMALLEST_CHUNK
        self._require("AWS4-HMAC-SHA256-PAYLOAD", [_EMPTY, self._digest.hexdigest()], signature)
        self._digest = hashlib.sha256()

    def body_ended(self, trailers: dict[str, str]) -> None:
        if not self._has_trailer:
            if trailers:
                raise refused("wrong signature", "s3", "the trailer is not signed")
            return
        text = "".join(f"{name}:{trailers[name]}\n" for name in sorted(trailers) if name != TRAILER_SIGNATURE)
        digest = hashlib.sha256(text.encode("latin-1")).hexdigest()
        self._require("AWS4-HMAC-SHA256-TRAILER", [digest], trailers.get(TRAILER_SIGNATURE, ""))

    def _require(self, kind: str, digests: list[str], signature: str) -> None:
        text = "\n".join([kind, self._scope.timestamp, self._scope.scope, self._previous, *digests])
        if not hmac.compare_digest(self._scope.sign(text).encode(), signature.encode("latin-1")):
            raise refused("wrong signature", "s3")
        self._previous = signature
