"""Whether a signature is true: it is made once more, by botocore's own signers, from what the request really is.

What was sent is what must have been signed: method, path, query and the signed headers byte for byte (two spellings
aside, which some clients sign in their canonical form), and the body where its digest is signed. Comparisons take
constant time. It knows no keys; they are given to it.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import functools
import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from botocore.auth import HmacV1QueryAuth, S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders, urlsplit
from botocore.credentials import Credentials
from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY

from localaws.core.identities import IssuedKey
from localaws.front_door import chunk_signatures, payload
from localaws.front_door.auth_errors import refused
from localaws.front_door.chunk_signatures import ChunkScope
from localaws.front_door.signature import Claim, query_of
from localaws.front_door.signing_names import S3_NAMES

SKEW = timedelta(minutes=15)
_UNRESERVED = "-_.~"


def verify(environ: dict[str, Any], claim: Claim, key: IssuedKey, bucket: str | None = None) -> None:
    """Raise ServiceError, in the service's own words, unless ``key`` has signed this very request just now.

    ``bucket`` is S3's bucket where the host's name holds it.
    """
    name = claim.signature.signing_name
    _require_token(claim, key)
    _require_time(claim, datetime.now(UTC))
    if claim.scheme == "version 2":
        _require(_version_2(environ, claim, key, bucket), claim)
        return
    _require_signed_headers(environ, claim)
    digest = payload.stated(environ, is_s3=name in S3_NAMES, presigned=claim.scheme == "query")
    target = request_target(environ)
    if target is None or str(environ["REQUEST_METHOD"]) != str(environ["REQUEST_METHOD"]).upper():
        raise refused("wrong signature", name)
    ways = _spellings(*target, claim)
    headers = _signed_headers(environ, claim)
    _require([_version_4(str(environ["REQUEST_METHOD"]), url, headers, digest, claim, key) for url in ways], claim)
    payload.require(environ, digest, name)
    if digest in (payload.SIGNED_CHUNKS, payload.SIGNED_CHUNKS_AND_TRAILER):
        sign = functools.partial(_signed_text, claim=claim, key=key)
        has_trailer = digest == payload.SIGNED_CHUNKS_AND_TRAILER
        chunk_signatures.require(environ, ChunkScope(claim.timestamp, claim.scope, claim.value, sign), has_trailer)


def has_token(given: str | None, key: IssuedKey) -> bool:
    """Whether the session token is the one that was issued with the key; a key without one is given none."""
    return hmac.compare_digest((given or "").encode(), (key.session_token or "").encode())


def _require_token(claim: Claim, key: IssuedKey) -> None:
    if has_token(claim.token, key):
        return
    # A temporary key without its token is no key that AWS knows.
    raise refused("wrong token" if claim.token else "unknown key", claim.signature.signing_name)


def _require_time(claim: Claim, now: datetime) -> None:
    """By the wall clock, as whoever signs does; how far this cloud's own clock was moved does not matter."""
    name = claim.signature.signing_name
    if claim.moment is not None and claim.scope_date != claim.timestamp[:8]:
        raise refused("wrong signature", name, "the date in the Credential is not the date of the request")
    if claim.scheme == "header":
        assert claim.moment is not None
        if abs(now - claim.moment) > SKEW:
            raise refused("skewed", name, f"it was signed at {claim.timestamp}, and it is {now:%Y%m%dT%H%M%SZ}")
        return
    if claim.signature.expires is not None and claim.signature.expires < now:
        raise refused("expired", name)
    if claim.moment is not None and claim.moment > now + SKEW:
        raise refused("expired", name, "the request is not yet valid")


def _require_signed_headers(environ: dict[str, Any], claim: Claim) -> None:
    """What decides what a request means must be signed: the host and every x-amz- header."""
    present = {name for name in _header_names(environ) if name.startswith("x-amz-") or name == "host"}
    lacking = sorted({"host", *present} - set(claim.signed_headers))
    if lacking:
        raise refused("unsigned header", claim.signature.signing_name, ", ".join(lacking))


def _require(signatures: list[str], claim: Claim) -> None:
    matching = [hmac.compare_digest(one.encode(), claim.value.encode()) for one in signatures]
    if not any(matching):
        raise refused("wrong signature", claim.signature.signing_name)


class _Exactly(SigV4Auth):  # type: ignore[misc]  # botocore is untyped
    """Signs the headers that it is given and the payload that it is told, no others."""

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        found = HTTPHeaders()
        for name, value in request.headers.items():
            found[name.lower()] = value
        return found

    def payload(self, request: AWSRequest) -> str:
        return str(request.context["payload"])


class _ExactlyForS3(_Exactly, S3SigV4Auth):  # type: ignore[misc]
    """The same with S3's paths, which are signed as they are sent."""

    def _normalize_url_path(self, path: str) -> str:
        return path


def _version_4(method: str, url: str, headers: dict[str, str], digest: str, claim: Claim, key: IssuedKey) -> str:
    signature = claim.signature
    credentials = Credentials(signature.access_key_id, key.secret)
    kind = _ExactlyForS3 if signature.signing_name in S3_NAMES else _Exactly
    signer = kind(credentials, signature.signing_name, signature.region)
    request = AWSRequest(method, url, headers)
    request.context.update(timestamp=claim.timestamp, payload=digest)
    return str(signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request))


def _signed_text(text: str, claim: Claim, key: IssuedKey) -> str:
    """The signature of a text that is no request: of a chunk."""
    signature = claim.signature
    signer = SigV4Auth(Credentials(signature.access_key_id, key.secret), signature.signing_name, signature.region)
    request = AWSRequest()
    request.context["timestamp"] = claim.timestamp
    return str(signer.signature(text, request))


class _OldQuery(HmacV1QueryAuth):  # type: ignore[misc]
    """Version 2, with the time that the request names as its end."""

    def _get_date(self) -> str:
        return str(self._expires)


# What may stand in a query beside what version 2 signs; anything else could turn the request into another one.
_AMAZONS = re.compile(r"x-amz-[a-z0-9-]+")
_HARMLESS = {"AWSAccessKeyId", "Signature", "Expires", "content-type", "content-md5", "x-id", "list-type", "prefix"}
_HARMLESS |= {"marker", "max-keys", "delimiter", "continuation-token", "start-after", "encoding-type", "fetch-owner"}
_HARMLESS |= {"key-marker", "version-id-marker", "upload-id-marker", "max-uploads", "max-parts", "part-number-marker"}


def _version_2(environ: dict[str, Any], claim: Claim, key: IssuedKey, bucket: str | None) -> list[str]:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html"""
    query, target = query_of(environ), request_target(environ)
    if target is None:
        raise refused("wrong signature", "s3")
    # By their names as they were sent: what is encoded would not be signed, and decoded behind the door.
    names = [pair.partition("=")[0] for pair in target[1].split("&")]
    uncovered = [
        name
        for name in names
        if name not in _HARMLESS and name not in HmacV1QueryAuth.QSAOfInterest and not _AMAZONS.fullmatch(name)
    ]
    if uncovered:
        raise refused("unsigned header", "s3", f"version 2 does not sign {', '.join(uncovered)}")
    headers = HTTPHeaders()
    for name, value in query.items():
        if name.startswith("x-amz-"):
            headers[name] = value
    for name in _header_names(environ):
        if name in ("content-md5", "content-type") or (name.startswith("x-amz-") and name not in headers):
            headers[name] = _header(environ, name)
    signer = _OldQuery(Credentials(claim.signature.access_key_id, key.secret), query["Expires"])
    url = urlsplit(f"http://s3{target[0]}?{target[1]}")
    path = f"/{bucket}{target[0]}" if bucket else target[0]
    return [signer.get_signature(str(environ["REQUEST_METHOD"]), url, headers, auth_path=path)]


def request_target(environ: dict[str, Any]) -> tuple[str, str] | None:
    """Path and query as they were sent, encoded; None where they are no such thing."""
    target = str(environ.get("RAW_URI", ""))
    if "#" in target or not target.isascii():
        return None
    if not target.startswith("/"):  # the absolute form
        _, found, target = target.partition("://")
        target = f"/{target.partition('/')[2]}" if found else ""
    path, _, query = target.partition("?")
    return (path, query) if path else None


def _spellings(path: str, query: str, claim: Claim) -> list[str]:
    """URLs of the request: as it was sent, and with what clients send bare but sign encoded, as AWS does."""
    pairs = [pair for pair in query.split("&") if pair and not pair.startswith("X-Amz-Signature=")] if query else []
    if claim.scheme == "header" and query:
        pairs = query.split("&")
    sent = (path, "&".join(pairs))
    encoded = (
        quote(path, safe="/~%"),
        "&".join(quote(pair.replace("+", "%20"), safe="=%" + _UNRESERVED) for pair in pairs),
    )
    host = "http://localhost"
    return [f"{host}{one}{f'?{rest}' if rest else ''}" for one, rest in dict.fromkeys((sent, encoded))]


def _signed_headers(environ: dict[str, Any], claim: Claim) -> dict[str, str]:
    found = {}
    for name in claim.signed_headers:
        value = _header(environ, name)
        if value is None:
            raise refused("wrong signature", claim.signature.signing_name, f"the signed header {name} is absent")
        found[name] = value
    if tuple(sorted(found)) != claim.signed_headers:
        raise refused("incomplete", claim.signature.signing_name, "SignedHeaders are not sorted, or not lower case")
    return found


def _header(environ: dict[str, Any], name: str) -> str | None:
    """A header's value as text; None where it is absent, or came under a name that only looks like this one."""
    folded = name.upper().replace("-", "_")
    key = folded if folded in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{folded}"
    spelled: dict[str, str] = environ.get(PRESERVED_HEADER_NAMES_ENVIRON_KEY) or {}
    if key not in environ or spelled.get(key, name.replace("_", "-")).lower() != name:
        return None
    try:
        # Header values are bytes, which the server reads as latin-1 and clients sign as UTF-8.
        return str(environ[key]).encode("latin-1").decode()
    except (UnicodeEncodeError, UnicodeDecodeError):
        return None


def _header_names(environ: dict[str, Any]) -> list[str]:
    spelled: dict[str, str] = environ.get(PRESERVED_HEADER_NAMES_ENVIRON_KEY) or {}
    return [
        spelled[key].lower() if key in spelled else key.removeprefix("HTTP_").replace("_", "-").lower()
        for key in environ
        if key.startswith("HTTP_") or key in ("CONTENT_TYPE", "CONTENT_LENGTH")
    ]
