"""What S3 tells of objects: EventBridge, for buckets that have it switched on, and the topics and queues of a bucket.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.partitions import partition_of
from localaws.services.s3 import notifications
from localaws.services.s3.moto_objects import bucket_region

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

CREATING = frozenset({"PutObject", "CopyObject", "CompleteMultipartUpload", "PostObject"})


def announces(cloud: Cloud, bucket: str) -> bool:
    """Whether anybody is told of the bucket's objects."""
    owner = cloud.moto.bucket_owner(bucket)
    return owner is not None and any(
        value or value == {} for value in notifications.configuration_of(cloud, bucket, owner).values()
    )


def announce_created(cloud: Cloud, caller: Caller, bucket: str, key: str, reason: str) -> None:
    """Announce that an object was written."""
    owner, region = _place(cloud, bucket)
    head = cloud.client("s3", Caller.root(owner, region)).head_object(Bucket=bucket, Key=key)
    shown: dict[str, Any] = {"key": key, "size": head["ContentLength"], "etag": head["ETag"].strip('"')}
    if head.get("VersionId"):
        shown["version-id"] = head["VersionId"]
    shown["sequencer"] = _sequencer()
    _emit(cloud, caller, bucket, "Object Created", shown, {"reason": reason})
    notifications.notify(cloud, caller, bucket, notifications.created(reason), shown)


def announce_deleted(cloud: Cloud, caller: Caller, bucket: str, key: str, headers: dict[str, str]) -> None:
    """Announce that an object was deleted; ``headers`` are those of the answer to DeleteObject."""
    known = {name.lower(): value for name, value in headers.items()}
    marker = known.get("x-amz-delete-marker") == "true"
    shown: dict[str, Any] = {"key": key, "sequencer": _sequencer()}
    if "x-amz-version-id" in known:
        shown["version-id"] = known["x-amz-version-id"]
    kind = "Delete Marker Created" if marker else "Permanently Deleted"
    _emit(cloud, caller, bucket, "Object Deleted", shown, {"reason": "DeleteObject", "deletion-type": kind})
    notifications.notify(cloud, caller, bucket, notifications.removed(marker), shown)


def _emit(
    cloud: Cloud, caller: Caller, bucket: str, detail_type: str, shown: dict[str, Any], more: dict[str, str]
) -> None:
    owner, region = _place(cloud, bucket)
    if "EventBridgeConfiguration" not in notifications.configuration_of(cloud, bucket, owner):
        return
    detail = {
        "version": "0",
        "bucket": {"name": bucket},
        "object": shown,
        "request-id": secrets.token_hex(8).upper(),
        "requester": caller.account,
        "source-ip-address": "127.0.0.1",
        **more,
    }
    cloud.emit(owner, region, "aws.s3", detail_type, detail, [f"arn:{partition_of(region)}:s3:::{bucket}"])


def _place(cloud: Cloud, bucket: str) -> tuple[str, str]:
    return str(cloud.moto.bucket_owner(bucket)), bucket_region(bucket)


def _sequencer() -> str:
    """Grows with time, so that events of one key can be put in order."""
    return f"{time.time_ns():018X}"
