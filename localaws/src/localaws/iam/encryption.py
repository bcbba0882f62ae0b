"""The KMS actions that S3 asks for on a caller's behalf: reading or writing an object under a KMS key.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError
from moto.s3.models import s3_backends

from localaws.core.backend import Backend
from localaws.core.caller import Caller
from localaws.core.clients import MakeClient
from localaws.core.partitions import partition_at, partition_named
from localaws.iam.absence import require_absence
from localaws.iam.requirements import Parameters, Requirement

_KEY_OF_UPLOAD = "s3:x-amz-server-side-encryption-aws-kms-key-id"
_IN_UPLOAD = ("UploadPart", "UploadPartCopy", "CompleteMultipartUpload")
_WRITING = ("PutObject", "CopyObject", "CreateMultipartUpload")


class ObjectEncryption:
    def __init__(self, client: MakeClient, moto: Backend) -> None:
        self._client = client
        self._moto = moto

    def requirements(self, caller: Caller, operation: str, parameters: Parameters) -> list[Requirement]:
        """kms:GenerateDataKey for what is written, kms:Decrypt for what is read; nothing without a KMS key."""
        found: list[tuple[str, str | None]] = []
        if operation in _WRITING:
            found.append(("kms:GenerateDataKey", self._key_of_writing(parameters)))
        if operation == "GetObject":
            found.append(("kms:Decrypt", self._key_of_object(parameters["Bucket"], str(parameters.get("Key")))))
        if operation == "CompleteMultipartUpload":  # S3 reads the parts to put them together
            (key,) = self.upload_context(operation, parameters).get(_KEY_OF_UPLOAD, (None,))
            found.append(("kms:Decrypt", key if _is_key_arn(key) else None))
        if "CopySource" in parameters:
            source = unquote(str(parameters["CopySource"]).partition("?")[0]).lstrip("/")
            bucket, _, key = source.partition("/")
            found.append(("kms:Decrypt", self._key_of_object(bucket, key)))
        context = {"kms:viaservice": (f"s3.{caller.region}.{partition_at(caller.region).suffix}",)}
        return [Requirement(action, (key,), context) for action, key in found if key]

    def upload_context(self, operation: str, parameters: Parameters) -> dict[str, tuple[str, ...]]:
        """Condition keys of a multipart upload: its parts are encrypted as its beginning asked for."""
        owner = self._moto.bucket_owner(str(parameters.get("Bucket")))
        if operation not in _IN_UPLOAD or owner is None:
            return {}
        bucket = s3_backends[owner][_partition(parameters["Bucket"])].buckets[parameters["Bucket"]]
        upload = bucket.multiparts.get(parameters.get("UploadId"))
        found = {
            "s3:x-amz-server-side-encryption": getattr(upload, "sse_encryption", None),
            _KEY_OF_UPLOAD: getattr(upload, "kms_key_id", None),
        }
        return {key: (str(value),) for key, value in found.items() if value}

    def _key_of_writing(self, parameters: Parameters) -> str | None:
        algorithm, key = parameters.get("ServerSideEncryption"), parameters.get("SSEKMSKeyId")
        if algorithm is None:
            algorithm, key = self._default(parameters["Bucket"])
        return key if algorithm == "aws:kms" and _is_key_arn(key) else None

    def _default(self, bucket: str) -> tuple[str | None, str | None]:
        s3 = self._owner(bucket)
        if s3 is None:
            return None, None
        try:
            rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        except ClientError as error:  # no default encryption
            require_absence(error)
            return None, None
        default = rules[0].get("ApplyServerSideEncryptionByDefault", {})
        return default.get("SSEAlgorithm"), default.get("KMSMasterKeyID")

    def _key_of_object(self, bucket: str, key: str) -> str | None:
        s3 = self._owner(bucket)
        if s3 is None:
            return None
        try:
            found = s3.head_object(Bucket=bucket, Key=key).get("SSEKMSKeyId")
        except ClientError as error:  # no such object: S3's own answer is the better one
            require_absence(error)
            return None
        return found if _is_key_arn(found) else None

    def _owner(self, bucket: str) -> Any:
        account = self._moto.bucket_owner(bucket)
        home = partition_named(_partition(bucket)).home if account else ""
        return self._client("s3", Caller.root(account, home)) if account else None


def _partition(bucket: str) -> str:
    """The partition of a bucket that exists; moto keeps it beside the owner."""
    return str(s3_backends.bucket_accounts[bucket][0])


def _is_key_arn(key: Any) -> bool:
    """Keys that are named otherwise are AWS's own, which need no permission."""
    return isinstance(key, str) and key.startswith("arn:") and ":key/" in key
