"""Whether the bytes in a stage's bucket are still those that the release pinned: model data, code, definition.

S3's own checksums tell it, and no byte is fetched for it. Where S3 has none in common with the source, the version and
ETag that the copy had when it was promoted do. Pure.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from scripts.decisions.drift import Difference
from scripts.decisions.names import StageNames
from scripts.decisions.promotion import artifact_key
from scripts.decisions.release import Release, S3Object

OBJECT = "AWS::S3::Object"


class Copied(BaseModel):
    """An object as it was right after its promotion, when it was proven to be the source's copy."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    version_id: str | None
    etag: str


def pinned_artifacts(release: Release, names: StageNames) -> dict[str, S3Object]:
    """What each key of a release's model data in the stage's bucket must hold."""
    package = release.model_package
    prefix = names.artifact_prefix(package.version, package.artifact_digest)
    return {
        artifact_key(prefix, index, container, item): item
        for index, container in enumerate(package.containers)
        for item in container.objects
    }


def pinned_code(release: Release, names: StageNames) -> dict[str, str]:
    """Hex SHA-256 of what each key of a release's code in the stage's bucket must hold."""
    digest = release.pipeline.code_sha256
    return {f"{names.code_prefix(digest)}{path}": sha for path, sha in release.pipeline.code.items()} if digest else {}


def copies_of(record: Any) -> dict[str, Copied]:
    """The copies that a deployment's record names; none of an earlier form's, or of what is no record."""
    found = record.get("artifacts") if isinstance(record, Mapping) else None
    try:
        return {str(key): Copied.model_validate(each) for key, each in (found or {}).items()}
    except (ValidationError, AttributeError):
        return {}


def artifact_difference(
    bucket: str, key: str, pinned: S3Object, there: S3Object | None, copied: Copied | None
) -> Difference | None:
    """Why an object is not, or is not known to be, what was pinned; None where it is."""
    name = f"s3://{bucket}/{key}"
    if there is None:
        return Difference("bucket", name, OBJECT, None)
    if there.size != pinned.size:
        return Difference("bucket", name, OBJECT, "size", f"{pinned.size} bytes", f"{there.size} bytes")
    ours, theirs = pinned.checksum, there.checksum
    if ours and theirs and (ours.algorithm, ours.type) == (theirs.algorithm, theirs.type):
        if ours.value == theirs.value:
            return None
        return Difference("bucket", name, OBJECT, ours.algorithm, ours.value, theirs.value)
    if copied and (copied.version_id, copied.etag) == (there.version_id, there.etag):
        return None
    wanted = f"version {copied.version_id}" if copied else "one that S3 can compare with its source"
    return Difference("bucket", name, OBJECT, "version", wanted, f"version {there.version_id}")


def needs_record(pinned: Mapping[str, S3Object], there: Mapping[str, S3Object | None]) -> bool:
    """Whether a checksum in common is missing somewhere, so that only the record of the promotion can tell."""
    return any(True for _ in _incomparable(pinned, there))


def _incomparable(pinned: Mapping[str, S3Object], there: Mapping[str, S3Object | None]) -> Iterator[str]:
    for key, item in pinned.items():
        found = there.get(key)
        if found is None or found.size != item.size:
            continue
        ours, theirs = item.checksum, found.checksum
        if not (ours and theirs and (ours.algorithm, ours.type) == (theirs.algorithm, theirs.type)):
            yield key


def code_difference(bucket: str, key: str, sha256: str, there: S3Object | None, read: str | None) -> Difference | None:
    """``read``: the digest of the bytes, where S3 has no SHA-256 of them."""
    name = f"s3://{bucket}/{key}"
    if there is None:
        return Difference("bucket", name, OBJECT, None)
    found = sha256_told(there) or read
    return None if found == sha256 else Difference("bucket", name, OBJECT, "SHA256", sha256, found or "unknown")


def sha256_told(there: S3Object) -> str | None:
    """Hex SHA-256 of the whole object, where S3 has it."""
    checksum = there.checksum
    if checksum is None or (checksum.algorithm, checksum.type) != ("SHA256", "FULL_OBJECT"):
        return None
    try:
        return base64.b64decode(checksum.value, validate=True).hex()
    except ValueError:
        return None
