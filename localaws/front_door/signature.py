"""Reads who signed a request and for which service and region, from the header or a presigned URL (SigV4).

The signature itself is not verified: localaws listens on loopback only and its secret keys are public.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

_CREDENTIAL = re.compile(r"Credential=([^/\s]+)/(\d{8})/([^/]*)/([^/]+)/aws4_request")


@dataclass(frozen=True)
class Signature:
    access_key_id: str
    region: str
    signing_name: str
    session_token: str | None


def read_signature(environ: dict[str, object]) -> Signature | None:
    """The signature of a WSGI request, or None where it is unsigned."""
    header = str(environ.get("HTTP_AUTHORIZATION", ""))
    found = _CREDENTIAL.search(header)
    token = environ.get("HTTP_X_AMZ_SECURITY_TOKEN")
    if not found:
        query = parse_qs(str(environ.get("QUERY_STRING", "")))
        found = _CREDENTIAL.search("Credential=" + query.get("X-Amz-Credential", [""])[0])
        token = query.get("X-Amz-Security-Token", [None])[0]
    if not found:
        return None
    access_key_id, _, region, signing_name = found.groups()
    return Signature(access_key_id, region, signing_name.lower(), str(token) if token else None)
