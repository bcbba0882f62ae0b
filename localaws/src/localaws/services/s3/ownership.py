"""Whose bucket is it: the checks that every operation on a bucket's own settings begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


def owned_bucket(cloud: Cloud, caller: Caller, bucket: str) -> str:
    """The account that owns ``bucket``, which must be the caller's; NoSuchBucket or AccessDenied otherwise."""
    owner = cloud.moto.bucket_owner(bucket)
    if owner is None:
        raise ServiceError("NoSuchBucket", "The specified bucket does not exist", 404, BucketName=bucket)
    if owner != caller.account:
        raise ServiceError("AccessDenied", "Access Denied", 403)
    return owner


def check_expected_owner(owner: str | None, expected: str | None) -> None:
    """AccessDenied where the caller named another owner (``ExpectedBucketOwner``) than the bucket has.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
    """
    if owner is not None and expected is not None and expected != owner:
        raise ServiceError("AccessDenied", "Access Denied", 403)
