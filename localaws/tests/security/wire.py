"""Requests byte by byte: signed by botocore as any client signs them, then changed at will, and sent as they are."""

from __future__ import annotations

import hashlib
import http.client
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from localaws.server import Server
from tests.shared_server import REGION


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The error's code, in whichever protocol; empty where it is none."""
        found = re.search(rb"<Code>(.*?)</Code>|\"__type\": ?\"(?:[^\"#]*#)?(.*?)\"", self.body)
        told = (found[1] or found[2]).decode() if found else ""
        return self.headers.get("x-amzn-errortype", told) or told


@dataclass(frozen=True)
class Wire:
    """``target`` is path and query, encoded; ``headers`` are sent as they are, Host among them."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def sent(self, server: Server) -> Answer:
        address = urlsplit(server.endpoint_url)
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
        try:
            # http.client asks for more than the server does: both must see what is really in the request.
            connection.putrequest(self.method, "/", skip_host=True, skip_accept_encoding=True)
            connection._buffer[0] = f"{self.method} {self.target} HTTP/1.1".encode("latin-1")  # type: ignore[attr-defined]
            for name, value in {"Host": address.netloc, **self.headers}.items():
                connection.putheader(name, value.encode("utf-8"))
            if "Content-Length" not in self.headers:
                connection.putheader("Content-Length", str(len(self.body)))
            connection.endheaders(self.body)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def with_header(self, name: str, value: str) -> Wire:
        return replace(self, headers={**self.headers, name: value})


def signed(
    server: Server,
    keys: tuple[str, str, str | None],
    method: str,
    target: str,
    service: str = "s3",
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    moment: datetime | None = None,
) -> Wire:
    """A request signed in its headers. ``keys``: access key id, secret, session token."""
    request = AWSRequest(method, f"{server.endpoint_url}{target}", headers or {}, body)
    kind: Any = S3SigV4Auth if service == "s3" else SigV4Auth
    _sign(kind(Credentials(*keys), service, REGION), request, moment)
    return Wire(method, target, dict(request.headers.items()), body)


def signed_in_chunks(
    server: Server, keys: tuple[str, str, str | None], target: str, chunks: list[bytes], trailer: str = ""
) -> Wire:
    """PutObject as SDKs stream that sign each chunk, and the ``trailer`` (a header's line) too."""
    name = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailer else "")
    length = str(sum(len(chunk) for chunk in chunks))
    headers = {
        "Content-Encoding": "aws-chunked",
        "X-Amz-Decoded-Content-Length": length,
        **({"X-Amz-Trailer": trailer.partition(":")[0]} if trailer else {}),
    }
    request = AWSRequest("PUT", f"{server.endpoint_url}{target}", headers)
    signer = S3SigV4Auth(Credentials(*keys), "s3", REGION)
    signer.payload = lambda _: name
    signer.add_auth(request)
    moment = str(request.context["timestamp"])
    previous = request.headers["Authorization"].rpartition("=")[2]
    empty = hashlib.sha256(b"").hexdigest()

    def sign(kind: str, *digests: str) -> str:
        scope = f"{moment[:8]}/{REGION}/s3/aws4_request"
        return str(signer.signature("\n".join([kind, moment, scope, previous, *digests]), request))

    body = b""
    for chunk in [*chunks, b""]:
        previous = sign("AWS4-HMAC-SHA256-PAYLOAD", empty, hashlib.sha256(chunk).hexdigest())
        end = b"\r\n" if chunk else b""
        body += b"%x;chunk-signature=%s\r\n%s%s" % (len(chunk), previous.encode(), chunk, end)
    if trailer:
        signature = sign("AWS4-HMAC-SHA256-TRAILER", hashlib.sha256(f"{trailer}\n".encode()).hexdigest())
        body += f"{trailer}\r\nx-amz-trailer-signature:{signature}\r\n".encode()
    return Wire("PUT", target, dict(request.headers.items()), body + b"\r\n")


def presigned(server: Server, keys: tuple[str, str, str | None], method: str, target: str, seconds: int = 60) -> Wire:
    request = AWSRequest(method, f"{server.endpoint_url}{target}")
    S3SigV4QueryAuth(Credentials(*keys), "s3", REGION, expires=seconds).add_auth(request)
    return Wire(method, str(request.url).removeprefix(server.endpoint_url))


def _sign(signer: Any, request: AWSRequest, moment: datetime | None) -> None:
    if moment is None:
        signer.add_auth(request)
        return
    # What add_auth does, at another time.
    request.context["timestamp"] = moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    signer._modify_request_before_signing(request)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    signer._inject_signature_to_request(request, signer.signature(text, request))
