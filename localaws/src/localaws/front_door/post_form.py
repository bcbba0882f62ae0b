"""Uploads to S3 by a form of a web page: a signed policy says what may be uploaded, and the upload becomes a PutObject.

So whatever holds for PutObject holds for it: permissions, checks, events. Version 4 and version 2 of the signature.
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html
"""

from __future__ import annotations

import hmac
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

from botocore.auth import HmacV1PostAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from werkzeug.exceptions import HTTPException
from werkzeug.formparser import parse_form_data

from localaws.core.errors import ServiceError
from localaws.core.identities import Identities, IssuedKey
from localaws.core.wire import HttpResponse, Signature
from localaws.front_door.auth_errors import refused
from localaws.front_door.post_policy import refuse_unallowed
from localaws.front_door.verification import has_token

_HEADERS = {"content-type", "cache-control", "content-disposition", "content-encoding", "expires"}
_OF_SIGNATURE = {"x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature", "x-amz-security-token"}


@dataclass(frozen=True)
class Upload:
    """``environ`` is that of the PutObject which the form stands for."""

    signature: Signature
    environ: dict[str, Any]
    fields: dict[str, str]

    def answer(self, response: HttpResponse) -> HttpResponse:
        """What the page gets, for what PutObject answered."""
        if response.status != 200:
            return response
        place = {"bucket": self.fields["bucket"], "key": self.fields["key"]}
        etag = next((value for name, value in response.headers.items() if name.lower() == "etag"), "")
        target = self.fields.get("success_action_redirect") or self.fields.get("redirect")
        if target:
            where = f"{target}{'&' if '?' in target else '?'}{urlencode({**place, 'etag': etag})}"
            return HttpResponse(303, {**response.headers, "Location": where}, b"")
        status = self.fields.get("success_action_status", "204")
        if status == "201":
            told = "".join(f"<{name.title()}>{escape(value)}</{name.title()}>" for name, value in place.items())
            body = f"<PostResponse>{told}<ETag>{escape(etag)}</ETag></PostResponse>".encode()
            return HttpResponse(201, {**response.headers, "Content-Type": "application/xml"}, body)
        return HttpResponse(200 if status == "200" else 204, response.headers, b"")


def is_form(environ: dict[str, Any]) -> bool:
    kind = str(environ.get("CONTENT_TYPE", "")).lower()
    return environ["REQUEST_METHOD"] == "POST" and kind.startswith("multipart/form-data")


def read_upload(environ: dict[str, Any], identities: Identities, any_secret: bool) -> Upload:
    """The upload that a form asks for, its bucket in the path. ServiceError where it is not signed, or not allowed."""
    fields, content, file_name = _fields(environ)
    bucket = str(environ["PATH_INFO"]).strip("/")
    fields["bucket"] = bucket
    if not {"policy", "key"} <= fields.keys():
        raise refused("no signature", "s3")
    signature, stamp, given = _claim(fields)
    key = identities.key(signature.access_key_id)
    if key is None:
        raise refused("unknown key", "s3")
    if not any_secret:
        if not has_token(fields.get("x-amz-security-token"), key):
            raise refused("wrong token", "s3")
        if not hmac.compare_digest(_signature(fields["policy"], signature, stamp, key).encode(), given.encode()):
            raise refused("wrong signature", "s3")
        refuse_unallowed(fields["policy"], fields, _size(content), datetime.now(UTC))
    fields["key"] = fields["key"].replace("${filename}", file_name)
    return Upload(signature, _put(environ, fields, content), fields)


def _fields(environ: dict[str, Any]) -> tuple[dict[str, str], Any, str]:
    environ["wsgi.input"].seek(0)
    try:
        _, form, files = parse_form_data(environ, silent=False)
    except (ValueError, HTTPException) as error:
        text = f"The body of your POST request is not well-formed multipart/form-data: {error}"
        raise ServiceError("MalformedPOSTRequest", text) from error
    file = files.get("file")
    content = file.stream if file is not None else io.BytesIO(form.get("file", "").encode())
    return {name.lower(): value for name, value in form.items()}, content, (file.filename or "") if file else ""


def _claim(fields: dict[str, str]) -> tuple[Signature, str, str]:
    """Whose signature, at which time (of version 4), and the signature itself."""
    if "awsaccesskeyid" in fields:
        return Signature(fields["awsaccesskeyid"], "us-east-1", "s3"), "", fields.get("signature", "")
    parts = fields.get("x-amz-credential", "").split("/")
    stamp = fields.get("x-amz-date", "")
    if len(parts) != 5 or parts[3:] != ["s3", "aws4_request"] or parts[1] != stamp[:8]:
        raise refused("no signature", "s3")
    return Signature(parts[0], parts[2], "s3"), stamp, fields.get("x-amz-signature", "")


def _signature(policy: str, signature: Signature, stamp: str, key: IssuedKey) -> str:
    credentials = Credentials(signature.access_key_id, key.secret)
    if not stamp:
        return str(HmacV1PostAuth(credentials).sign_string(policy))
    request = AWSRequest()
    request.context["timestamp"] = stamp
    return str(SigV4Auth(credentials, "s3", signature.region).signature(policy, request))


def _size(content: Any) -> int:
    content.seek(0, io.SEEK_END)
    size = int(content.tell())
    content.seek(0)
    return size


def _put(environ: dict[str, Any], fields: dict[str, str], content: Any) -> dict[str, Any]:
    if "tagging" in fields:
        raise ServiceError("NotImplemented", "localaws does not tag what is uploaded by a form.", 501)
    made = {
        name: value for name, value in environ.items() if not name.startswith(("HTTP_X_AMZ_", "CONTENT_", "werkzeug."))
    }
    path = f"/{fields['bucket']}/{quote(fields['key'], safe='/~')}"
    made |= {
        "REQUEST_METHOD": "PUT",
        "PATH_INFO": f"/{fields['bucket']}/{fields['key']}".encode().decode("latin-1"),
        "RAW_URI": path,
        "REQUEST_URI": path,
        "QUERY_STRING": "",
        "CONTENT_LENGTH": str(_size(content)),
        "wsgi.input": content,
    }
    for name, value in fields.items():
        header = "x-amz-acl" if name == "acl" else name
        if header in _HEADERS or (header.startswith("x-amz-") and header not in _OF_SIGNATURE):
            key = header.upper().replace("-", "_")
            made[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value.encode().decode("latin-1")
    return made
