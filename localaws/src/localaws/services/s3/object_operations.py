"""Objects: what moto does not check before it takes one, what AWS announces after, and copies of parts.

A part is copied by naming its range of the source's files; moto would hold the whole source for each.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from localaws.core.body import Body, BodyFile
from localaws.core.caller import Caller
from localaws.core.digests import MD5
from localaws.core.errors import ServiceError
from localaws.core.operations import Companion
from localaws.core.service import Request, Response, Service
from localaws.core.wire import HttpResponse, OperationRequest
from localaws.services.s3 import announcements, arrivals, moto_objects, notifications, parts
from localaws.services.s3.bucket_policy_operations import TABLE
from localaws.services.s3.conditional_writes import ConditionalWrites, is_conditional, refuse_other_source
from localaws.services.s3.ownership import check_expected_owner

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_OF_AN_UPLOAD = ("UploadPart", "ListParts")
_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


class Objects(Service):
    """UploadPartCopy, and a companion for all that moto answers."""

    service = "s3"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        cloud.operations.accompany("s3", ObjectCompanion(cloud))

    def upload_part_copy(self, caller: Caller, request: Request) -> Response:
        _check_owners(self._cloud, request)
        _refuse_absent_upload(self._cloud, request)
        bucket, key, version = copy_source(request["CopySource"])
        if self._cloud.moto.bucket_owner(bucket) is None:
            raise ServiceError("NoSuchBucket", "The specified bucket does not exist", 404, BucketName=bucket)
        content = _source_range(bucket, key, version, request.get("CopySourceRange"))
        refuse_other_source(request, moto_objects.etag_and_time_of(bucket, key, version))
        algorithm = moto_objects.upload_checksum_algorithm(request["Bucket"], request["UploadId"])
        digests = content.know([MD5, algorithm] if algorithm else [MD5])
        target = {name: request[name] for name in ("Bucket", "Key", "UploadId", "PartNumber")}
        made = self._cloud.client("s3", caller).upload_part(**target, Body=BodyFile(content))
        result: Response = {"ETag": made["ETag"], "LastModified": self._cloud.clock.now()}
        if algorithm:
            result[f"Checksum{algorithm}"] = digests[algorithm]
        source_version = moto_objects.version_of(bucket, key, version)
        return {"CopyPartResult": result, **({"CopySourceVersionId": source_version} if source_version else {})}


class ObjectCompanion(Companion):
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._policies = cloud.store.table(TABLE)
        self._conditional_writes = ConditionalWrites()
        self._notifications = cloud.store.table(notifications.TABLE)

    def before(self, caller: Caller, request: OperationRequest) -> dict[str, str]:
        _check_owners(self._cloud, request.parameters)
        if request.operation.name in _OF_AN_UPLOAD:
            _refuse_absent_upload(self._cloud, request.parameters)
        headers: dict[str, str] = {}
        if request.operation.name in arrivals.OPERATIONS:
            request.parameters["Body"], headers = arrivals.keep(self._cloud.moto.bodies, request)
        if parts.is_wanted(request):
            headers = parts.range_headers(request)
        if request.operation.name == "CopyObject":
            source = moto_objects.etag_and_time_of(*copy_source(request.parameters["CopySource"]))
            refuse_other_source(request.parameters, source)
        # Last: what has begun will be ended.
        self._conditional_writes.begin(request.operation.name, request.parameters)
        return headers

    def hidden(self, request: OperationRequest) -> frozenset[str]:
        return frozenset({parts.PARAMETER}) if parts.is_wanted(request) else frozenset()

    def after(self, caller: Caller, request: OperationRequest, response: HttpResponse) -> HttpResponse:
        if response.status >= 300:
            return response
        name, bucket = request.operation.name, str(request.parameters.get("Bucket", ""))
        if name in ("HeadObject", "CompleteMultipartUpload"):
            response = _with_checksum(request, response)
        if parts.is_wanted(request):
            response = parts.with_part(request, response)
        if name == "DeleteObject":
            self._conditional_writes.deleted(bucket, [request.parameters["Key"]])
        elif name == "DeleteObjects":
            self._conditional_writes.deleted(bucket, [each["Key"] for each in request.parameters["Delete"]["Objects"]])
        if name == "DeleteBucket":
            self._policies.delete(bucket)
            self._notifications.delete(bucket)
        elif name in announcements.CREATING and announcements.announces(self._cloud, bucket):
            announcements.announce_created(self._cloud, caller, bucket, request.parameters["Key"], name)
        elif name == "DeleteObject" and announcements.announces(self._cloud, bucket):
            announcements.announce_deleted(self._cloud, caller, bucket, request.parameters["Key"], response.headers)
        elif name == "DeleteObjects" and announcements.announces(self._cloud, bucket):
            for entry in request.parameters["Delete"]["Objects"]:
                announcements.announce_deleted(self._cloud, caller, bucket, entry["Key"], {})
        return response

    def ended(self, request: OperationRequest) -> None:
        if is_conditional(request.operation.name, request.parameters):
            self._conditional_writes.end(request.parameters)


def _refuse_absent_upload(cloud: Cloud, request: Request) -> None:
    """NoSuchUpload for one that was completed or aborted, or never was; of an absent bucket moto says so."""
    bucket = str(request.get("Bucket", ""))
    if cloud.moto.bucket_owner(bucket) is None or str(request.get("Key")) in ("", "None"):
        return
    if str(request.get("UploadId")) not in moto_objects.uploads_of(bucket, str(request["Key"])):
        raise ServiceError(
            "NoSuchUpload",
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
            "completed.",
            404,
            UploadId=str(request.get("UploadId")),
        )


def _with_checksum(request: OperationRequest, response: HttpResponse) -> HttpResponse:
    """The answer with the checksum that moto leaves out of it, or gives without its number of parts."""
    given = request.parameters
    stored = moto_objects.stored_checksum(given["Bucket"], given["Key"], given.get("VersionId"))
    if stored is None:
        return response
    algorithm, value, kind = stored
    if request.operation.name == "HeadObject":
        header = f"x-amz-checksum-{algorithm.lower()}"
        if not any(name.lower() == header for name in response.headers):  # it was not asked for
            return response
        kept = {name: old for name, old in response.headers.items() if not name.lower().startswith("x-amz-checksum")}
        return replace(response, headers={**kept, header: value, "x-amz-checksum-type": kind})
    added = f"<Checksum{algorithm}>{value}</Checksum{algorithm}><ChecksumType>{kind}</ChecksumType>".encode()
    end = b"</CompleteMultipartUploadResult>"
    return replace(response, body=response.body.replace(end, added + end))


def copy_source(given: Any) -> tuple[str, str, str | None]:
    """Bucket, key and version id of a CopySource."""
    path, _, query = str(given).partition("?")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    return bucket, key, parse_qs(query).get("versionId", [None])[0]


def _source_range(bucket: str, key: str, version: str | None, stated: str | None) -> Body:
    found = _RANGE.fullmatch(stated) if stated is not None else None
    if stated is not None and not found:
        raise ServiceError("InvalidArgument", "The x-amz-copy-source-range value must be of the form bytes=first-last")
    source = moto_objects.body_of(bucket, key, version)
    if source is None:
        raise ServiceError("NoSuchKey", "The specified key does not exist.", 404, Key=key)
    if found is None:
        return source
    first, last, size = int(found[1]), int(found[2]), len(source)
    if first > last or last >= size:
        raise ServiceError("InvalidRange", f"Range specified is not valid for source object of size: {size}", 416)
    return source[first : last + 1]


def _check_owners(cloud: Cloud, parameters: dict[str, Any]) -> None:
    """ExpectedBucketOwner and ExpectedSourceBucketOwner are who they are said to be."""
    for expected, bucket in (
        (parameters.get("ExpectedBucketOwner"), parameters.get("Bucket")),
        (parameters.get("ExpectedSourceBucketOwner"), parameters.get("CopySource")),
    ):
        if expected and bucket:
            check_expected_owner(cloud.moto.bucket_owner(copy_source(bucket)[0]), expected)
