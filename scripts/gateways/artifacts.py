"""S3 objects: what is there, reading small ones, writing ours, and copying on the server's side.

No byte of an artifact passes through this process. A copy is complete only when S3's own checksum of it agrees with
the source's, or, where S3 has none in common, size and the source's pinned ETag do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import Any, BinaryIO, Literal, NamedTuple

from botocore.exceptions import ClientError

from scripts.decisions.promotion import Copy
from scripts.decisions.release import Checksum, S3Object
from scripts.errors import ArtifactError
from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors

MIB = 1024 * 1024
LARGEST_SINGLE_COPY = 5 * 1024 * MIB  # CopyObject refuses more
PART = 512 * MIB
PARALLEL_PARTS = 8
MOST_CONFLICTS = 3
_NOT_FIRST = {"PreconditionFailed", "412"}
_MET_ANOTHER = {"ConditionalRequestConflict", "409"}
_ABSENT = {"404", "NoSuchKey", "NotFound", "NoSuchVersion"}
_ALGORITHMS: tuple[Literal["SHA256", "CRC64NVME", "CRC32C", "CRC32", "SHA1"], ...] = (
    "SHA256",
    "CRC64NVME",
    "CRC32C",
    "CRC32",
    "SHA1",
)


class Listed(NamedTuple):
    """An object as a listing tells it; ``written`` is when, in ISO 8601."""

    key: str
    size: int
    etag: str
    written: str


class Objects:
    """S3 as one account's principal."""

    def __init__(self, account: Account, largest_single_copy: int = LARGEST_SINGLE_COPY, part: int = PART) -> None:
        self._account = account
        self._largest_single_copy = largest_single_copy
        self._part = part

    def head(self, bucket: str, key: str, version_id: str | None = None, path: str | None = None) -> S3Object | None:
        """What S3 says of an object; None where it is not there. A bucket that is not there is an error."""
        version = {"VersionId": version_id} if version_id else {}
        with told_as_deployment_errors(self._account.actor):
            try:
                answer = self._client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED", **version)
            except ClientError as error:
                if error_code(error) in _ABSENT:
                    return None
                raise
        return S3Object(
            bucket=bucket,
            key=key,
            path=path if path is not None else key.rsplit("/", 1)[-1],
            version_id=answer.get("VersionId"),
            etag=answer["ETag"].strip('"'),
            size=answer["ContentLength"],
            checksum=_checksum(answer),
        )

    def keys(self, bucket: str, prefix: str) -> Iterator[tuple[str, int]]:
        """(key, size in bytes) of every object below a prefix, in S3's order, without folder markers."""
        for each in self.contents(bucket, prefix):
            yield each.key, each.size

    def contents(self, bucket: str, prefix: str) -> Iterator[Listed]:
        """The same with what tells an object from an earlier or later one under its key."""
        with told_as_deployment_errors(self._account.actor):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            for page in pages:
                for each in page.get("Contents", []):
                    if not each["Key"].endswith("/"):
                        written = each["LastModified"].isoformat(timespec="milliseconds")
                        yield Listed(each["Key"], each["Size"], each["ETag"].strip('"'), written)

    def replaced(self, bucket: str, prefix: str) -> Iterator[tuple[str, str]]:
        """(key, why) of what was written over, deleted, or deleted for good in part, by the versions that S3 keeps."""
        versions: Counter[str] = Counter()
        with told_as_deployment_errors(self._account.actor):
            pages = self._client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
            for page in pages:
                versions.update(each["Key"] for each in page.get("Versions", []))
                for each in page.get("DeleteMarkers", []):
                    yield each["Key"], f"it was deleted at {each['LastModified'].isoformat(timespec='seconds')}"
        for key, count in versions.items():
            if count > 1:
                yield key, f"it was written over: there are {count} versions of it"

    def read(self, bucket: str, key: str) -> bytes | None:
        """A small object's content; None where it is not there."""
        found = self.read_tagged(bucket, key)
        return found[0] if found else None

    def read_tagged(self, bucket: str, key: str) -> tuple[bytes, str] | None:
        """The same with the object's ETag."""
        with told_as_deployment_errors(self._account.actor):
            try:
                answer = self._client.get_object(Bucket=bucket, Key=key)
                return answer["Body"].read(), answer["ETag"]
            except ClientError as error:
                if error_code(error) in _ABSENT:
                    return None
                raise

    @contextmanager
    def opened(self, bucket: str, key: str) -> Iterator[BinaryIO]:
        """An object's bytes as a stream, of which no more is fetched than is read."""
        with told_as_deployment_errors(self._account.actor):
            body = self._client.get_object(Bucket=bucket, Key=key)["Body"]
            try:
                yield body
            finally:
                body.close()

    def first_lines(self, bucket: str, key: str, count: int) -> list[str]:
        """At most ``count`` lines from an object's beginning, without their ends; no more of it is read."""
        with told_as_deployment_errors(self._account.actor):
            body = self._client.get_object(Bucket=bucket, Key=key)["Body"]
            lines = [line.decode("utf-8", "replace") for line in islice(body.iter_lines(chunk_size=MIB // 4), count)]
            body.close()
        return lines

    def write(
        self, bucket: str, key: str, content: bytes, kms_key_arn: str | None, content_type: str = "application/json"
    ) -> None:
        """Write an object, encrypted with this key (None: the bucket's own); S3 checks its SHA-256."""
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_arn} if kms_key_arn else {}
        with told_as_deployment_errors(self._account.actor):
            self._client.put_object(
                Bucket=bucket,
                Key=key,
                Body=content,
                ContentType=content_type,
                ChecksumAlgorithm="SHA256",
                **encryption,
            )

    def create(
        self, bucket: str, key: str, content: bytes, kms_key_arn: str, content_type: str = "application/json"
    ) -> bool:
        """Write an object where there is none; False where one is there already, whatever it holds."""
        return self._write_if(bucket, key, content, kms_key_arn, content_type, {"IfNoneMatch": "*"})

    def replace(self, bucket: str, key: str, content: bytes, kms_key_arn: str, expected: str | None) -> bool:
        """Write a JSON object only over the one that has this ETag (None: only where there is none yet).

        False where another writer was first; then nothing is written.
        """
        condition = {"IfMatch": '"' + expected.strip('"') + '"'} if expected else {"IfNoneMatch": "*"}
        return self._write_if(bucket, key, content, kms_key_arn, "application/json", condition)

    def _write_if(
        self, bucket: str, key: str, content: bytes, kms_key_arn: str, content_type: str, condition: dict[str, str]
    ) -> bool:
        """S3 answers 412 where the condition does not hold, 409 where two such writes meet; a retry then tells which.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
        """
        for _ in range(MOST_CONFLICTS):
            with told_as_deployment_errors(self._account.actor):
                try:
                    self._client.put_object(
                        Bucket=bucket,
                        Key=key,
                        Body=content,
                        ContentType=content_type,
                        ChecksumAlgorithm="SHA256",
                        ServerSideEncryption="aws:kms",
                        SSEKMSKeyId=kms_key_arn,
                        **condition,
                    )
                    return True
                except ClientError as error:
                    if error_code(error) in _MET_ANOTHER:
                        continue
                    if error_code(error) in _NOT_FIRST | (_ABSENT if "IfMatch" in condition else set()):
                        return False
                    raise
        return False

    def delete(self, bucket: str, keys: list[str]) -> None:
        """Delete objects (in a versioned bucket they become noncurrent)."""
        with told_as_deployment_errors(self._account.actor):
            for start in range(0, len(keys), 1000):
                batch = [{"Key": key} for key in keys[start : start + 1000]]
                failed = self._client.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True}).get(
                    "Errors"
                )
                if failed:
                    raise ArtifactError(
                        f"{len(failed)} objects in {bucket} could not be deleted",
                        found=[f"{each['Key']}: {each['Code']}" for each in failed[:5]],
                    )

    def copy(self, copy: Copy, target_bucket: str, kms_key_arn: str, owner: str) -> bool:
        """Copy one object unless it is already there, whole and the same; True where bytes were copied.

        ``owner`` is the account that must own the target. Written is only over what was just looked at, or over
        nothing. Raises ArtifactError where the source is gone or is no longer what was pinned, and where the copy
        differs.
        """
        source = self._pinned_source(copy)
        target = self.head(target_bucket, copy.target_key)
        if target and is_known_copy(source, target):
            return False
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_arn, "BucketKeyEnabled": True}
        where = {"Bucket": target_bucket, "Key": copy.target_key, "ExpectedBucketOwner": owner}
        condition = {"IfMatch": f'"{target.etag}"'} if target else {"IfNoneMatch": "*"}
        with told_as_deployment_errors(self._account.actor):
            try:
                self._copy(source, where, encryption, condition)
            except ClientError as error:
                if error_code(error) not in _ABSENT | _NOT_FIRST | _MET_ANOTHER:
                    raise
                now = self.head(target_bucket, copy.target_key)
                if now and is_known_copy(source, now):
                    return False  # another command has just copied it
                raise ArtifactError(
                    f"s3://{source.bucket}/{source.key}, or its copy, changed while it was copied",
                    found=[f"copy: s3://{target_bucket}/{copy.target_key}"],
                    next_command="the same command again; where the source has changed: make release",
                ) from error
        copied = self.head(target_bucket, copy.target_key)
        wrong = differences(source, copied) if copied else ["the copy does not exist"]
        if wrong:
            raise ArtifactError(
                f"the copy s3://{target_bucket}/{copy.target_key} differs from its source",
                found=[f"source s3://{source.bucket}/{source.key}", *wrong],
                next_command="run the command again: it copies the object again",
            )
        return True

    def _pinned_source(self, copy: Copy) -> S3Object:
        pinned = copy.pinned
        source = self.head(copy.source_bucket, copy.source_key, pinned.version_id if pinned else None)
        where = f"s3://{copy.source_bucket}/{copy.source_key}"
        if source is None:
            version = f", version {pinned.version_id}" if pinned and pinned.version_id else ""
            raise ArtifactError(
                f"{where} does not exist{version}",
                found=["the release pins it" if pinned else "the model package refers to it"],
                next_command="register and approve the model again, then: make release",
            )
        if pinned and source.identity | {"path": ""} != pinned.identity | {"path": ""}:
            raise ArtifactError(
                f"{where} differs from what the release pinned",
                found=[f"pinned: {_described(pinned)}", f"found now: {_described(source)}"],
                next_command="restore the object, or approve the model again, then: make release",
            )
        return source

    def _copy(
        self, source: S3Object, where: dict[str, Any], encryption: dict[str, Any], condition: dict[str, str]
    ) -> None:
        origin: dict[str, Any] = {"Bucket": source.bucket, "Key": source.key}
        if source.version_id and source.version_id != "null":
            origin["VersionId"] = source.version_id
        composite = source.checksum is not None and source.checksum.type == "COMPOSITE"
        if source.size <= self._largest_single_copy and not composite:
            algorithm = source.checksum.algorithm if source.checksum else "SHA256"
            self._client.copy_object(
                **where,
                **encryption,
                **condition,
                CopySource=origin,
                CopySourceIfMatch=source.etag,
                ChecksumAlgorithm=algorithm,
            )
        else:
            self._copy_in_parts(source, origin, where, encryption, condition)

    def _copy_in_parts(
        self,
        source: S3Object,
        origin: dict[str, Any],
        where: dict[str, Any],
        encryption: dict[str, Any],
        condition: dict[str, str],
    ) -> None:
        """Part by part along the source's own parts, where its checksum is the digest of theirs: so both agree."""
        size = self._source_part_size(source, origin)
        kind: dict[str, str] = {"ChecksumAlgorithm": source.checksum.algorithm if source.checksum else "SHA256"}
        if source.checksum:
            kind = {**kind, "ChecksumType": source.checksum.type}
        upload = self._client.create_multipart_upload(**where, **encryption, **kind)["UploadId"]

        def copy_part(number: int) -> dict[str, Any]:
            first = (number - 1) * size
            last = min(first + size, source.size) - 1
            answer = self._client.upload_part_copy(
                **where,
                UploadId=upload,
                PartNumber=number,
                CopySource=origin,
                CopySourceIfMatch=source.etag,
                CopySourceRange=f"bytes={first}-{last}",
            )["CopyPartResult"]
            sums = {name: value for name, value in answer.items() if name.startswith("Checksum") and value}
            return {"PartNumber": number, "ETag": answer["ETag"], **sums}

        try:
            with ThreadPoolExecutor(PARALLEL_PARTS) as pool:
                parts = list(pool.map(copy_part, range(1, -(-source.size // size) + 1)))
            self._client.complete_multipart_upload(
                **where, **condition, UploadId=upload, MultipartUpload={"Parts": parts}
            )
        except BaseException:  # an unfinished upload costs storage, whatever ended it
            self._client.abort_multipart_upload(**where, UploadId=upload)
            raise

    def _source_part_size(self, source: S3Object, origin: dict[str, Any]) -> int:
        if source.checksum is None or source.checksum.type != "COMPOSITE":
            return self._part
        first = self._client.head_object(**origin, PartNumber=1)
        return int(first["ContentLength"]) if first.get("PartsCount", 1) > 1 else self._part

    @property
    def _client(self) -> Any:
        return self._account.client("s3")


def differences(source: S3Object, copy: S3Object) -> list[str]:
    """What tells a copy from its source; empty where they agree as far as S3 can say."""
    if source.size != copy.size:
        return [f"size {source.size} and {copy.size} bytes"]
    ours, theirs = source.checksum, copy.checksum
    if (
        ours
        and theirs
        and (ours.algorithm, ours.type) == (theirs.algorithm, theirs.type)
        and ours.value != theirs.value
    ):
        return [f"{ours.algorithm} {ours.value} and {theirs.value}"]
    return []


def is_known_copy(source: S3Object, target: S3Object) -> bool:
    """Whether S3's checksums prove that the target has the source's content; without proof it is copied again."""
    return target.checksum is not None and source.size == target.size and source.checksum == target.checksum


def _checksum(answer: dict[str, Any]) -> Checksum | None:
    for algorithm in _ALGORITHMS:
        value = answer.get(f"Checksum{algorithm}")
        if value:
            composite = answer.get("ChecksumType") == "COMPOSITE" or "-" in value
            return Checksum(algorithm=algorithm, type="COMPOSITE" if composite else "FULL_OBJECT", value=value)
    return None


def _described(item: S3Object) -> str:
    content = f"{item.checksum.algorithm} {item.checksum.value}" if item.checksum else f"ETag {item.etag}"
    return f"{item.size} bytes, {content}"
