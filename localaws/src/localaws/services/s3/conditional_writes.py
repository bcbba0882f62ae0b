"""Conditional writes: PutObject, CopyObject and CompleteMultipartUpload with ``If-None-Match: *`` or ``If-Match``.

Conditional writes of one key are made one after another, so that of several at once exactly one finds its condition
true. A key that is deleted during a multipart upload makes its conditional end a conflict. It writes nothing itself.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from localaws.core.errors import ServiceError
from localaws.services.s3 import moto_objects

WRITES = ("PutObject", "CopyObject", "CompleteMultipartUpload")


class ConditionalWrites:
    """The conditional writes that are being made, by bucket and key."""

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._being_written: set[tuple[str, str]] = set()
        self._conflicting_uploads: set[str] = set()

    def begin(self, operation: str, parameters: dict[str, Any]) -> None:
        """Let a conditional write be made now, which has to be ended. Raises ServiceError where it may not."""
        if not is_conditional(operation, parameters):
            return
        match, none_match = parameters.get("IfMatch"), parameters.get("IfNoneMatch")
        place = parameters["Bucket"], parameters["Key"]
        with self._free:
            self._free.wait_for(lambda: place not in self._being_written)
            _refuse(place, match, none_match)
            if parameters.get("UploadId") in self._conflicting_uploads:
                raise _conflict(place[1], "If-Match" if match else "If-None-Match")
            self._being_written.add(place)

    def end(self, parameters: dict[str, Any]) -> None:
        with self._free:
            self._being_written.discard((parameters["Bucket"], parameters["Key"]))
            self._free.notify_all()

    def deleted(self, bucket: str, keys: Iterable[str]) -> None:
        """Objects are deleted: uploads of these keys that have begun can no longer end under a condition."""
        for key in keys:
            with self._free:
                self._conflicting_uploads.update(moto_objects.uploads_of(bucket, key))


def is_conditional(operation: str, parameters: dict[str, Any]) -> bool:
    return operation in WRITES and bool(parameters.get("IfMatch") or parameters.get("IfNoneMatch"))


def refuse_other_source(parameters: dict[str, Any], source: tuple[str, datetime] | None) -> None:
    """PreconditionFailed where the source of a copy (its ETag, and when it was written) is not what is asked for.

    Of two conditions that contradict each other the one on the ETag decides.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
    """
    if source is None:  # there is none: that is another error
        return
    etag, written = source[0].strip('"'), source[1]
    match, none_match = parameters.get("CopySourceIfMatch"), parameters.get("CopySourceIfNoneMatch")
    unmodified = _moment(parameters.get("CopySourceIfUnmodifiedSince"))
    modified = _moment(parameters.get("CopySourceIfModifiedSince"))
    if match and match.strip('"') != etag:
        raise _failed("x-amz-copy-source-If-Match")
    if none_match and none_match.strip('"') == etag:
        raise _failed("x-amz-copy-source-If-None-Match")
    if unmodified and not match and written > unmodified:
        raise _failed("x-amz-copy-source-If-Unmodified-Since")
    if modified and not none_match and written <= modified:
        raise _failed("x-amz-copy-source-If-Modified-Since")


def _moment(given: datetime | None) -> datetime | None:
    """A header's date has no zone, and is in UTC."""
    return given.replace(tzinfo=UTC) if given and given.tzinfo is None else given


def _refuse(place: tuple[str, str], match: str | None, none_match: str | None) -> None:
    if none_match and none_match != "*":
        raise ServiceError(
            "NotImplemented",
            "A header you provided implies functionality that is not implemented",
            501,
            Header="If-None-Match",
        )
    there = moto_objects.etag_of(*place)
    if none_match and there is not None:
        raise _failed("If-None-Match")
    if match and there is None:
        raise ServiceError("NoSuchKey", "The specified key does not exist.", 404, Key=place[1])
    if match and match.strip('"') != str(there).strip('"'):
        raise _failed("If-Match")


def _failed(header: str) -> ServiceError:
    return ServiceError(
        "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412, Condition=header
    )


def _conflict(key: str, header: str) -> ServiceError:
    return ServiceError(
        "ConditionalRequestConflict",
        "The conditional request cannot succeed due to a conflicting operation against this resource.",
        409,
        Condition=header,
        Key=key,
    )
