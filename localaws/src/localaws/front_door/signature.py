"""Reads what a request says of its signature: whose key, for which service, when, what it covers. It believes nothing:
``verification.py`` finds out whether it is true.

SigV4 in the header or the query, and S3's older signature (version 2), by which the AWS CLI still presigns.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import parse_qs, unquote

from localaws.core.wire import Signature
from localaws.front_door.auth_errors import refused

Scheme = Literal["header", "query", "version 2"]
ALGORITHM = "AWS4-HMAC-SHA256"
TIMESTAMP = "%Y%m%dT%H%M%SZ"
LONGEST_VALIDITY = 7 * 24 * 3600  # seconds of a presigned URL

_CREDENTIAL = re.compile(r"([^/\s]+)/(\d{8})/([^/]*)/([^/]+)/aws4_request")
_IN_QUERY = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature")
_VERSION_2 = ("AWSAccessKeyId", "Signature", "Expires")


@dataclass(frozen=True)
class Claim:
    """``value`` is the signature itself, ``token`` the session token that came along, ``signed_headers`` are lower-case
    names, ``moment`` is when it was signed (version 2 does not say), ``scope_date`` the day in the credential."""

    scheme: Scheme
    signature: Signature
    value: str
    token: str | None
    signed_headers: tuple[str, ...] = ()
    moment: datetime | None = None
    scope_date: str = ""

    @property
    def timestamp(self) -> str:
        assert self.moment is not None
        return self.moment.strftime(TIMESTAMP)

    @property
    def scope(self) -> str:
        """What the signature is good for, as it is signed along."""
        return f"{self.scope_date}/{self.signature.region}/{self.signature.signing_name}/aws4_request"


def read_claim(environ: dict[str, Any]) -> Claim | None:
    """What a WSGI request claims, or None where it is unsigned. ServiceError where it cannot be read."""
    header = str(environ.get("HTTP_AUTHORIZATION", ""))
    query = query_of(environ)
    in_query = any(name in query for name in ("X-Amz-Credential", "X-Amz-Signature"))
    in_old_query = "AWSAccessKeyId" in query and "Signature" in query
    if bool(header) + in_query + in_old_query > 1:
        raise refused("several mechanisms", "s3")
    if header:
        return _in_header(header, environ)
    if in_query:
        return _in_query(query)
    return _by_version_2(query) if in_old_query else None


def query_of(environ: dict[str, Any]) -> dict[str, str]:
    """The first value of each parameter in the query."""
    found = parse_qs(str(environ.get("QUERY_STRING", "")), keep_blank_values=True)
    return {name: values[0] for name, values in found.items()}


def _in_header(header: str, environ: dict[str, Any]) -> Claim:
    algorithm, _, rest = header.partition(" ")
    if algorithm != ALGORITHM:
        raise refused("unknown mechanism", "s3", f"{algorithm or 'it'} is not {ALGORITHM}")
    parts = dict(each.strip().partition("=")[::2] for each in rest.split(","))
    found = _CREDENTIAL.fullmatch(parts.get("Credential", ""))
    if not found:
        raise refused("incomplete", "s3", "its Credential is not <key>/<date>/<region>/<service>/aws4_request")
    key, day, region, service = found.groups()
    signing_name = service.lower()
    if not parts.get("SignedHeaders") or not parts.get("Signature"):
        raise refused("incomplete", signing_name, "it needs Credential, SignedHeaders and Signature")
    moment = _moment(environ)
    if moment is None:
        raise refused("incomplete", signing_name, "it needs a date: X-Amz-Date or Date")
    return Claim(
        "header",
        Signature(key, region, signing_name),
        parts["Signature"],
        environ.get("HTTP_X_AMZ_SECURITY_TOKEN"),
        _names(parts["SignedHeaders"]),
        moment,
        day,
    )


def _in_query(query: dict[str, str]) -> Claim:
    found = _CREDENTIAL.fullmatch(query.get("X-Amz-Credential", ""))
    service = found[4].lower() if found else "s3"
    lacking = [name for name in _IN_QUERY if not query.get(name)]
    if not found or lacking or query["X-Amz-Algorithm"] != ALGORITHM:
        what = f"it lacks {', '.join(lacking)}" if lacking else f"it is no {ALGORITHM} credential"
        raise refused("incomplete query", service, what)
    key, day, region, _ = found.groups()
    moment = _parsed(query["X-Amz-Date"])
    seconds = query.get("X-Amz-Expires", "900" if service != "s3" else "")
    if moment is None or not seconds.isascii() or not seconds.isdecimal() or not 1 <= int(seconds) <= LONGEST_VALIDITY:
        what = f"X-Amz-Date is a time, and X-Amz-Expires a number of seconds up to {LONGEST_VALIDITY}"
        raise refused("incomplete query", service, what)
    return Claim(
        "query",
        Signature(key, region, service, moment + timedelta(seconds=int(seconds))),
        query["X-Amz-Signature"],
        query.get("X-Amz-Security-Token"),
        _names(query["X-Amz-SignedHeaders"]),
        moment,
        day,
    )


def _by_version_2(query: dict[str, str]) -> Claim:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html"""
    try:
        expires = datetime.fromtimestamp(int(query["Expires"]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        raise refused("incomplete query", "s3", "Expires is a number of seconds since 1970") from None
    signature = Signature(query["AWSAccessKeyId"], "us-east-1", "s3", expires)
    return Claim("version 2", signature, query["Signature"], query.get("x-amz-security-token"))


def _names(text: str) -> tuple[str, ...]:
    return tuple(unquote(text).split(";"))


def _moment(environ: dict[str, Any]) -> datetime | None:
    if "HTTP_X_AMZ_DATE" in environ:
        return _parsed(str(environ["HTTP_X_AMZ_DATE"]).strip())
    date = str(environ.get("HTTP_DATE", "")).strip()
    try:
        return _parsed(date) or parsedate_to_datetime(date).astimezone(UTC)
    except (ValueError, TypeError):
        return None


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, TIMESTAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
