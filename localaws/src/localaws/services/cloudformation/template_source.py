"""Where a request's template comes from: its body, an object in S3, or the stack's present one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.exceptions import ClientError

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.partitions import suffixes
from localaws.services.cloudformation.errors import TemplateError
from localaws.services.cloudformation.template import MAXIMUM_BODY, MAXIMUM_OBJECT, Template, parse_template

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_DOMAINS = "|".join(map(re.escape, suffixes()))
_VIRTUAL_HOST = re.compile(rf"(?P<bucket>.+)\.s3(?:[.-][a-z0-9-]+)?\.(?:{_DOMAINS})")


def read_template(cloud: Cloud, caller: Caller, request: dict[str, Any], present: str | None = None) -> Template:
    """The template that a request names; ``present`` is the body that UsePreviousTemplate means."""
    named = [key for key in ("TemplateBody", "TemplateURL", "UsePreviousTemplate") if request.get(key)]
    if len(named) != 1:
        raise TemplateError("Either Template URL or Template Body must be specified.")
    if request.get("UsePreviousTemplate"):
        if present is None:
            raise TemplateError("UsePreviousTemplate cannot be specified for a stack that has no template yet.")
        return parse_template(present)
    if request.get("TemplateURL"):
        return parse_template(read_url(cloud, caller, request["TemplateURL"]))
    body = request["TemplateBody"]
    if len(body.encode()) > MAXIMUM_BODY:
        raise TemplateError(
            "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have "
            f"length less than or equal to {MAXIMUM_BODY}"
        )
    return parse_template(body)


def read_url(cloud: Cloud, caller: Caller, url: str) -> str:
    """The text of an S3 object by its https address, path style or virtual-hosted."""
    bucket, key, version = s3_location(url)
    request = {"Bucket": bucket, "Key": key} | ({"VersionId": version} if version else {})
    try:
        content = cloud.client("s3", caller).get_object(**request)["Body"].read()
    except ClientError as error:
        raise ServiceError("ValidationError", f"S3 error: {error.response['Error'].get('Message', error)}") from error
    if len(content) > MAXIMUM_OBJECT:
        raise TemplateError(f"Template may not exceed {MAXIMUM_OBJECT} bytes in size.")
    return str(content.decode())


def s3_location(url: str) -> tuple[str, str, str | None]:
    """(bucket, key, version id or None) of an object's address. Pure."""
    parts = urlsplit(url)
    path = unquote(parts.path).lstrip("/")
    version = parse_qs(parts.query).get("versionId", [None])[0]
    virtual = _VIRTUAL_HOST.fullmatch(parts.netloc)
    if virtual:
        bucket, key = virtual["bucket"], path
    else:
        bucket, _, key = path.partition("/")
    if parts.scheme not in ("http", "https") or not bucket or not key:
        raise ServiceError("ValidationError", "TemplateURL must be a supported URL.")
    return bucket, key, version
