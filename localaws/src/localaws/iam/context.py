"""The condition keys of one request and their values. Pure.

Every key that is filled here, or is absent for a reason, is listed in ``policies/condition_keys.py``.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from localaws.core.caller import Caller
from localaws.iam.principals import FEDERATOR, Identity
from localaws.iam.requirements import Parameters
from localaws.policies.condition_keys import of_account, of_moment
from localaws.policies.patterns import Context

_PRINCIPAL_TYPES = {"root": "Account", "user": "User", "session": "AssumedRole"}
# Parameters whose value is a condition key's; lists give all their values.
_KEYS_OF_PARAMETERS = {
    "cloudformation": {
        "RoleARN": "cloudformation:rolearn",
        "ChangeSetName": "cloudformation:changesetname",
        "TemplateURL": "cloudformation:templateurl",
        "StackPolicyURL": "cloudformation:stackpolicyurl",
        "ResourceTypes": "cloudformation:resourcetypes",
    },
    "cloudwatch": {"Namespace": "cloudwatch:namespace"},
    "iam": {
        "PolicyArn": "iam:policyarn",
        "PermissionsBoundary": "iam:permissionsboundary",
        "AWSServiceName": "iam:awsservicename",
    },
    "sns": {"Endpoint": "sns:endpoint", "Protocol": "sns:protocol"},
    "ssm": {"Overwrite": "ssm:overwrite", "Recursive": "ssm:recursive"},
}


def request_context(
    caller: Caller,
    identity: Identity,
    service: str,
    parameters: Parameters,
    now: datetime,
    extra: Mapping[str, tuple[str, ...]],
) -> Context:
    """``extra`` are the keys that belong to one action alone; they win."""
    return {
        **_one_each(
            {
                "aws:sourceip": "127.0.0.1",
                "aws:requestedregion": caller.region,
            }
        ),
        **of_moment(now),
        **principal_context(caller, identity, now),
        **_tags_of_request(parameters),
        **dict(_parameters(service, parameters)),
        **_of_kms(caller, parameters),
        **_of_s3(service, parameters),
        **extra,
    }


def principal_context(caller: Caller, identity: Identity, now: datetime) -> dict[str, tuple[str, ...]]:
    """The keys that say who asks."""
    session = identity.session
    found = {
        "aws:principalarn": identity.principal.arn,
        "aws:principaltype": "FederatedUser" if session.get(FEDERATOR) else _PRINCIPAL_TYPES[identity.principal.kind],
        "aws:userid": identity.user_id or str(session.get("UserId") or caller.account),
        **{f"aws:principaltag/{key.lower()}": value for key, value in identity.tags.items()},
    }
    if identity.user_name:
        found["aws:username"] = identity.user_name
    if session.get("SourceIdentity"):
        found["aws:sourceidentity"] = str(session["SourceIdentity"])
    if identity.principal.kind == "session" or session:
        issued = session.get("Issued") or now  # services take on a role anew whenever they need it
        found["aws:tokenissuetime"] = issued.strftime("%Y-%m-%dT%H:%M:%SZ")
        found["aws:multifactorauthpresent"] = "false"
    return {**of_account(caller.account), **_one_each(found)}


def _one_each(values: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {key: (value,) for key, value in values.items()}


def _parameters(service: str, parameters: Parameters) -> Iterator[tuple[str, tuple[str, ...]]]:
    for parameter, key in _KEYS_OF_PARAMETERS.get(service, {}).items():
        value = parameters.get(parameter)
        if isinstance(value, bool):
            yield key, (str(value).lower(),)
        elif isinstance(value, str):
            yield key, (value,)
        elif isinstance(value, list):
            yield key, tuple(str(one) for one in value)


def _of_kms(caller: Caller, parameters: Parameters) -> dict[str, tuple[str, ...]]:
    encryption: Mapping[str, Any] = parameters.get("EncryptionContext") or {}
    found: dict[str, tuple[str, ...]] = {
        f"kms:encryptioncontext:{key.lower()}": (str(value),) for key, value in encryption.items()
    }
    if encryption:
        found["kms:encryptioncontextkeys"] = tuple(str(key) for key in encryption)
    return {**found, "kms:calleraccount": (caller.account,)}


def _of_s3(service: str, parameters: Parameters) -> dict[str, tuple[str, ...]]:
    if service != "s3":
        return {}
    found = _one_each({"s3:tlsversion": "1.3", "s3:authtype": "REST-HEADER", "s3:signatureversion": "AWS4-HMAC-SHA256"})
    location = parameters.get("CreateBucketConfiguration") or {}
    if location.get("LocationConstraint"):
        found["s3:locationconstraint"] = (str(location["LocationConstraint"]),)
    tags = dict(parse_qsl(parameters["Tagging"])) if isinstance(parameters.get("Tagging"), str) else {}
    if tags:
        found["s3:requestobjecttagkeys"] = tuple(tags)
    return {**found, **{f"s3:requestobjecttag/{key.lower()}": (value,) for key, value in tags.items()}}


def _tags_of_request(parameters: Parameters) -> dict[str, tuple[str, ...]]:
    tags = dict(_tags(parameters))
    found: dict[str, tuple[str, ...]] = {f"aws:requesttag/{key.lower()}": (value,) for key, value in tags.items()}
    keys = tuple(tags) or tuple(str(key) for key in _untagged(parameters))
    return {**found, "aws:tagkeys": keys} if keys else found


def _untagged(parameters: Parameters) -> list[Any]:
    given = parameters.get("TagKeys") or parameters.get("tagKeys") or []
    return list(given) if isinstance(given, list) else []


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
