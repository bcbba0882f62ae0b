"""Chunks that are signed one by one: AWS's own two examples, and each way to change something of them."""

from __future__ import annotations

import io
from functools import partial

import pytest

from localaws.core.errors import ServiceError
from localaws.core.identities import IssuedKey
from localaws.core.wire import Signature
from localaws.front_door.chunk_signatures import ChunkScope, require
from localaws.front_door.signature import Claim, _parsed
from localaws.front_door.verification import _signed_text

A = b"a" * 65536
B = b"a" * 1024
# https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
SIGNATURES = (
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
)
# https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
SEED_WITH_TRAILER = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
SIGNATURES_WITH_TRAILER = (
    "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
    "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
    "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
)
TRAILER = (
    b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
    b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n"
)


def scope(seed: str) -> ChunkScope:
    claim = Claim(
        "header",
        Signature("AKIAIOSFODNN7EXAMPLE", "us-east-1", "s3"),
        seed,
        None,
        moment=_parsed("20130524T000000Z"),
        scope_date="20130524",
    )
    key = IssuedKey("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    return ChunkScope(claim.timestamp, claim.scope, seed, partial(_signed_text, claim=claim, key=key))


def body(signatures: tuple[str, ...], trailer: bytes = b"") -> bytes:
    framed = b""
    for content, signature in zip((A, B, b""), signatures, strict=True):
        end = b"\r\n" if content else b""
        framed += b"%x;chunk-signature=%s\r\n%s%s" % (len(content), signature.encode(), content, end)
    return framed + trailer + b"\r\n"


PLAIN = body(SIGNATURES)
WITH_TRAILER = body(SIGNATURES_WITH_TRAILER, TRAILER)


def verify(content: bytes, with_trailer: bool = False, length: str = "66560") -> None:
    environ = {"wsgi.input": io.BytesIO(content), "HTTP_X_AMZ_DECODED_CONTENT_LENGTH": length}
    require(environ, scope(SEED_WITH_TRAILER if with_trailer else SEED), with_trailer)
    assert environ["wsgi.input"].tell() == 0  # type: ignore[attr-defined]


@pytest.mark.aws_rule(
    "A chunk's signature covers its content and the signature of the chunk before it",
    page="https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html",
)
def test_the_example_of_the_documentation_is_accepted() -> None:
    verify(PLAIN)


@pytest.mark.aws_rule(
    "The trailing headers are signed along with the last chunk's signature",
    page="https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html",
)
def test_the_example_with_a_trailer_is_accepted() -> None:
    verify(WITH_TRAILER, with_trailer=True)


OTHERS = {
    "a byte": PLAIN.replace(b"aaa\r\n400;", b"aab\r\n400;"),
    "a byte of the last chunk": PLAIN.replace(b"a\r\n0;", b"b\r\n0;"),
    "a signature": PLAIN.replace(b"0055627c", b"0055627d"),
    "the last signature": PLAIN.replace(b"b6c6ea8a", b"b6c6ea8b"),
    "no signature": PLAIN.replace(b";chunk-signature=" + SIGNATURES[1].encode(), b""),
    "a chunk less": PLAIN[: PLAIN.index(b"400;")] + PLAIN[PLAIN.index(b"0;chunk-signature=b6") :],
    "chunks in another order": (
        PLAIN[PLAIN.index(b"400;") : PLAIN.index(b"0;chunk-signature=b6")]
        + PLAIN[: PLAIN.index(b"400;")]
        + PLAIN[PLAIN.index(b"0;chunk-signature=b6") :]
    ),
    "a trailer that nobody signed": PLAIN[:-2] + b"x-amz-checksum-crc32c:sOO8/Q==\r\n\r\n",
    "more after the end": PLAIN + b"more" * 5000,
    "cut off": PLAIN[:-70],
    "cut off in a chunk": PLAIN[:1000],
    "a size that only Python reads": PLAIN.replace(b"10000;", b"1_0000;"),
    "nothing": b"",
}


@pytest.mark.parametrize("change", OTHERS)
def test_anything_else_than_what_was_signed_is_refused(change: str) -> None:
    assert OTHERS[change] != PLAIN
    with pytest.raises(ServiceError) as refused:
        verify(OTHERS[change])
    assert refused.value.code in ("SignatureDoesNotMatch", "IncompleteBody", "InvalidChunkSizeError")


@pytest.mark.parametrize(
    ("found", "other"), [(b"sOO8/Q==", b"sOO8/A=="), (b"d81f82fc", b"d81f82fd"), (TRAILER, b""), (b"crc32c", b"crc32d")]
)
def test_another_trailer_is_refused(found: bytes, other: bytes) -> None:
    with pytest.raises(ServiceError, match="signature"):
        verify(WITH_TRAILER.replace(found, other), with_trailer=True)


@pytest.mark.parametrize(("length", "code"), [("66561", "IncompleteBody"), ("", "MissingContentLength")])
def test_the_length_of_the_content_is_said_and_true(length: str, code: str) -> None:
    with pytest.raises(ServiceError) as refused:
        verify(PLAIN, length=length)
    assert refused.value.code == code
