"""Reads of moto's S3 that its API does not offer.

Nothing here changes anything in moto; ``requirements/`` pins the version whose insides these are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.s3.models import s3_backends

from localaws.core.body import Body


@dataclass(frozen=True)
class StoredPart:
    """A part of an object that was uploaded in parts; ``checksum``: algorithm and value."""

    number: int
    size: int
    checksum: tuple[str, str] | None


def bucket_region(bucket: str) -> str:
    return str(_bucket(bucket).region_name)


def body_of(bucket: str, key: str, version_id: str | None) -> Body | None:
    """An object's content; None if it is absent."""
    found = _key(bucket, key, version_id)
    return None if found is None else found.body[:]


def size_of(bucket: str, key: str, version_id: str | None) -> int | None:
    found = _key(bucket, key, version_id)
    return None if found is None else len(found.body)


def parts_of(bucket: str, key: str, version_id: str | None) -> list[StoredPart] | None:
    """The parts that an object was completed from, in their order; None where it was not uploaded in parts."""
    found = _key(bucket, key, version_id)
    if found is None or not found.multipart or "-" not in str(found.etag):
        return None
    algorithm = found.checksum_algorithm
    return [
        StoredPart(int(number), len(part.body), (algorithm, part.body.digest(algorithm)) if algorithm else None)
        for number, part in found.multipart.parts.items()
    ]


def version_of(bucket: str, key: str, version_id: str | None) -> str | None:
    """The version id of an object in a versioned bucket, or None."""
    found = _key(bucket, key, version_id)
    return str(found.version_id) if found is not None and found._is_versioned else None


def etag_of(bucket: str, key: str) -> str | None:
    """The ETag of a key's current object; None where there is no bucket, no object, or a delete marker."""
    if bucket not in s3_backends.bucket_accounts:
        return None
    found = _key(bucket, key, None)
    return None if found is None else str(found.etag)


def etag_and_time_of(bucket: str, key: str, version_id: str | None) -> tuple[str, datetime] | None:
    """The ETag of an object and when it was written, to the second; None where there is none."""
    found = _key(bucket, key, version_id)
    return None if found is None else (str(found.etag), found.last_modified.replace(microsecond=0, tzinfo=UTC))


def uploads_of(bucket: str, key: str) -> list[str]:
    """The ids of the multipart uploads of a key that have begun and not ended."""
    return [str(upload_id) for upload_id, upload in _bucket(bucket).multiparts.items() if upload.key_name == key]


def stored_checksum(bucket: str, key: str, version_id: str | None) -> tuple[str, str, str] | None:
    """Algorithm, value and type of an object's checksum; the value of a composite one ends in ``-<parts>``."""
    found = _key(bucket, key, version_id)
    if found is None or not found.checksum_algorithm or not found.checksum_value:
        return None
    composite = found.checksum_type == "COMPOSITE"
    value = f"{found.checksum_value}-{found.checksum_parts}" if composite else str(found.checksum_value)
    return str(found.checksum_algorithm), value, str(found.checksum_type or "FULL_OBJECT")


def upload_checksum_algorithm(bucket: str, upload_id: str) -> str | None:
    """The checksum algorithm that a multipart upload was begun with (``SHA256`` ...), or None."""
    upload = _bucket(bucket).multiparts.get(upload_id)
    algorithm = upload.metadata.get("x-amz-checksum-algorithm") if upload is not None else None
    return str(algorithm) if algorithm else None


def _key(bucket: str, key: str, version_id: str | None) -> Any:
    if bucket not in s3_backends.bucket_accounts:
        return None
    account, partition = _place(bucket)
    found = s3_backends[account][partition].get_object(bucket, key, version_id=version_id)
    # A delete marker is no object; it has no content.
    return found if hasattr(found, "body") else None


def _bucket(bucket: str) -> Any:
    account, partition = _place(bucket)
    return s3_backends[account][partition].buckets[bucket]


def _place(bucket: str) -> tuple[str, str]:
    """(account, partition) of a bucket that exists."""
    partition, account = s3_backends.bucket_accounts[bucket]
    return account, partition
