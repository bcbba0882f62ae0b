"""Copies on the server's side: whole, in parts, with checksums that agree; and no byte of them through this process."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from typing import Any

import pytest
from boto3.session import Session

from scripts.decisions.promotion import Copy
from scripts.errors import ArtifactError
from scripts.gateways.accounts import Account
from scripts.gateways.artifacts import MIB, Objects, differences
from scripts.gateways.aws_errors import Actor
from tests.functional.conftest import DEV, PREPROD, REGION
from tests.functional.scripts.site import BUCKETS, PROJECT, EmbeddedAws

CONTENT = bytes(range(256)) * (12 * MIB // 256)
TARGET = BUCKETS["preprod"]


class Copying:
    """Copies from dev's bucket to preprod's as dev, with limits so small that 12 MiB are copied in parts."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.s3 = aws.client("s3")
        self.calls: Counter[str] = Counter()
        session = Session(region_name=REGION, aws_access_key_id=DEV, aws_secret_access_key=aws.secret(DEV))
        self.objects = Objects(Account(session, Actor(DEV), self.calls), largest_single_copy=8 * MIB, part=5 * MIB)
        kms = aws.client("kms", account=PREPROD)
        self.kms_key_arn = kms.describe_key(KeyId=f"alias/{PROJECT}-preprod")["KeyMetadata"]["Arn"]
        self.key = f"models/{uuid.uuid4().hex}"
        # Its own, without versions: those of the dev bucket would keep what a test replaces.
        self.bucket = f"copies-{uuid.uuid4().hex}"
        self.s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})

    def put(self, content: bytes, **options: Any) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=self.key, Body=content, **options)

    def copy(self, pinned: Any = None) -> bool:
        copy = Copy(self.bucket, self.key, f"model-artifacts/{self.key}", pinned)
        return self.objects.copy(copy, TARGET, self.kms_key_arn, PREPROD)

    def content(self) -> bytes:
        body: bytes = self.s3.get_object(Bucket=TARGET, Key=f"model-artifacts/{self.key}")["Body"].read()
        return body


@pytest.fixture
def copying(embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Copying:
    monkeypatch.setenv("AWS_ENDPOINT_URL", embedded_aws.endpoint_url)
    return Copying(embedded_aws)


def test_a_small_object_is_copied_in_one_call_with_the_stages_key(copying: Copying) -> None:
    copying.put(b"model", ChecksumAlgorithm="SHA256")
    assert copying.copy()
    assert copying.content() == b"model"
    assert copying.calls["s3:CopyObject"] == 1
    assert copying.calls["s3:GetObject"] == 0
    copied = copying.s3.head_object(Bucket=TARGET, Key=f"model-artifacts/{copying.key}")
    assert (copied["ServerSideEncryption"], copied["SSEKMSKeyId"]) == ("aws:kms", copying.kms_key_arn)


def test_what_is_there_already_is_not_copied_again(copying: Copying) -> None:
    copying.put(b"model", ChecksumAlgorithm="SHA256")
    assert copying.copy()
    assert not copying.copy()
    assert copying.calls["s3:CopyObject"] == 1


def test_a_large_object_is_copied_in_parts(copying: Copying) -> None:
    copying.put(CONTENT, ChecksumAlgorithm="SHA256")
    assert copying.copy()
    assert hashlib.sha256(copying.content()).digest() == hashlib.sha256(CONTENT).digest()
    assert copying.calls["s3:UploadPartCopy"] == 3
    assert copying.calls["s3:GetObject"] == 0


def test_an_object_that_was_uploaded_in_parts_is_copied_along_them(copying: Copying) -> None:
    upload = copying.s3.create_multipart_upload(Bucket=copying.bucket, Key=copying.key, ChecksumAlgorithm="SHA256")
    where = {"Bucket": copying.bucket, "Key": copying.key, "UploadId": upload["UploadId"]}
    parts = []
    for number, start in enumerate(range(0, len(CONTENT), 5 * MIB), 1):
        body = CONTENT[start : start + 5 * MIB]
        answer = copying.s3.upload_part(**where, PartNumber=number, Body=body, ChecksumAlgorithm="SHA256")
        parts.append({"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": answer["ChecksumSHA256"]})
    copying.s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    assert copying.copy()
    assert copying.content() == CONTENT
    source = copying.objects.head(copying.bucket, copying.key)
    copied = copying.objects.head(TARGET, f"model-artifacts/{copying.key}")
    assert source is not None
    assert copied is not None
    assert differences(source, copied) == []


def test_a_source_that_is_gone_or_changed_is_refused(copying: Copying) -> None:
    copying.put(b"model", ChecksumAlgorithm="SHA256")
    pinned = copying.objects.head(copying.bucket, copying.key)
    copying.put(b"other", ChecksumAlgorithm="SHA256")
    with pytest.raises(ArtifactError, match="differs from what the release pinned"):
        copying.copy(pinned)
    copying.s3.delete_object(Bucket=copying.bucket, Key=copying.key)
    with pytest.raises(ArtifactError, match="does not exist"):
        copying.copy(pinned)
    assert copying.calls["s3:CopyObject"] == 0


def test_a_damaged_copy_is_made_anew(copying: Copying) -> None:
    copying.put(b"model", ChecksumAlgorithm="SHA256")
    copying.s3.put_object(
        Bucket=TARGET, Key=f"model-artifacts/{copying.key}", Body=b"moder", ChecksumAlgorithm="SHA256"
    )
    assert copying.copy()
    assert copying.content() == b"model"
