"""S3 in front of moto: bucket policies, owners, checksums, copies and events, with boto3 over HTTP."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.core.events import Event
from localaws.server import Server
from tests.functional.conftest import DEV, PREPROD, REGION

Client = Callable[..., Any]


@pytest.fixture
def bucket(client: Client, unique: str) -> str:
    client("s3").create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": REGION})
    return unique


def _tls_only(bucket: str) -> str:
    statement = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_a_bucket_policy_is_kept_word_for_word_and_blocks_nothing_by_itself(client: Client, bucket: str) -> None:
    s3 = client("s3")
    s3.put_bucket_policy(Bucket=bucket, Policy=_tls_only(bucket))
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == _tls_only(bucket)
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": False}
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_a_deleted_bucket_policy_is_gone(client: Client, bucket: str) -> None:
    s3 = client("s3")
    s3.put_bucket_policy(Bucket=bucket, Policy=_tls_only(bucket))
    s3.delete_bucket_policy(Bucket=bucket)
    with pytest.raises(ClientError) as refused:
        s3.get_bucket_policy(Bucket=bucket)
    assert _code(refused) == "NoSuchBucketPolicy"


@pytest.mark.aws_rule(
    "A bucket policy names principals, S3's actions and resources of its own bucket",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html",
)
@pytest.mark.parametrize("policy", ["{", "[]", "{}", '{"Statement": [{"Effect": "Allow"}]}', _tls_only("other")])
def test_a_malformed_bucket_policy_is_refused(client: Client, bucket: str, policy: str) -> None:
    with pytest.raises(ClientError) as refused:
        client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    assert _code(refused) == "MalformedPolicy"


@pytest.mark.aws_rule(
    "Only the bucket's own account puts its policy",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html",
)
def test_another_account_may_not_put_a_bucket_policy(client: Client, bucket: str) -> None:
    with pytest.raises(ClientError) as refused:
        client("s3", account=PREPROD).put_bucket_policy(Bucket=bucket, Policy=_tls_only(bucket))
    assert _code(refused) == "AccessDenied"


def test_a_policy_of_a_bucket_that_does_not_exist_is_refused(client: Client, unique: str) -> None:
    with pytest.raises(ClientError) as refused:
        client("s3").get_bucket_policy(Bucket=unique)
    assert _code(refused) == "NoSuchBucket"


def _digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


@pytest.mark.aws_rule(
    "An object whose content does not have the checksum that was sent is refused",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html",
)
def test_a_wrong_checksum_is_refused_and_nothing_is_stored(client: Client, bucket: str) -> None:
    s3 = client("s3")
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="k", Body=b"one", ChecksumSHA256=_digest(b"two"))
    assert _code(refused) == "BadDigest"
    md5 = base64.b64encode(hashlib.md5(b"two").digest()).decode()
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="k", Body=b"one", ContentMD5=md5)
    assert _code(refused) == "BadDigest"
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    s3.put_object(Bucket=bucket, Key="k", Body=b"one", ChecksumSHA256=_digest(b"one"))
    assert s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["ChecksumSHA256"] == _digest(b"one")


@pytest.mark.aws_rule(
    "An object whose content does not have the checksum that was sent is refused",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html",
)
def test_a_wrong_checksum_of_a_part_is_refused(client: Client, bucket: str) -> None:
    s3 = client("s3")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="SHA256")["UploadId"]
    with pytest.raises(ClientError) as refused:
        s3.upload_part(
            Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"one", ChecksumSHA256=_digest(b"two")
        )
    assert _code(refused) == "BadDigest"


@pytest.mark.aws_rule(
    "A request with ExpectedBucketOwner touches no bucket of another account",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html",
)
def test_a_bucket_of_another_owner_than_expected_is_not_touched(client: Client, bucket: str) -> None:
    s3 = client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ExpectedBucketOwner=DEV)
    for call in (s3.get_object, s3.head_object, s3.delete_object):
        with pytest.raises(ClientError) as refused:
            call(Bucket=bucket, Key="k", ExpectedBucketOwner=PREPROD)
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    with pytest.raises(ClientError) as refused:
        s3.copy_object(
            Bucket=bucket,
            Key="copy",
            CopySource={"Bucket": bucket, "Key": "k"},
            ExpectedSourceBucketOwner=PREPROD,
        )
    assert _code(refused) == "AccessDenied"


def test_copied_parts_make_the_whole_object_with_its_checksum(client: Client, bucket: str, unique: str) -> None:
    content = bytes(range(256)) * 40 * 1024  # 10 MiB
    s3, there = client("s3"), client("s3", account=PREPROD)
    s3.put_object(Bucket=bucket, Key="folder/a b.bin", Body=content)
    there.create_bucket(Bucket=f"{unique}-2", CreateBucketConfiguration={"LocationConstraint": REGION})
    target = {"Bucket": f"{unique}-2", "Key": "copy"}
    upload = s3.create_multipart_upload(**target, ChecksumAlgorithm="SHA256")["UploadId"]
    parts = []
    for number, first in enumerate((0, 6 * 1024 * 1024), 1):
        last = (6 * 1024 * 1024 if number == 1 else len(content)) - 1
        copied = s3.upload_part_copy(
            **target,
            UploadId=upload,
            PartNumber=number,
            CopySource={"Bucket": bucket, "Key": "folder/a b.bin"},
            CopySourceRange=f"bytes={first}-{last}",
        )["CopyPartResult"]
        assert copied["ChecksumSHA256"] == _digest(content[first : last + 1])
        parts.append({"PartNumber": number, "ETag": copied["ETag"], "ChecksumSHA256": copied["ChecksumSHA256"]})
    done = s3.complete_multipart_upload(**target, UploadId=upload, MultipartUpload={"Parts": parts})
    assert done["ChecksumSHA256"].endswith("-2")
    assert there.get_object(**target)["Body"].read() == content


def test_a_part_beyond_the_end_of_its_source_is_refused(client: Client, bucket: str) -> None:
    s3 = client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="copy")["UploadId"]
    part = {"Bucket": bucket, "Key": "copy", "UploadId": upload, "PartNumber": 1}
    for key, stated, code in (("k", "bytes=5-10", "InvalidRange"), ("absent", "bytes=0-1", "NoSuchKey")):
        with pytest.raises(ClientError) as refused:
            s3.upload_part_copy(**part, CopySource={"Bucket": bucket, "Key": key}, CopySourceRange=stated)
        assert _code(refused) == code


def test_a_copy_keeps_the_checksum_of_its_source(client: Client, bucket: str) -> None:
    s3 = client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"one", ChecksumAlgorithm="SHA256")
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "k"})["CopyObjectResult"]
    assert copied["ChecksumSHA256"] == _digest(b"one")
    assert s3.head_object(Bucket=bucket, Key="copy", ChecksumMode="ENABLED")["ChecksumSHA256"] == _digest(b"one")


@pytest.mark.aws_rule(
    "A bucket with EventBridge turned on announces objects that are created and deleted",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html",
)
def test_a_bucket_with_eventbridge_announces_what_is_written_and_deleted(
    client: Client, server: Server, bucket: str
) -> None:
    heard: list[Event] = []
    server.cloud.on_event(lambda event: heard.append(event) if event.source == "aws.s3" else None)
    s3 = client("s3")
    s3.put_object(Bucket=bucket, Key="silent", Body=b"x")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    s3.put_object(Bucket=bucket, Key="a/b.csv", Body=b"one")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "a/b.csv"})
    s3.delete_object(Bucket=bucket, Key="copy")
    mine = [event for event in heard if event.resources == [f"arn:aws:s3:::{bucket}"]]
    assert [(event.detail_type, event.detail["object"]["key"], event.detail["reason"]) for event in mine] == [
        ("Object Created", "a/b.csv", "PutObject"),
        ("Object Created", "copy", "CopyObject"),
        ("Object Deleted", "copy", "DeleteObject"),
    ]
    assert (mine[0].account, mine[0].region) == (DEV, REGION)
    assert mine[0].detail["object"]["size"] == 3
    assert mine[0].detail["bucket"] == {"name": bucket}


def test_the_aws_cli_copies_a_file_up_and_down(aws_environment: dict[str, str], bucket: str, tmp_path: Path) -> None:
    content = b"0123456789abcdef" * 1024 * 640  # 10 MiB: several parts
    (tmp_path / "up.bin").write_bytes(content)
    for source, target in ((tmp_path / "up.bin", f"s3://{bucket}/k"), (f"s3://{bucket}/k", tmp_path / "down.bin")):
        done = subprocess.run(
            ["aws", "s3", "cp", str(source), str(target)], env=aws_environment, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "down.bin").read_bytes() == content


@pytest.mark.aws_rule(
    "CopyObject and UploadPartCopy copy only a source of which x-amz-copy-source-if-* holds, and else answer 412",
    page="https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html",
)
@pytest.mark.parametrize("how", ["object", "part"])
def test_a_source_is_copied_only_where_it_is_what_is_asked_for(client: Client, bucket: str, how: str) -> None:
    s3 = client("s3")
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"content")["ETag"]
    written = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    earlier, later = written - timedelta(hours=1), written + timedelta(hours=1)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="copy")["UploadId"]

    def copy(**condition: Any) -> Any:
        target = {"Bucket": bucket, "Key": "copy", "CopySource": {"Bucket": bucket, "Key": "k"}, **condition}
        if how == "object":
            return s3.copy_object(**target)
        return s3.upload_part_copy(**target, UploadId=upload, PartNumber=1)

    holding: list[dict[str, Any]] = [
        {"CopySourceIfMatch": etag},
        {"CopySourceIfNoneMatch": '"other"'},
        {"CopySourceIfModifiedSince": earlier},
        {"CopySourceIfUnmodifiedSince": later},
        {"CopySourceIfMatch": etag, "CopySourceIfUnmodifiedSince": earlier},
    ]
    for condition in holding:
        copy(**condition)
    failing: list[dict[str, Any]] = [
        {"CopySourceIfMatch": '"other"'},
        {"CopySourceIfNoneMatch": etag},
        {"CopySourceIfModifiedSince": written},
        {"CopySourceIfUnmodifiedSince": earlier},
        {"CopySourceIfNoneMatch": etag, "CopySourceIfModifiedSince": earlier},
    ]
    for condition in failing:
        with pytest.raises(ClientError) as refused:
            copy(**condition)
        assert _code(refused) == "PreconditionFailed", condition


def test_a_bucket_made_again_has_no_policy(client: Client, bucket: str) -> None:
    s3 = client("s3")
    s3.put_bucket_policy(Bucket=bucket, Policy=_tls_only(bucket))
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    with pytest.raises(ClientError) as refused:
        s3.get_bucket_policy(Bucket=bucket)
    assert _code(refused) == "NoSuchBucketPolicy"


def _write(s3: Any, how: str, bucket: str, body: bytes = b"new", key: str = "k", **condition: str) -> Any:
    """Write a key by one of the three operations that take conditions."""
    if how == "put":
        return s3.put_object(Bucket=bucket, Key=key, Body=body, **condition)
    if how == "copy":
        s3.put_object(Bucket=bucket, Key="source", Body=body)
        return s3.copy_object(Bucket=bucket, Key=key, CopySource=f"{bucket}/source", **condition)
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    return _complete(s3, bucket, key, upload, body, **condition)


def _complete(s3: Any, bucket: str, key: str, upload: str, body: bytes = b"new", **condition: str) -> Any:
    etag = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=body)["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    return s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload, MultipartUpload=parts, **condition)


def _content(s3: Any, bucket: str, key: str = "k") -> bytes:
    return bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())


WAYS = ["put", "copy", "multipart"]


@pytest.mark.aws_rule(
    "S3 writes with If-None-Match: * only where the key has no object, and else answers 412",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html",
)
@pytest.mark.parametrize("how", WAYS)
def test_nothing_is_overwritten_with_if_none_match(client: Client, bucket: str, how: str) -> None:
    s3 = client("s3")
    _write(s3, how, bucket, b"first", IfNoneMatch="*")
    with pytest.raises(ClientError) as refused:
        _write(s3, how, bucket, b"second", IfNoneMatch="*")
    assert (_code(refused), refused.value.response["ResponseMetadata"]["HTTPStatusCode"]) == ("PreconditionFailed", 412)
    assert _content(s3, bucket) == b"first"


@pytest.mark.aws_rule(
    "If-None-Match: * holds for a key whose newest version is a delete marker",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html",
)
@pytest.mark.parametrize("how", WAYS)
def test_a_deleted_key_of_a_versioned_bucket_is_free_again(client: Client, bucket: str, how: str) -> None:
    s3 = client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    _write(s3, how, bucket, b"first")
    s3.delete_object(Bucket=bucket, Key="k")
    with pytest.raises(ClientError) as refused:
        _write(s3, how, bucket, IfMatch='"0"')
    assert _code(refused) == "NoSuchKey"
    _write(s3, how, bucket, b"second", IfNoneMatch="*")
    assert _content(s3, bucket) == b"second"


@pytest.mark.aws_rule(
    "S3 writes with If-Match only over the object of that ETag: 412 for another, 404 for none",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html",
)
@pytest.mark.parametrize("how", WAYS)
def test_an_object_is_replaced_only_where_it_is_the_one_that_was_read(client: Client, bucket: str, how: str) -> None:
    s3 = client("s3")
    with pytest.raises(ClientError) as refused:
        _write(s3, how, bucket, IfMatch='"0"')
    assert (_code(refused), refused.value.response["ResponseMetadata"]["HTTPStatusCode"]) == ("NoSuchKey", 404)
    etag = _write(s3, "put", bucket, b"first")["ETag"]
    _write(s3, how, bucket, b"second", IfMatch=etag)
    with pytest.raises(ClientError) as refused:
        _write(s3, how, bucket, b"third", IfMatch=etag)
    assert (_code(refused), refused.value.response["ResponseMetadata"]["HTTPStatusCode"]) == ("PreconditionFailed", 412)
    assert _content(s3, bucket) == b"second"


@pytest.mark.aws_rule(
    "If-None-Match of a write takes * alone; an ETag is answered with 501",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html",
)
def test_if_none_match_of_a_write_takes_no_etag(client: Client, bucket: str) -> None:
    with pytest.raises(ClientError) as refused:
        _write(client("s3"), "put", bucket, IfNoneMatch='"0"')
    assert (_code(refused), refused.value.response["ResponseMetadata"]["HTTPStatusCode"]) == ("NotImplemented", 501)


@pytest.mark.aws_rule(
    "Of several conditional writes of a key at once, one succeeds and the others get 412",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html",
)
def test_of_many_conditional_writes_at_once_one_succeeds(client: Client, bucket: str) -> None:
    def attempt(number: int) -> str:
        try:
            _write(client("s3"), "put", bucket, str(number).encode() * 200_000, IfNoneMatch="*")
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return str(number)

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(attempt, range(8)))
    (winner,) = (each for each in told if each != "PreconditionFailed")
    assert _content(client("s3"), bucket)[:1] == winner.encode()


@pytest.mark.aws_rule(
    "A key deleted during a multipart upload makes its conditional end a 409",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html",
)
@pytest.mark.parametrize("condition", [{"IfNoneMatch": "*"}, {"IfMatch": "again"}])
def test_a_conditional_upload_conflicts_with_a_deletion_meanwhile(
    client: Client, bucket: str, condition: dict[str, str]
) -> None:
    s3 = client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"first")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    s3.delete_object(Bucket=bucket, Key="k")
    if "IfMatch" in condition:
        condition = {"IfMatch": s3.put_object(Bucket=bucket, Key="k", Body=b"again")["ETag"]}
    with pytest.raises(ClientError) as refused:
        _complete(s3, bucket, "k", upload, b"new", **condition)
    code = refused.value.response["ResponseMetadata"]["HTTPStatusCode"]
    assert (_code(refused), code) == ("ConditionalRequestConflict", 409)
    _write(s3, "multipart", bucket, b"anew", key="other", IfNoneMatch="*")


@pytest.mark.aws_rule(
    "An upload that was completed or aborted takes no part",
    page="https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html",
)
@pytest.mark.parametrize("end", ["complete", "abort", "never begun"])
def test_an_upload_that_has_ended_takes_no_part(client: Client, unique: str, end: str) -> None:
    s3, place = client("s3"), {"Bucket": unique, "Key": "k"}
    s3.create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=unique, Key="source", Body=b"x")
    upload = {**place, "UploadId": s3.create_multipart_upload(**place)["UploadId"]}
    etag = s3.upload_part(**upload, PartNumber=1, Body=b"x")["ETag"]
    if end == "complete":
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    elif end == "abort":
        s3.abort_multipart_upload(**upload)
    else:
        upload["UploadId"] = "x" * 40
    source = {"Bucket": unique, "Key": "source"}
    asked: list[tuple[str, dict[str, Any]]] = [
        ("upload_part", {"PartNumber": 2, "Body": b"y"}),
        ("upload_part_copy", {"PartNumber": 2, "CopySource": source}),
        ("list_parts", {}),
    ]
    for operation, parameters in asked:
        with pytest.raises(ClientError) as refused:
            getattr(s3, operation)(**upload, **parameters)
        assert refused.value.response["Error"]["Code"] == "NoSuchUpload"


def test_one_part_of_an_object_is_read_by_its_number(kept_client: Client, bucket: str) -> None:
    s3 = kept_client("s3")
    upload = s3.create_multipart_upload(
        Bucket=bucket, Key="k", Metadata={"a": "b"}, ContentType="text/plain", ChecksumAlgorithm="CRC32"
    )["UploadId"]
    contents = {1: b"1" * 5 * 1024**2, 3: b"not named" * 600_000, 4: b"the end"}
    named = []
    for number, content in contents.items():
        made = s3.upload_part(
            Bucket=bucket, Key="k", UploadId=upload, PartNumber=number, Body=content, ChecksumAlgorithm="CRC32"
        )
        named.append({"PartNumber": number, "ETag": made["ETag"], "ChecksumCRC32": made["ChecksumCRC32"]})
    s3.complete_multipart_upload(
        Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": [named[0], named[2]]}
    )
    whole = s3.head_object(Bucket=bucket, Key="k")
    start = len(contents[1])
    for number, first in ((1, 0), (4, start)):
        found = s3.get_object(Bucket=bucket, Key="k", PartNumber=number, ChecksumMode="ENABLED")
        told = s3.head_object(Bucket=bucket, Key="k", PartNumber=number)
        assert found["Body"].read() == contents[number]
        assert found["ChecksumCRC32"] == named[{1: 0, 4: 2}[number]]["ChecksumCRC32"]
        last = first + len(contents[number]) - 1
        for answer in (found, told):
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
            assert answer["ContentRange"] == f"bytes {first}-{last}/{whole['ContentLength']}"
            assert (answer["ContentLength"], answer["PartsCount"]) == (len(contents[number]), 2)
            assert (answer["ETag"], answer["Metadata"], answer["ContentType"]) == (
                whole["ETag"],
                {"a": "b"},
                "text/plain",
            )
    for number in (2, 3, 5):
        with pytest.raises(ClientError, match="not satisfiable"):
            s3.get_object(Bucket=bucket, Key="k", PartNumber=number)
        with pytest.raises(ClientError, match="416"):
            s3.head_object(Bucket=bucket, Key="k", PartNumber=number)


def test_what_was_not_uploaded_in_parts_is_one_part(kept_client: Client, bucket: str) -> None:
    s3 = kept_client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"content")
    found = s3.get_object(Bucket=bucket, Key="k", PartNumber=1)
    assert (found["Body"].read(), found["ContentRange"], found.get("PartsCount")) == (
        b"content",
        "bytes 0-6/7",
        None,
    )
    assert s3.head_object(Bucket=bucket, Key="k", PartNumber=1)["ContentLength"] == 7
    for refused, code in (
        ({"PartNumber": 2}, "InvalidPartNumber"),
        ({"PartNumber": 0}, "InvalidArgument"),
        ({"PartNumber": 1, "Range": "bytes=0-1"}, "InvalidRequest"),
        ({"PartNumber": 1, "Key": "absent"}, "NoSuchKey"),
    ):
        with pytest.raises(ClientError) as error:
            s3.get_object(**{"Bucket": bucket, "Key": "k", **refused})
        assert error.value.response["Error"]["Code"] == code


@pytest.mark.aws_rule(
    "PutBucketLogging takes a target whose policy lets the logging service in, and one whose policy does not (yet)",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html",
)
def test_access_logs_go_to_a_bucket_of_the_same_account_and_region(client: Client, unique: str) -> None:
    s3 = client("s3")
    for name in (unique, f"{unique}-logs"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    client("s3", account=PREPROD).create_bucket(
        Bucket=f"{unique}-other", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    client("s3", region="us-east-1").create_bucket(Bucket=f"{unique}-far")
    enabled = {"TargetBucket": f"{unique}-logs", "TargetPrefix": "a/"}
    s3.put_bucket_logging(Bucket=unique, BucketLoggingStatus={"LoggingEnabled": enabled})
    assert s3.get_bucket_logging(Bucket=unique)["LoggingEnabled"] == enabled
    for target, code in (
        ("other", "InvalidTargetBucketForLogging"),
        ("none", "InvalidTargetBucketForLogging"),
        ("far", "CrossLocationLoggingProhibitted"),
    ):
        with pytest.raises(ClientError) as refused:
            wrong = {"TargetBucket": f"{unique}-{target}", "TargetPrefix": ""}
            s3.put_bucket_logging(Bucket=unique, BucketLoggingStatus={"LoggingEnabled": wrong})
        assert refused.value.response["Error"]["Code"] == code
    s3.put_bucket_logging(Bucket=unique, BucketLoggingStatus={})
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=unique)


def test_what_moto_lacks_of_s3_is_refused_and_the_bucket_stays(client: Client, unique: str) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": REGION})
    for call, parameters in (
        ("delete_bucket_inventory_configuration", {"Id": "w"}),
        ("delete_bucket_metrics_configuration", {"Id": "w"}),
        ("put_bucket_metrics_configuration", {"Id": "w", "MetricsConfiguration": {"Id": "w"}}),
        ("get_bucket_metrics_configuration", {"Id": "w"}),
        ("delete_bucket_metadata_configuration", {}),
        ("put_bucket_request_payment", {"RequestPaymentConfiguration": {"Payer": "Requester"}}),
        ("get_object_torrent", {"Key": "a"}),
    ):
        with pytest.raises(ClientError) as refused:
            getattr(s3, call)(Bucket=unique, **parameters)
        assert refused.value.response["Error"]["Code"] == "NotImplemented"
        assert s3.head_bucket(Bucket=unique)["BucketRegion"] == REGION
