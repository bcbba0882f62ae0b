"""The dev account's bucket for models, made where it is missing: versioned, encrypted, TLS only, not public."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from scripts.decisions.partitions import partition_of
from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors
from scripts.gateways.keys import key_metadata

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


def bucket_exists(account: Account, bucket: str) -> bool:
    """Whether there is such a bucket. Raises AccessDeniedError where it is somebody else's, or not ours to ask."""
    s3 = account.client("s3")
    with told_as_deployment_errors(account.actor):
        return _exists(s3, bucket)


def bucket_region(account: Account, bucket: str) -> str | None:
    """Where a bucket is; None where S3 does not tell us, since it is not ours to ask."""
    with told_as_deployment_errors(account.actor):
        try:
            answer = account.client("s3").head_bucket(Bucket=bucket)
        except ClientError as error:
            if error_code(error) in ("403", "AccessDenied", "404", "NoSuchBucket"):
                return None
            raise
    found: str | None = answer.get("BucketRegion")
    return found


def own_buckets(account: Account) -> set[str]:
    """The names of the account's own buckets."""
    with told_as_deployment_errors(account.actor):
        pages = account.client("s3").get_paginator("list_buckets").paginate()
        return {each["Name"] for page in pages for each in page["Buckets"]}


def bucket_key(account: Account, bucket: str) -> str | None:
    """The ARN of the KMS key that a bucket encrypts with by default; None where it is S3's own key or AWS's.

    A key that is given by its alias or id alone is told as the ARN that KMS knows it by.
    """
    with told_as_deployment_errors(account.actor):
        try:
            answer = account.client("s3").get_bucket_encryption(Bucket=bucket)
        except ClientError as error:
            if error_code(error) == "ServerSideEncryptionConfigurationNotFoundError":
                return None
            raise
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
    named = [each.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID") for each in rules]
    found = next((each for each in named if each), None)
    if found is None or ":key/" in found:
        return found
    return str(key_metadata(account, found)["Arn"])


def object_key(account: Account, bucket: str, key: str) -> str | None:
    """The ARN of the KMS key of an object, or of the first one below a prefix; None where it has none."""
    s3 = account.client("s3")
    with told_as_deployment_errors(account.actor):
        try:
            answer = s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error_code(error) not in ("404", "NoSuchKey", "NotFound"):
                raise
            below = s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("Contents", [])
            answer = s3.head_object(Bucket=bucket, Key=below[0]["Key"]) if below else {}
    found: str | None = answer.get("SSEKMSKeyId")
    return found if found and ":key/" in found else None


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
