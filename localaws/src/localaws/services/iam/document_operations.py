"""Policy documents that moto keeps, read before it does: what is not a policy is refused in the service's own words.

Only the form is looked at; what a policy allows is decided when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.operations import Companion
from localaws.core.service import Service
from localaws.core.wire import OperationRequest
from localaws.policies.document import Kind, read
from localaws.policies.errors import PolicyError

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

# Service and operation -> parameter and kind of its policy.
_PARAMETERS: dict[tuple[str, str], tuple[str, Kind]] = {
    ("iam", "CreateRole"): ("AssumeRolePolicyDocument", "trust"),
    ("iam", "UpdateAssumeRolePolicy"): ("PolicyDocument", "trust"),
    ("iam", "PutRolePolicy"): ("PolicyDocument", "identity"),
    ("iam", "PutUserPolicy"): ("PolicyDocument", "identity"),
    ("iam", "PutGroupPolicy"): ("PolicyDocument", "identity"),
    ("iam", "CreatePolicy"): ("PolicyDocument", "identity"),
    ("iam", "CreatePolicyVersion"): ("PolicyDocument", "identity"),
    ("ecr", "SetRepositoryPolicy"): ("policyText", "resource"),
    ("kms", "CreateKey"): ("Policy", "resource"),
    ("kms", "PutKeyPolicy"): ("Policy", "resource"),
    ("secretsmanager", "PutResourcePolicy"): ("ResourcePolicy", "resource"),
}


@dataclass(frozen=True)
class _Wording:
    code: str
    prefix: str


_WORDINGS = {
    "ecr": _Wording("InvalidParameterException", "Invalid parameter at 'PolicyText': "),
    "secretsmanager": _Wording("MalformedPolicyDocumentException", "The resource policy is malformed: "),
    "iam": _Wording("MalformedPolicyDocument", "Syntax errors in policy: "),
    "kms": _Wording("MalformedPolicyDocumentException", "The policy is malformed: "),
    "sns": _Wording("InvalidParameter", "Invalid parameter: Policy Error: "),
    "sqs": _Wording("InvalidAttributeValue", "Invalid value for the parameter Policy. Reason: "),
}


class PolicyDocuments(Service):
    """No operation of its own: it stands beside moto for the services whose policies moto keeps."""

    service = "iam"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        for service in _WORDINGS:
            cloud.operations.accompany(service, _Reader())


class _Reader(Companion):
    def before(self, caller: Caller, request: OperationRequest) -> dict[str, str]:
        for text, kind in _documents(request.service, str(request.operation.name), request.parameters):
            try:
                read(text, kind)
            except PolicyError as error:
                wording = _WORDINGS[request.service]
                raise ServiceError(wording.code, f"{wording.prefix}{error}") from error
        return {}


def _documents(service: str, operation: str, parameters: Mapping[str, Any]) -> Iterator[tuple[str, Kind]]:
    found = _PARAMETERS.get((service, operation))
    if found and found[0] in parameters:
        yield str(parameters[found[0]]), found[1]
    if service in ("sns", "sqs"):
        attributes = dict(parameters.get("Attributes") or {})
        if parameters.get("AttributeName") == "Policy":
            attributes["Policy"] = parameters.get("AttributeValue")
        if attributes.get("Policy"):  # an empty one takes the policy away
            yield str(attributes["Policy"]), "resource"
