"""The condition keys by which a bucket policy asks that objects be written conditionally. Pure.

An upload in parts becomes an object when it is completed: its beginning and its parts create none, and take no
conditional headers. If-Match and If-None-Match of a request that reads fill no key.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
"""

from __future__ import annotations

from localaws.iam.requirements import Parameters

_CREATES = {
    "PutObject": True,
    "CopyObject": True,
    "CompleteMultipartUpload": True,
    "CreateMultipartUpload": False,
    "UploadPart": False,
    "UploadPartCopy": False,
}
_HEADERS = {"IfMatch": "s3:if-match", "IfNoneMatch": "s3:if-none-match"}


def creation_context(operation: str, parameters: Parameters) -> dict[str, tuple[str, ...]]:
    """Of a request that needs s3:PutObject."""
    if operation not in _CREATES:
        return {}
    found = {key: (str(parameters[name]),) for name, key in _HEADERS.items() if parameters.get(name)}
    return {**found, "s3:objectcreationoperation": (str(_CREATES[operation]).lower(),)}
