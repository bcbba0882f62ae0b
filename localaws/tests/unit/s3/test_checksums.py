"""Checksums of bodies, plain and in chunks."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.core.errors import ServiceError
from localaws.services.s3.checksums import algorithm_header, checksum, refuse_corrupt, unchunked


def _chunked(content: bytes, size: int, trailers: dict[str, str]) -> bytes:
    chunks = [content[start : start + size] for start in range(0, len(content), size)]
    body = b"".join(f"{len(chunk):x};chunk-signature=0\r\n".encode() + chunk + b"\r\n" for chunk in chunks)
    return body + b"0\r\n" + "".join(f"{name}:{value}\r\n" for name, value in trailers.items()).encode() + b"\r\n"


@given(st.binary(max_size=300), st.integers(1, 64))
def test_a_chunked_body_is_the_content_and_its_trailers(content: bytes, size: int) -> None:
    trailers = {"x-amz-checksum-crc32": "AAAA=="}
    assert unchunked(_chunked(content, size, trailers)) == (content, trailers)


@pytest.mark.aws_rule(
    "An object whose content does not have the checksum that was sent is refused",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html",
)
@given(st.binary(max_size=50), st.binary(max_size=50))
def test_only_the_right_checksum_is_taken(content: bytes, other: bytes) -> None:
    for algorithm in ("CRC32", "SHA1", "SHA256"):
        given_ = {f"Checksum{algorithm}": checksum(algorithm, other)}
        if content == other:
            refuse_corrupt(given_, content)
        else:
            with pytest.raises(ServiceError, match=algorithm):
                refuse_corrupt(given_, content)


@pytest.mark.aws_rule(
    "A checksum may follow a chunked body as a trailer, and is checked",
    page="https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html",
)
def test_a_trailing_checksum_is_checked_too() -> None:
    body = _chunked(b"one", 8, {"x-amz-checksum-sha256": str(checksum("SHA256", b"two"))})
    with pytest.raises(ServiceError) as refused:
        refuse_corrupt({"ContentEncoding": "aws-chunked"}, body)
    assert refused.value.code == "BadDigest"


@pytest.mark.parametrize(("md5", "code"), [("no base64", "InvalidDigest"), ("AAAA", "InvalidDigest")])
def test_an_md5_that_is_none_is_refused(md5: str, code: str) -> None:
    with pytest.raises(ServiceError) as refused:
        refuse_corrupt({"ContentMD5": md5}, b"x")
    assert refused.value.code == code


def test_the_right_md5_is_taken() -> None:
    refuse_corrupt({"ContentMD5": base64.b64encode(hashlib.md5(b"x").digest()).decode()}, b"x")


def test_a_checksum_names_its_algorithm_to_moto_where_the_client_did_not() -> None:
    assert algorithm_header({"ChecksumSHA256": "x"}) == {"x-amz-sdk-checksum-algorithm": "SHA256"}
    assert algorithm_header({"ChecksumSHA256": "x", "ChecksumAlgorithm": "SHA256"}) == {}
    assert algorithm_header({}) == {}
