"""What a role's session is given along: tags, a source identity, and policies that limit it.

Kept with its credentials in the table ``sts.session`` as ``Tags``, ``TransitiveTagKeys``, ``SourceIdentity`` and
``Policies``; what they mean for a request is decided where IAM is enforced.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localaws.core.arn import Arn
from localaws.core.errors import ServiceError
from localaws.core.service import Request
from localaws.iam.principals import managed_policy
from localaws.policies.document import Document, read
from localaws.policies.errors import PolicyError

LONGEST_POLICY = 2048
MOST_POLICIES = 10


@dataclass(frozen=True)
class Session:
    """``given`` are the parameters of AssumeRole after what a former session handed on; ``kept`` is stored."""

    given: Mapping[str, Any]
    kept: Mapping[str, Any]


def inherited(request: Request, former: Mapping[str, Any]) -> Session:
    """The session that a request asks for, made from ``former`` credentials: transitive tags and the source identity
    go on from role to role and cannot be changed."""
    tags = _tags(request)
    handed = {key: former.get("Tags", {})[key] for key in former.get("TransitiveTagKeys", [])}
    lowered = {key.lower() for key in tags}
    changed = sorted(key for key in handed if key.lower() in lowered)
    if changed:
        raise ServiceError(
            "InvalidParameterValue", f"One of the specified transitive tag keys can't be set: {changed[0]}"
        )
    source = request.get("SourceIdentity") or former.get("SourceIdentity")
    if former.get("SourceIdentity") not in (None, source):
        raise ServiceError("AccessDenied", "The source identity of a session cannot be changed.", 403)
    transitive = [*former.get("TransitiveTagKeys", []), *request.get("TransitiveTagKeys", [])]
    kept = {"Tags": {**handed, **tags}, "TransitiveTagKeys": transitive, "SourceIdentity": source}
    return Session({"SourceIdentity": source} if source else {}, {name: value for name, value in kept.items() if value})


def session_policies(request: Request, role_arn: str) -> list[Document]:
    """The documents of ``Policy`` and ``PolicyArns``; empty where the session is not limited."""
    found: list[Document] = []
    text = request.get("Policy")
    if text:
        if len(text) > LONGEST_POLICY:
            raise ServiceError("PackedPolicyTooLarge", f"The session policy is longer than {LONGEST_POLICY} characters")
        try:
            read(text, "identity")
        except PolicyError as error:
            raise ServiceError("MalformedPolicyDocument", f"The session policy is malformed: {error}") from error
        found.append(text)
    arns = [str(each.get("arn")) for each in request.get("PolicyArns") or []]
    if len(arns) > MOST_POLICIES:
        raise ServiceError("ValidationError", f"A session takes at most {MOST_POLICIES} managed policies")
    return [*found, *(_managed(Arn.parse(role_arn).account, arn) for arn in arns)]


def _managed(account: str, arn: str) -> Document:
    document = managed_policy(account, arn)
    if document is None:
        raise ServiceError("ValidationError", f"PolicyArn {arn} does not exist or is not one of the role's account")
    return document


def _tags(request: Request) -> dict[str, str]:
    tags: dict[str, str] = {}
    for tag in request.get("Tags") or []:
        if tag["Key"].lower() in (key.lower() for key in tags):
            raise ServiceError(
                "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."
            )
        tags[str(tag["Key"])] = str(tag["Value"])
    absent = [key for key in request.get("TransitiveTagKeys") or [] if key not in tags]
    if absent:
        raise ServiceError(
            "InvalidParameterValue", f"The transitive tag key {absent[0]} is not one of the session's tags"
        )
    return tags
