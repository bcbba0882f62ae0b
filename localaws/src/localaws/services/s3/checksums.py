"""Whether what arrived is what the client said it sent: Content-MD5 and the checksums of S3. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

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
