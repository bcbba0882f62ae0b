"""The KMS actions that S3, SNS and SQS ask for on a caller's behalf: reading or writing what a KMS key encrypts.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError
from moto.s3.models import s3_backends

from localaws.core.arn import Arn
from localaws.core.backend import Backend
from localaws.core.caller import Caller
from localaws.core.clients import MakeClient
from localaws.core.partitions import partition_at, partition_named
from localaws.iam.absence import require_absence
from localaws.iam.requirements import Parameters, Requirement
from localaws.iam.requirements.s3 import copy_source
from localaws.iam.resource_policies import ResourcePolicies

_KEY_OF_UPLOAD = "s3:x-amz-server-side-encryption-aws-kms-key-id"
_IN_UPLOAD = ("UploadPart", "UploadPartCopy", "CompleteMultipartUpload", "ListParts")
_WRITING = ("PutObject", "CopyObject", "CreateMultipartUpload")

_MESSAGE_ACTIONS = {
    "sns:Publish": ("kms:GenerateDataKey", "kms:Decrypt"),
    "sqs:SendMessage": ("kms:GenerateDataKey", "kms:Decrypt"),
    "sqs:ReceiveMessage": ("kms:Decrypt",),
}


class ObjectEncryption:
    def __init__(self, client: MakeClient, moto: Backend) -> None:
        self._client = client
        self._moto = moto

    def requirements(self, caller: Caller, operation: str, parameters: Parameters) -> list[Requirement]:
        """kms:GenerateDataKey for what is written, kms:Decrypt for what is read; nothing without a KMS key."""
        found: list[tuple[str, str | None]] = []
        if operation in _WRITING:
            found.append(("kms:GenerateDataKey", self._key_of_writing(parameters)))
        if _reads(operation, parameters):
            key, version = str(parameters.get("Key")), parameters.get("VersionId")
            found.append(("kms:Decrypt", self._key_of_object(parameters["Bucket"], key, version)))
        if operation in _IN_UPLOAD:  # S3 reads the parts to put them together
            (upload_key,) = self.upload_context(operation, parameters).get(_KEY_OF_UPLOAD, (None,))
            found.append(("kms:Decrypt", upload_key if _is_key_arn(upload_key) else None))
        if "CopySource" in parameters:
            found.append(("kms:Decrypt", self._key_of_object(*copy_source(parameters["CopySource"]))))
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

    def _key_of_object(self, bucket: str, key: str, version: str | None = None) -> str | None:
        s3 = self._owner(bucket)
        if s3 is None:
            return None
        try:
            named = {"VersionId": version} if version else {}
            found = s3.head_object(Bucket=bucket, Key=key, **named).get("SSEKMSKeyId")
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


class MessageEncryption:
    """Topics and queues: the sender encrypts, the receiver decrypts."""

    def __init__(self, resource_policies: ResourcePolicies) -> None:
        self._resource_policies = resource_policies

    def requirements(self, needed: Sequence[Requirement]) -> list[Requirement]:
        """What the caller needs of the keys of the topics and queues in ``needed`` besides."""
        found = []
        for requirement in needed:
            actions = _MESSAGE_ACTIONS.get(requirement.action, ())
            arn = requirement.resources[0]
            key = self._resource_policies.encryption_key(arn) if actions and arn.startswith("arn:") else None
            if key and _is_key_arn(key):
                found += [Requirement(action, (key,), _message_context(arn)) for action in actions]
        return found


def _message_context(arn: str) -> dict[str, tuple[str, ...]]:
    named = Arn.parse(arn)
    name = {"sns": "aws:sns:topicarn", "sqs": "aws:sqs:arn"}[named.service]
    return {
        "kms:viaservice": (f"{named.service}.{named.region}.{partition_at(named.region).suffix}",),
        f"kms:encryptioncontext:{name}": (arn,),
        "kms:encryptioncontextkeys": (name,),
    }


def _reads(operation: str, parameters: Parameters) -> bool:
    """Whether S3 decrypts an object, or what it keeps of one, to answer. A checksum is kept encrypted."""
    if operation == "HeadObject":
        return parameters.get("ChecksumMode") == "ENABLED"
    return operation in ("GetObject", "GetObjectAttributes", "SelectObjectContent")


def _is_key_arn(key: Any) -> bool:
    """Keys that are named otherwise are AWS's own, which need no permission."""
    return isinstance(key, str) and key.startswith("arn:") and ":key/" in key
