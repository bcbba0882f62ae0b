"""Reads who signed a request and for which service and region, from the header or a presigned URL.

SigV4, and S3's older signature (version 2), by which the AWS CLI still presigns: it names no region.

The signature itself is not verified: localaws listens on loopback only and its secret keys are public.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

from localaws.core.wire import Signature

_CREDENTIAL = re.compile(r"Credential=([^/\s]+)/(\d{8})/([^/]*)/([^/]+)/aws4_request")


def read_signature(environ: dict[str, object]) -> Signature | None:
    """The signature of a WSGI request, or None where it is unsigned."""
    header = str(environ.get("HTTP_AUTHORIZATION", ""))
    found = _CREDENTIAL.search(header)
    if found:
        access_key_id, _, region, signing_name = found.groups()
        return Signature(access_key_id, region, signing_name.lower())
    query = {name: values[0] for name, values in parse_qs(str(environ.get("QUERY_STRING", ""))).items()}
    return _presigned(query) or _presigned_by_version_2(query)


def _presigned(query: dict[str, str]) -> Signature | None:
    found = _CREDENTIAL.search("Credential=" + query.get("X-Amz-Credential", ""))
    if not found:
        return None
    access_key_id, _, region, signing_name = found.groups()
    return Signature(access_key_id, region, signing_name.lower(), _end_of_validity(query))


def _end_of_validity(query: dict[str, str]) -> datetime | None:
    try:
        signed = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return signed + timedelta(seconds=int(query["X-Amz-Expires"]))
    except (KeyError, ValueError, OverflowError):
        return None


def _presigned_by_version_2(query: dict[str, str]) -> Signature | None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html"""
    if not {"AWSAccessKeyId", "Signature", "Expires"} <= query.keys():
        return None
    try:
        expires = datetime.fromtimestamp(int(query["Expires"]), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return Signature(query["AWSAccessKeyId"], "us-east-1", "s3", expires)
