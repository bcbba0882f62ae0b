"""Contents of objects over HTTP: what they cost in memory, what is left on the disk, and that every byte is right.

``LOCALAWS_LARGE_OBJECTS=1`` plays the first with 1 GiB instead of 256 MiB.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import resource
import secrets
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3.s3.transfer
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localaws.core.digests import CHECKSUMS, combined, composite, digest
from tests.functional.server_process import ServerProcess

Client = Callable[..., Any]
ACCOUNT, REGION = "111111111111", "eu-west-1"
MIB = 1024**2
BUCKET = "contents-of-objects"

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc and limits another process")


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[ServerProcess]:
    server = ServerProcess(tmp_path, [ACCOUNT], REGION)
    _s3(server).create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    yield server
    server.stop()


def _s3(server: ServerProcess) -> Any:
    return server.client("s3", ACCOUNT)


def _peak_memory(server: ServerProcess) -> int:
    """The most memory that the server ever had, in bytes."""
    lines = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def _bodies(server: ServerProcess) -> list[Path]:
    return [path for path in (server.folder / "state" / "bodies").rglob("*") if path.is_file()]


def _eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _written(path: Path, size: int) -> str:
    """A file of pseudo-random content; returns its MD5."""
    block, md5 = secrets.token_bytes(MIB), hashlib.md5()
    with path.open("wb") as file:
        for number in range(size // MIB):
            chunk = block[number % 997 :] + block[: number % 997]
            md5.update(chunk)
            file.write(chunk)
    return md5.hexdigest()


def _md5_of(body: Any) -> str:
    md5 = hashlib.md5()
    for chunk in body.iter_chunks(MIB):
        md5.update(chunk)
    return md5.hexdigest()


@linux
def test_large_objects_cost_no_memory(kept: ServerProcess, tmp_path: Path) -> None:
    size = 1024 * MIB if os.environ.get("LOCALAWS_LARGE_OBJECTS") else 256 * MIB
    file = tmp_path / "large"
    md5 = _written(file, size)
    s3 = _s3(kept)
    s3.put_object(Bucket=BUCKET, Key="small", Body=b"x")
    before = _peak_memory(kept)
    in_parts = boto3.s3.transfer.TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=32 * MIB)

    with file.open("rb") as content:
        s3.put_object(Bucket=BUCKET, Key="put", Body=content)
    s3.upload_file(str(file), BUCKET, "uploaded", Config=in_parts)
    s3.copy_object(Bucket=BUCKET, Key="copied", CopySource=f"{BUCKET}/put")
    s3.copy({"Bucket": BUCKET, "Key": "put"}, BUCKET, "copied-in-parts", Config=in_parts)
    for key in ("put", "uploaded", "copied", "copied-in-parts"):
        assert _md5_of(s3.get_object(Bucket=BUCKET, Key=key)["Body"]) == md5
    part = s3.get_object(Bucket=BUCKET, Key="uploaded", Range=f"bytes={size // 2 - 5}-{size // 2 + 5}")["Body"].read()
    with file.open("rb") as content:
        content.seek(size // 2 - 5)
        assert part == content.read(11)

    assert _peak_memory(kept) - before < 64 * MIB
    # The copies share the files of what they were copied from.
    assert sum(path.stat().st_size for path in _bodies(kept)) == 2 * size + 1


@linux
def test_objects_outlive_a_server_that_was_killed_and_what_was_half_uploaded_does_not(tmp_path: Path) -> None:
    first = ServerProcess(tmp_path, [ACCOUNT], REGION)
    s3 = _s3(first)
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    for number in range(30):
        s3.put_object(Bucket=BUCKET, Key=f"many/{number}", Body=b"%d" % number)
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="later")["UploadId"]
    part = s3.upload_part(Bucket=BUCKET, Key="later", UploadId=upload, PartNumber=1, Body=b"p" * 3 * MIB)
    state = tmp_path / "state"
    _eventually(lambda: any(upload.encode() in file.read_bytes() for file in state.glob("*") if file.is_file()))
    with _half_an_upload(first):
        _eventually(lambda: any((state / "bodies" / "incoming").iterdir()))
        first.kill()

    second = ServerProcess(tmp_path, [ACCOUNT], REGION)
    try:
        assert list((state / "bodies" / "incoming").iterdir()) == []
        assert len(_bodies(second)) == 31
        s3 = _s3(second)
        for number in range(30):
            assert s3.get_object(Bucket=BUCKET, Key=f"many/{number}")["Body"].read() == b"%d" % number
        parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        s3.complete_multipart_upload(Bucket=BUCKET, Key="later", UploadId=upload, MultipartUpload=parts)
        assert s3.get_object(Bucket=BUCKET, Key="later")["Body"].read() == b"p" * 3 * MIB
    finally:
        second.stop()


@contextlib.contextmanager
def _half_an_upload(server: ServerProcess) -> Iterator[None]:
    host, port = server.endpoint_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        head = f"PUT /{BUCKET}/half HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {64 * MIB}\r\n\r\n"
        connection.sendall(head.encode() + b"x" * 4 * MIB)
        yield


@linux
def test_an_upload_that_breaks_off_leaves_no_file(kept: ServerProcess) -> None:
    with _half_an_upload(kept):
        _eventually(lambda: len(_bodies(kept)) == 1)
    _eventually(lambda: not _bodies(kept))


@linux
def test_files_of_deleted_and_overwritten_objects_are_removed(kept: ServerProcess) -> None:
    s3 = _s3(kept)
    for key in ("overwritten", "deleted", "stays"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"first")
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource=f"{BUCKET}/deleted")
    s3.put_object(Bucket=BUCKET, Key="overwritten", Body=b"second")
    s3.delete_object(Bucket=BUCKET, Key="deleted")
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="aborted")["UploadId"]
    s3.upload_part(Bucket=BUCKET, Key="aborted", UploadId=upload, PartNumber=1, Body=b"part")
    s3.abort_multipart_upload(Bucket=BUCKET, Key="aborted", UploadId=upload)
    _eventually(lambda: len(_bodies(kept)) == 3)
    assert s3.get_object(Bucket=BUCKET, Key="copy")["Body"].read() == b"first"
    s3.delete_object(Bucket=BUCKET, Key="copy")
    _eventually(lambda: len(_bodies(kept)) == 2)


@linux
def test_a_body_that_the_disk_does_not_take_is_refused_and_the_server_works_on(kept: ServerProcess) -> None:
    s3 = _s3(kept)
    resource.prlimit(kept.pid, resource.RLIMIT_FSIZE, (4 * MIB, resource.RLIM_INFINITY))
    for body in (b"x" * 8 * MIB, b"x" * 5 * MIB):
        with pytest.raises(ClientError, match="could not write the request's body") as refused:
            s3.put_object(Bucket=BUCKET, Key="k", Body=body)
        assert refused.value.response["Error"]["Code"] == "InternalFailure"
        with pytest.raises(ClientError, match="Not Found"):
            s3.head_object(Bucket=BUCKET, Key="k")
    assert _bodies(kept) == []
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x" * 3 * MIB)
    resource.prlimit(kept.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x" * 8 * MIB)
    assert s3.head_object(Bucket=BUCKET, Key="k")["ContentLength"] == 8 * MIB


@pytest.fixture
def bucket(kept_client: Client, unique: str) -> str:
    kept_client("s3").create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": REGION})
    return unique


@pytest.mark.aws_rule(
    "An object's checksum is verified, kept, and answered where it is asked for",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html",
)
@pytest.mark.parametrize("algorithm", CHECKSUMS)
def test_every_kind_of_checksum_is_verified_and_kept(kept_client: Client, bucket: str, algorithm: str) -> None:
    s3 = kept_client("s3")
    member, right = f"Checksum{algorithm}", digest(algorithm, [b"content"])
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="k", Body=b"content", **{member: digest(algorithm, [b"other"])})
    assert refused.value.response["Error"]["Code"] == "BadDigest"
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"content", **{member: right})[member] == right
    assert s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")[member] == right
    attributes = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["Checksum", "ObjectSize"])
    assert (attributes["Checksum"][member], attributes["ObjectSize"]) == (right, 7)
    copied = s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/k", ChecksumAlgorithm=algorithm)
    assert copied["CopyObjectResult"][member] == right


@pytest.mark.parametrize("algorithm", CHECKSUMS)
@pytest.mark.parametrize("kind", ["COMPOSITE", "FULL_OBJECT"])
def test_every_kind_of_checksum_of_an_upload_in_parts(
    kept_client: Client, bucket: str, algorithm: str, kind: str
) -> None:
    s3, member = kept_client("s3"), f"Checksum{algorithm}"
    parts = [b"a" * 5 * MIB, b"b" * 1000]
    sums = [digest(algorithm, [part]) for part in parts]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm, ChecksumType=kind)
    target = {"Bucket": bucket, "Key": "k", "UploadId": upload["UploadId"]}
    made = []
    for number, (part, value) in enumerate(zip(parts, sums, strict=True), 1):
        answer = s3.upload_part(**target, PartNumber=number, Body=part, **{member: value})
        assert answer[member] == value
        made.append({"PartNumber": number, "ETag": answer["ETag"], member: value})
    completed = s3.complete_multipart_upload(**target, MultipartUpload={"Parts": made})
    if kind == "COMPOSITE":
        expected = f"{composite(algorithm, sums)}-2"
    else:
        sizes = [len(part) for part in parts]
        expected = combined(algorithm, list(zip(sums, sizes, strict=True))) or digest(algorithm, parts)
    assert completed[member] == expected
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (head[member], head["ChecksumType"]) == (expected, kind)


@pytest.mark.aws_rule(
    "A body in aws-chunked encoding is stored without it, and its trailing checksum is verified",
    page="https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html",
)
@pytest.mark.parametrize("size", [0, 5, 3 * MIB])
def test_a_chunked_body_with_a_trailer_is_stored_without_it(kept_client: Client, bucket: str, size: int) -> None:
    s3 = kept_client("s3")
    content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    _put_in_chunks(s3, bucket, "k", content, digest("CRC64NVME", [content]))
    found = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (found["Body"].read(), found.get("ContentEncoding")) == (content, None)
    assert found["ChecksumCRC64NVME"] == digest("CRC64NVME", [content])
    with pytest.raises(ClientError, match="did not match"):
        _put_in_chunks(s3, bucket, "k", content, digest("CRC64NVME", [b"other"]))


def _put_in_chunks(s3: Any, bucket: str, key: str, content: bytes, checksum: str) -> None:
    """PutObject as SDKs send what they cannot read twice."""
    chunks = [content[start : start + 65536] for start in range(0, len(content), 65536)]
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    body += b"0\r\nx-amz-checksum-crc64nvme:%s\r\n\r\n" % checksum.encode()

    def as_sdks_do(request: Any, **_: Any) -> None:
        request.headers["X-Amz-Content-SHA256"] = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        request.headers["Content-Encoding"] = "aws-chunked"
        request.headers["X-Amz-Decoded-Content-Length"] = str(len(content))
        request.headers["X-Amz-Trailer"] = "x-amz-checksum-crc64nvme"
        del request.headers["x-amz-checksum-crc32"]
        del request.headers["x-amz-sdk-checksum-algorithm"]

    s3.meta.events.register("before-sign.s3.PutObject", as_sdks_do)
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    finally:
        s3.meta.events.unregister("before-sign.s3.PutObject", as_sdks_do)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(data=st.data())
def test_a_range_is_that_of_the_content(kept_client: Client, ranged: str, data: st.DataObject) -> None:
    size = len(_RANGED)
    first = data.draw(st.integers(0, size - 1) | st.none())
    last = (
        data.draw(st.integers(first, size + 9) | st.none())
        if first is not None
        else data.draw(st.integers(1, size + 9))
    )
    text = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    answer = kept_client("s3").get_object(Bucket=ranged, Key="k", Range=text)
    expected = (
        _RANGED[-last:] if first is None and last is not None else _RANGED[first : None if last is None else last + 1]
    )
    assert answer["Body"].read() == expected
    start = size - len(expected) if first is None else first
    assert answer["ContentRange"] == f"bytes {start}-{start + len(expected) - 1}/{size}"
    assert answer["ContentLength"] == len(expected)


_RANGED = bytes(range(256)) * 8192  # 2 MiB: more than is held in memory


@pytest.fixture
def ranged(kept_client: Client, bucket: str) -> str:
    kept_client("s3").put_object(Bucket=bucket, Key="k", Body=_RANGED)
    return bucket


def test_a_range_beyond_the_end_is_refused(kept_client: Client, ranged: str) -> None:
    with pytest.raises(ClientError) as refused:
        kept_client("s3").get_object(Bucket=ranged, Key="k", Range=f"bytes={len(_RANGED)}-")
    assert refused.value.response["Error"]["Code"] == "InvalidRange"


def test_a_content_md5_is_verified_of_what_is_held_in_a_file(kept_client: Client, bucket: str) -> None:
    s3, content = kept_client("s3"), b"x" * 2 * MIB
    md5 = base64.b64encode(hashlib.md5(content).digest()).decode()
    s3.put_object(Bucket=bucket, Key="k", Body=content, ContentMD5=md5)
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="k", Body=content + b"y", ContentMD5=md5)
    assert refused.value.response["Error"]["Code"] == "BadDigest"


def test_a_former_version_keeps_its_content(kept_client: Client, bucket: str) -> None:
    s3 = kept_client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    versions = [s3.put_object(Bucket=bucket, Key="k", Body=each)["VersionId"] for each in (b"one", b"two")]
    s3.delete_object(Bucket=bucket, Key="k")
    for version, content in zip(versions, (b"one", b"two"), strict=True):
        assert s3.get_object(Bucket=bucket, Key="k", VersionId=version)["Body"].read() == content
    s3.delete_object(Bucket=bucket, Key="k", VersionId=versions[0])
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=versions[1])["Body"].read() == b"two"


def test_an_object_that_is_overwritten_while_it_is_read_is_read_to_its_end(kept_client: Client, bucket: str) -> None:
    s3 = kept_client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"a" * 32 * MIB)
    reading = s3.get_object(Bucket=bucket, Key="k")["Body"]
    content = reading.read(MIB)
    for _ in range(3):  # a temporary room removes what nobody refers to at one of the next
        s3.put_object(Bucket=bucket, Key="k", Body=b"b" * MIB)
    assert content + reading.read() == b"a" * 32 * MIB


def test_a_large_body_of_another_service_is_read_from_its_file(kept_client: Client, unique: str) -> None:
    with pytest.raises(ClientError, match="templateBody"):  # a form
        kept_client("cloudformation").validate_template(TemplateBody="x" * 2 * MIB)
    ssm = kept_client("ssm")
    ssm.put_parameter(Name=unique, Value="x" * 2 * MIB, Type="String")  # JSON
    assert ssm.get_parameter(Name=unique)["Parameter"]["Value"] == "x" * 2 * MIB
