"""The dev account's bucket for models, made where it is missing: versioned, encrypted, TLS only, not public."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from scripts.decisions.partitions import partition_of
from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors

_BLOCKED = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def ensure_artifact_bucket(account: Account, bucket: str) -> bool:
    """Whether it was made or finished now. One that holds objects or has a policy is somebody's, and left alone."""
    s3 = account.client("s3")
    elsewhere = {} if account.region == "us-east-1" else {"LocationConstraint": account.region}
    with told_as_deployment_errors(account.actor):
        if _exists(s3, bucket):
            if s3.list_objects_v2(Bucket=bucket, MaxKeys=1)["KeyCount"] or _has_policy(s3, bucket):
                return False
        else:
            s3.create_bucket(Bucket=bucket, **({"CreateBucketConfiguration": elsewhere} if elsewhere else {}))
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        s3.put_bucket_encryption(
            Bucket=bucket,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
        )
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(_BLOCKED, True))
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(_tls_only(bucket, account.region)))
    return True


def _exists(s3: Any, bucket: str) -> bool:
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error_code(error) in ("404", "NoSuchBucket", "NotFound"):
            return False
        raise
    return True


def _has_policy(s3: Any, bucket: str) -> bool:
    try:
        s3.get_bucket_policy(Bucket=bucket)
    except ClientError as error:
        if error_code(error) != "NoSuchBucketPolicy":
            raise
        return False
    return True


def _tls_only(bucket: str, region: str) -> dict[str, Any]:
    arn = f"arn:{partition_of(region)}:s3:::{bucket}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
