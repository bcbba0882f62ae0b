"""What a request may change in moto, told from the request alone: services, and of S3 the objects.

It is generous: a request that changes nothing costs a comparison, one that is forgotten costs what it did.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from moto.s3.models import s3_backends

from localaws.core.wire import OperationRequest
from localaws.moto.bucket_chunks import TouchedObjects
from localaws.moto.chunks import Touched
from localaws.moto.originals import EVERY_OPERATION
from localaws.moto.reach import reached_from

_READING_METHODS = ("GET", "HEAD", "OPTIONS")
# Of S3's reading operations, these alone come often; the others may note something (tokens of their pages).
_READ_OBJECTS = ("GetObject", "HeadObject")
# Packages whose services share another's operations: whatever moto takes a request of S3 for.
_OF_S3 = ("s3", "s3control", "s3bucket_path")


def touched_by(package: str | None, environ: dict[str, Any], request: OperationRequest | None) -> Touched:
    """``package``: moto's, as moto finds it; None where moto takes the request for one of S3."""
    package = package or "s3"
    operation = request.operation.name if request is not None else EVERY_OPERATION
    if package not in _OF_S3:
        return Touched(set(reached_from(package)), {operation})
    if operation in _READ_OBJECTS:
        return Touched(objects=_logged(_bucket(environ, request)))
    reads = environ["REQUEST_METHOD"] in _READING_METHODS
    objects = TouchedObjects() if reads else _objects(environ, request)
    objects.take(_logged(_bucket(environ, request)))
    return Touched({"s3"} if reads else set(reached_from("s3")), {operation}, objects)


def _objects(environ: dict[str, Any], request: OperationRequest | None) -> TouchedObjects:
    bucket = _bucket(environ, request)
    if bucket is None:
        return TouchedObjects(everything=True)
    parameters = request.parameters if request is not None else {}
    if parameters.get("UploadId"):
        keys = {(bucket, str(parameters["Key"]))}
        return TouchedObjects(keys=keys, uploads={(bucket, str(parameters["UploadId"]))})
    if parameters.get("Key") and request is not None and request.operation.name != "CreateMultipartUpload":
        return TouchedObjects(keys={(bucket, str(parameters["Key"]))})
    return TouchedObjects(buckets={bucket})


def _bucket(environ: dict[str, Any], request: OperationRequest | None) -> str | None:
    if request is not None and request.parameters.get("Bucket"):
        return str(request.parameters["Bucket"])
    found = unquote(str(environ.get("PATH_INFO", ""))).lstrip("/").partition("/")[0]
    return found if found in s3_backends.bucket_accounts else None


def _logged(bucket: str | None) -> TouchedObjects:
    """moto writes the access log of a bucket at once, into the bucket that its logging names."""
    partition, account = s3_backends.bucket_accounts.get(bucket or "", ("", ""))
    if not account:
        return TouchedObjects()
    found = s3_backends[account][partition].buckets.get(bucket or "")
    target = found.logging.get("TargetBucket") if found is not None and found.logging else None
    return TouchedObjects(buckets={str(target)} if target else set())
