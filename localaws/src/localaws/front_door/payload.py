"""What a signature says of the body, and whether the body is that: its SHA-256, or words for a body that is not signed.

The body is read in chunks and left where it began.
https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any

from localaws.core.errors import ServiceError
from localaws.front_door.auth_errors import refused

UNSIGNED = "UNSIGNED-PAYLOAD"
# Chunks without signatures; the checksum in their trailer is compared by services/s3/checksums.py.
UNSIGNED_CHUNKS = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
# Chunks of which each is signed (front_door/chunk_signatures.py), and so is the trailer where there is one.
SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_CHUNKS_AND_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
_WORDS = (UNSIGNED, UNSIGNED_CHUNKS, SIGNED_CHUNKS, SIGNED_CHUNKS_AND_TRAILER)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1024 * 1024
_HEADER = "HTTP_X_AMZ_CONTENT_SHA256"


def stated(environ: dict[str, Any], is_s3: bool, presigned: bool) -> str:
    """What stands for the body in the text that was signed. ServiceError for a form that is not read here."""
    value = environ.get(_HEADER)
    if value is None:
        if is_s3 and presigned:
            return UNSIGNED
        if is_s3:
            raise ServiceError("InvalidRequest", "Missing required header for this request: x-amz-content-sha256", 400)
        return digest_of(environ)
    value = str(value)
    if _SHA256.fullmatch(value) or (is_s3 and value in _WORDS):
        return value
    if is_s3 and value.startswith("STREAMING-"):
        raise ServiceError(
            "NotImplemented",
            f"localaws does not verify chunks that are signed like this ({value}). Sign the whole body, or send "
            f"{SIGNED_CHUNKS}.",
            501,
        )
    raise ServiceError(
        "InvalidRequest", f"x-amz-content-sha256 must be {', '.join(_WORDS)} or a valid sha256 value.", 400
    )


def require(environ: dict[str, Any], digest: str, signing_name: str) -> None:
    """Raise ServiceError where the body is not what was signed."""
    if _SHA256.fullmatch(digest) and not hmac.compare_digest(digest, digest_of(environ)):
        raise refused("other body", signing_name)


def digest_of(environ: dict[str, Any]) -> str:
    body, found = environ["wsgi.input"], hashlib.sha256()
    body.seek(0)
    while chunk := body.read(_CHUNK):
        found.update(chunk)
    body.seek(0)
    return found.hexdigest()
