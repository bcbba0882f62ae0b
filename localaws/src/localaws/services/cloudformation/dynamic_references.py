"""``{{resolve:ssm:...}}`` and ``{{resolve:secretsmanager:...}}``, read when a resource is made and never written down.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from localaws.services.cloudformation.errors import ResourceError

_REFERENCE = re.compile(r"\{\{resolve:([a-z-]+):([^{}]+)\}\}")
_SSM = re.compile(r"(?P<name>[a-zA-Z0-9_.\-/]+)(?::(?P<version>\d+))?")

ClientOf = Callable[[str], Any]


def resolve_dynamic_references(value: Any, client: ClientOf, secrets: set[str] | None = None) -> Any:
    """``value`` with each dynamic reference replaced; ResourceError where AWS would fail the resource.

    ``secrets`` gathers what came from Secrets Manager and so must not be told to anybody.
    """
    if isinstance(value, dict):
        return {key: resolve_dynamic_references(item, client, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve_dynamic_references(item, client, secrets) for item in value]
    if isinstance(value, str) and "{{resolve:" in value:
        return _REFERENCE.sub(lambda found: _noted(_resolve(found[1], found[2], client), found[1], secrets), value)
    return value


def resolve_ssm_references(text: str, client: ClientOf) -> str:
    """The text of an output: plain parameters of SSM are read, secrets stay the references that they are."""
    if "{{resolve:ssm:" not in text:
        return text
    return _REFERENCE.sub(lambda found: _ssm(found[2], client) if found[1] == "ssm" else found[0], text)


def _noted(value: str, service: str, secrets: set[str] | None) -> str:
    if service == "secretsmanager" and secrets is not None:
        secrets.add(value)
    return value


def _resolve(service: str, reference: str, client: ClientOf) -> str:
    if service == "ssm":
        return _ssm(reference, client)
    if service == "secretsmanager":
        return _secret(reference, client)
    if service == "ssm-secure":
        raise ResourceError(
            f"SSM Secure reference is not supported in this property: {{{{resolve:ssm-secure:{reference}}}}}"
        )
    raise ResourceError(f"Could not parse dynamic reference: unknown service [{service}]")


def _ssm(reference: str, client: ClientOf) -> str:
    found = _SSM.fullmatch(reference)
    if not found:
        raise ResourceError(
            f"Incorrect format is used in the following SSM reference: [{{{{resolve:ssm:{reference}}}}}]"
        )
    try:
        parameter = client("ssm").get_parameter(Name=reference)["Parameter"]
    except ClientError as error:
        raise ResourceError(
            f"Parameters: [ssm:{reference}:::] cannot be found. ({error.response['Error']['Code']})"
        ) from error
    if parameter["Type"] == "SecureString":
        raise ResourceError(
            f"Non-secure ssm prefix was used for secure parameter: [{{{{resolve:ssm:{reference}}}}}]. Use ssm-secure."
        )
    return str(parameter["Value"])


def _secret(reference: str, client: ClientOf) -> str:
    identifier, parts = _secret_parts(reference)
    kind, key, stage, version = (*parts, "", "", "", "")[:4]
    if kind not in ("", "SecretString"):
        raise ResourceError(f"Could not parse SecretString: only SecretString is supported, found [{kind}]")
    request = {"SecretId": identifier}
    request |= {"VersionStage": stage} if stage else {}
    request |= {"VersionId": version} if version else {}
    try:
        text: str = client("secretsmanager").get_secret_value(**request)["SecretString"]
    except ClientError as error:
        raise ResourceError(f"Secrets Manager can't find the specified secret: {identifier} ({error})") from error
    if not key:
        return text
    try:
        return str(json.loads(text)[key])
    except (ValueError, KeyError, TypeError) as error:
        raise ResourceError(f"Could not find a value associated with JSONKey in SecretString: {key}") from error


def _secret_parts(reference: str) -> tuple[str, list[str]]:
    """A secret is named by its name or by an ARN, which has seven parts of its own."""
    parts = reference.split(":")
    length = 7 if parts[0] == "arn" else 1
    return ":".join(parts[:length]), parts[length:]
