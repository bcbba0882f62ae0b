"""Checksums of bodies, plain and in chunks."""

from __future__ import annotations

import base64
import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.core.aws_chunked import Unchunked
from localaws.core.digests import CHECKSUMS, MD5, digest
from localaws.core.errors import ServiceError
from localaws.services.s3.checksums import (
    checksum_headers,
    refuse_corrupt,
    stated_checksums,
    wanted_digests,
)


def _chunked(content: bytes, size: int, trailers: dict[str, str]) -> bytes:
    chunks = [content[start : start + size] for start in range(0, len(content), size)]
    body = b"".join(f"{len(chunk):x};chunk-signature={'0' * 64}\r\n".encode() + chunk + b"\r\n" for chunk in chunks)
    return body + b"0\r\n" + "".join(f"{name}:{value}\r\n" for name, value in trailers.items()).encode() + b"\r\n"


@given(st.binary(max_size=300), st.integers(1, 64))
def test_a_chunked_body_is_the_content_and_its_trailers(content: bytes, size: int) -> None:
    trailers = {"x-amz-checksum-crc32": "AAAA=="}
    decoded = Unchunked(io.BytesIO(_chunked(content, size, trailers)))
    assert (b"".join(decoded), decoded.trailers) == (content, trailers)


@given(st.binary(min_size=1, max_size=60), st.integers(1, 64), st.data())
def test_a_chunked_body_that_breaks_off_is_refused(content: bytes, size: int, data: st.DataObject) -> None:
    whole = _chunked(content, size, {})
    end = data.draw(st.integers(0, whole.rindex(b"0\r\n") - 1))
    with pytest.raises(ServiceError) as refused:
        b"".join(Unchunked(io.BytesIO(whole[:end])))
    assert refused.value.code == "IncompleteBody"


@pytest.mark.aws_rule(
    "An object whose content does not have the checksum that was sent is refused",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html",
)
@given(st.binary(max_size=50), st.binary(max_size=50), st.sampled_from(CHECKSUMS))
def test_only_the_right_checksum_is_taken(content: bytes, other: bytes, algorithm: str) -> None:
    given_ = {f"Checksum{algorithm}": digest(algorithm, [other])}
    if content == other:
        _refuse_corrupt(given_, content)
    else:
        with pytest.raises(ServiceError, match=algorithm):
            _refuse_corrupt(given_, content)


@pytest.mark.aws_rule(
    "A checksum may follow a chunked body as a trailer, and is checked",
    page="https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html",
)
def test_a_trailing_checksum_is_checked_too() -> None:
    with pytest.raises(ServiceError) as refused:
        _refuse_corrupt({}, b"one", {"x-amz-checksum-sha256": digest("SHA256", [b"two"])})
    assert refused.value.code == "BadDigest"


@pytest.mark.parametrize(("md5", "code"), [("no base64", "InvalidDigest"), ("AAAA", "InvalidDigest")])
def test_an_md5_that_is_none_is_refused(md5: str, code: str) -> None:
    with pytest.raises(ServiceError) as refused:
        _refuse_corrupt({"ContentMD5": md5}, b"x")
    assert refused.value.code == code


def test_the_right_md5_is_taken() -> None:
    _refuse_corrupt({"ContentMD5": base64.b64encode(hashlib.md5(b"x").digest()).decode()}, b"x")


def test_moto_is_told_of_a_checksum_by_its_name_and_value() -> None:
    known = {"SHA256": "x", MD5: "y"}
    told = {"x-amz-sdk-checksum-algorithm": "SHA256", "x-amz-checksum-sha256": "x"}
    assert checksum_headers({}, {"SHA256": "x"}, known) == told
    assert checksum_headers({"ChecksumAlgorithm": "SHA256"}, {}, known) == told
    assert checksum_headers({}, {}, known) == {}


def _refuse_corrupt(parameters: dict[str, str], content: bytes, trailers: dict[str, str] | None = None) -> None:
    stated = stated_checksums(parameters, trailers or {})
    digests = {name: digest(name, [content]) for name in wanted_digests(parameters, stated)}
    refuse_corrupt(parameters, stated, digests)
