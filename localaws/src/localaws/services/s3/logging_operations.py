"""PutBucketLogging: where the access logs of a bucket go. moto keeps the setting, answers it and writes the logs.

moto would ask its own copy of the target's policy whether logs may be written; the policies are kept here. AWS asks
nobody when the setting is put, and delivers nothing where the target does not let logging.s3.amazonaws.com in.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html
"""

from __future__ import annotations

from typing import Any

from moto.s3.models import FakeGrant, FakeGrantee, s3_backends

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.services.s3.ownership import check_expected_owner, owned_bucket


class BucketLogging(Service):
    service = "s3"

    def put_bucket_logging(self, caller: Caller, request: Request) -> Response:
        bucket = str(request["Bucket"])
        owner = owned_bucket(self._cloud, caller, bucket)
        check_expected_owner(owner, request.get("ExpectedBucketOwner"))
        enabled: dict[str, Any] = (request.get("BucketLoggingStatus") or {}).get("LoggingEnabled") or {}
        if enabled:
            self._refuse_target(bucket, owner, enabled)
        with self._cloud.moto.changing("s3", bucket=bucket):
            _, account = s3_backends.bucket_accounts[bucket]
            s3_backends[account][caller.partition].buckets[bucket].logging = _as_moto_keeps_it(enabled)
        return {}

    def _refuse_target(self, bucket: str, owner: str, enabled: dict[str, Any]) -> None:
        if "PartitionedPrefix" in (enabled.get("TargetObjectKeyFormat") or {}):
            raise ServiceError("NotImplemented", "localaws does not implement PartitionedPrefix of access logs.", 501)
        target = str(enabled["TargetBucket"])
        target_owner = self._cloud.moto.bucket_owner(target)
        if target_owner is None:
            problem = "The target bucket for logging does not exist"
            raise ServiceError("InvalidTargetBucketForLogging", problem, TargetBucket=target)
        if target_owner != owner:
            problem = "The owner for the bucket to be logged and the target bucket must be the same."
            raise ServiceError("InvalidTargetBucketForLogging", problem, TargetBucket=target)
        region = self._cloud.moto.bucket_region(target)
        if region != self._cloud.moto.bucket_region(bucket):
            # S3 spells the code so.
            problem = "Cross S3 location logging not allowed. "
            raise ServiceError("CrossLocationLoggingProhibitted", problem, 403, TargetBucketLocation=region)


def _as_moto_keeps_it(enabled: dict[str, Any]) -> dict[str, Any]:
    if not enabled:
        return {}
    kept = {"TargetBucket": enabled["TargetBucket"], "TargetPrefix": enabled.get("TargetPrefix") or ""}
    grants = [_grant(each) for each in enabled.get("TargetGrants") or []]
    return {**kept, "TargetGrants": grants} if grants else kept


def _grant(grant: dict[str, Any]) -> FakeGrant:
    grantee = grant.get("Grantee") or {}
    names = {"grantee_id": grantee.get("ID", ""), "uri": grantee.get("URI", "")}
    return FakeGrant([FakeGrantee(**names, display_name=grantee.get("DisplayName", ""))], [grant.get("Permission", "")])
