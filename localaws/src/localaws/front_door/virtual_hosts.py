"""S3's buckets as names of hosts: ``bucket.localhost``, ``bucket.s3.eu-west-1.amazonaws.com``. Pure.

Behind the front door a bucket is always in the path; a request is rewritten after its signature was verified.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_to_bytes

from localaws.front_door.verification import request_target

_PLAIN = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?", re.IGNORECASE)
_LOCAL = re.compile(r"(?P<bucket>.+)\.localhost(:\d+)?", re.IGNORECASE)
_OF_S3 = re.compile(r"((?P<bucket>.+)\.)?s3[.-]([a-z0-9-]+\.)*amazonaws\.com(\.cn)?(:\d+)?", re.IGNORECASE)
# `s3.localhost` and `s3.eu-west-1.localhost` are S3 itself.
_SERVICE = re.compile(r"((?P<bucket>.+)\.)?s3(\.[a-z]{2}(-[a-z]+)+-\d)?", re.IGNORECASE)


def bucket_in_host(environ: dict[str, Any]) -> str | None:
    host = str(environ.get("HTTP_HOST", ""))
    local = _LOCAL.fullmatch(host)
    if local:
        service = _SERVICE.fullmatch(local["bucket"])
        return service["bucket"] if service else local["bucket"]
    found = _OF_S3.fullmatch(host)
    return found["bucket"] if found else None


def bucket_of(environ: dict[str, Any]) -> str:
    """The bucket that a request would be about if it were one of S3; empty where it names none."""
    return bucket_in_host(environ) or str(environ.get("PATH_INFO", "")).lstrip("/").partition("/")[0]


def with_bucket_in_path(environ: dict[str, Any], server: str) -> None:
    """Rewrite a request of S3 whose host names its bucket, as one that names it in its path to ``server``."""
    bucket, target = bucket_in_host(environ), request_target(environ)
    if not _PLAIN.fullmatch(str(environ.get("HTTP_HOST", ""))):
        environ["HTTP_HOST"] = server
    if bucket is None or target is None:
        return
    path, query = target
    path = f"/{bucket}" if path == "/" else f"/{bucket}{path}"
    environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1")
    environ["RAW_URI"] = environ["REQUEST_URI"] = path + (f"?{query}" if query else "")
