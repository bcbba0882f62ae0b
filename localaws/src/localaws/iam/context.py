"""The condition keys of one request and their values. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from localaws.core.caller import Caller
from localaws.iam.principals import Identity
from localaws.iam.requirements import Parameters
from localaws.policies.patterns import Context


def request_context(
    caller: Caller, identity: Identity, parameters: Parameters, now: datetime, extra: Mapping[str, tuple[str, ...]]
) -> Context:
    """``extra`` are the keys that belong to one action alone; they win."""
    tags = dict(_tags(parameters))
    found = {
        "aws:securetransport": "true",  # in-process and loopback traffic stands for TLS
        "aws:sourceip": "127.0.0.1",
        "aws:requestedregion": caller.region,
        "aws:currenttime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:epochtime": str(int(now.timestamp())),
        "aws:principalarn": identity.arn,
        "aws:principalaccount": caller.account,
        "aws:principaltype": _principal_type(caller),
        "aws:principalisawsservice": "false",
        "aws:viaawsservice": "false",
        "aws:userid": caller.access_key_id or caller.account,
        "kms:calleraccount": caller.account,
        "s3:tlsversion": "1.3",
        "s3:authtype": "REST-HEADER",
        "s3:signatureversion": "AWS4-HMAC-SHA256",
        **{f"aws:principaltag/{key.lower()}": value for key, value in identity.tags.items()},
        **{f"aws:requesttag/{key.lower()}": value for key, value in tags.items()},
    }
    if identity.user_name:
        found["aws:username"] = identity.user_name
    for parameter, key in (("RoleARN", "cloudformation:rolearn"), ("Namespace", "cloudwatch:namespace")):
        if isinstance(parameters.get(parameter), str):
            found[key] = parameters[parameter]
    context: dict[str, tuple[str, ...]] = {key: (value,) for key, value in found.items()}
    if tags:
        context["aws:tagkeys"] = tuple(tags)
    context |= {
        f"kms:encryptioncontext:{key.lower()}": (str(value),)
        for key, value in (parameters.get("EncryptionContext") or {}).items()
    }
    return {**context, **extra}


def _principal_type(caller: Caller) -> str:
    if caller.is_root:
        return "Account"
    return "AssumedRole" if ":assumed-role/" in caller.arn else "User"


def _tags(parameters: Parameters) -> Iterator[tuple[str, str]]:
    """Tags that the request puts on a resource: ``Tags`` or ``tags``, a list of pairs or a map."""
    given: Any = parameters.get("Tags") or parameters.get("tags") or []
    if isinstance(given, dict):
        yield from ((str(key), str(value)) for key, value in given.items())
        return
    for tag in given if isinstance(given, list) else []:
        if isinstance(tag, dict):
            key = tag.get("Key", tag.get("key"))
            if key is not None:
                yield str(key), str(tag.get("Value", tag.get("value", "")))
