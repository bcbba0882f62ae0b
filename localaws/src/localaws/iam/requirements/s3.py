"""S3's operations as IAM actions; their names differ more than any other service's. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from localaws.iam.requirements.requirement import Parameters, Place, Requirement

_ACTIONS = {
    "AbortMultipartUpload": "AbortMultipartUpload",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteObjects": "DeleteObject",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "SelectObjectContent": "GetObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
_VERSIONED = ("GetObject", "DeleteObject", "GetObjectTagging", "GetObjectAcl", "PutObjectTagging")
_CONTEXT = {
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "ACL": "s3:x-amz-acl",
    "Prefix": "s3:prefix",
    "Delimiter": "s3:delimiter",
    "MaxKeys": "s3:max-keys",
    "VersionId": "s3:versionid",
    "CopySource": "s3:x-amz-copy-source",
    "StorageClass": "s3:x-amz-storage-class",
    "MetadataDirective": "s3:x-amz-metadata-directive",
    "SSECustomerAlgorithm": "s3:x-amz-server-side-encryption-customer-algorithm",
}


def requirements(operation: str, parameters: Parameters, place: Place) -> list[Requirement]:
    action = _ACTIONS.get(operation, operation)
    if "VersionId" in parameters and action in _VERSIONED:
        action = action.replace("Object", "ObjectVersion", 1)
    context = {key: (str(parameters[name]),) for name, key in _CONTEXT.items() if name in parameters}
    bucket = parameters.get("Bucket")
    if bucket is None:
        return [Requirement(f"s3:{action}", ("*",), context)]
    if operation == "DeleteObjects":
        keys = [str(item["Key"]) for item in parameters.get("Delete", {}).get("Objects", [])]
        return [Requirement("s3:DeleteObject", (place.bucket_arn(bucket, key),), context) for key in keys]
    found = [Requirement(f"s3:{action}", (place.bucket_arn(bucket, parameters.get("Key")),), context)]
    if "CopySource" in parameters:
        found.append(_source(parameters["CopySource"], place))
    return found


def _source(source: Any, place: Place) -> Requirement:
    """Copying reads its source: ``bucket/key`` or ``/bucket/key?versionId=...``, URL-encoded."""
    path, _, version = str(source).partition("?versionId=")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    return Requirement("s3:GetObjectVersion" if version else "s3:GetObject", (place.bucket_arn(bucket, key),))
