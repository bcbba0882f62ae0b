"""S3's operations as IAM actions; their names differ more than any other service's. Pure.

What depends on the objects themselves is not here: whether one has tags that a copy takes along
(``iam/copied_tags.py``), and whether one is encrypted (``iam/encryption.py``).

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

from collections.abc import Mapping
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
# Actions that are another one for a version that the request names.
_VERSIONED = frozenset(
    {
        "DeleteObject",
        "DeleteObjectTagging",
        "GetObject",
        "GetObjectAcl",
        "GetObjectAttributes",
        "GetObjectTagging",
        "PutObjectAcl",
        "PutObjectTagging",
    }
)
# Headers that ask for more than writing an object: their parameters, and the action.
_WITH = {
    "Tagging": "PutObjectTagging",
    "ACL": "PutObjectAcl",
    "GrantFullControl": "PutObjectAcl",
    "GrantRead": "PutObjectAcl",
    "GrantReadACP": "PutObjectAcl",
    "GrantWriteACP": "PutObjectAcl",
    "ObjectLockMode": "PutObjectRetention",
    "ObjectLockRetainUntilDate": "PutObjectRetention",
    "ObjectLockLegalHoldStatus": "PutObjectLegalHold",
}
_WRITING = ("PutObject", "CopyObject", "CreateMultipartUpload")
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
    action = _of_version(_ACTIONS.get(operation, operation), "VersionId" in parameters)
    context = {key: (str(parameters[name]),) for name, key in _CONTEXT.items() if name in parameters}
    bucket = parameters.get("Bucket")
    if bucket is None:
        return [Requirement(f"s3:{action}", ("*",), context)]
    if operation == "DeleteObjects":
        return [_deletion(bucket, item, context, place) for item in parameters.get("Delete", {}).get("Objects", [])]
    arn = place.bucket_arn(bucket, parameters.get("Key"))
    found = [Requirement(f"s3:{action}", (arn,), context)]
    if operation == "GetObjectAttributes":
        reading = _of_version("GetObject", "VersionId" in parameters)
        found.insert(0, Requirement(f"s3:{reading}", (arn,), context))
    if operation in _WRITING:
        more = sorted({action for name, action in _WITH.items() if parameters.get(name)})
        found += [Requirement(f"s3:{each}", (arn,), context) for each in more]
    if "CopySource" in parameters:
        found.append(_source(parameters["CopySource"], place))
    return found


def copy_source(source: Any) -> tuple[str, str, str | None]:
    """Bucket, key and version of what is copied: ``bucket/key`` or ``/bucket/key?versionId=...``, URL-encoded."""
    path, _, version = str(source).partition("?versionId=")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    return bucket, key, version or None


def _source(source: Any, place: Place) -> Requirement:
    """Copying reads its source."""
    bucket, key, version = copy_source(source)
    return Requirement(f"s3:{_of_version('GetObject', version is not None)}", (place.bucket_arn(bucket, key),))


def _deletion(bucket: Any, item: Parameters, context: Mapping[str, tuple[str, ...]], place: Place) -> Requirement:
    action = _of_version("DeleteObject", bool(item.get("VersionId")))
    return Requirement(f"s3:{action}", (place.bucket_arn(bucket, str(item["Key"])),), context)


def _of_version(action: str, named: bool) -> str:
    return action.replace("Object", "ObjectVersion", 1) if named and action in _VERSIONED else action
