"""Roles that a request hands to a service: each needs iam:PassRole. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from localaws.iam.requirements.requirement import Parameters, Requirement

_ROLE_ARN = re.compile(r"arn:[^:]+:iam::\d{12}:role/.+")
_PASSING = re.compile(r"(Create|Update|Put|Start|Run|Register|Delete|Modify|Enable)")
# Services that name roles without passing them on, or whose role is the resource itself.
_NOT_PASSING = frozenset({"iam", "sts", "kms", "s3", "ssm", "logs", "secretsmanager", "organizations"})
_SERVICE_PRINCIPALS = {
    "codestar-connections": "codestar-connections.amazonaws.com",
    "stepfunctions": "states.amazonaws.com",
    "cloudwatch": "cloudwatch.amazonaws.com",
}


def passed_roles(service: str, operation: str, parameters: Parameters) -> list[Requirement]:
    if service in _NOT_PASSING or not _PASSING.match(operation):
        return []
    context = {"iam:passedtoservice": (_SERVICE_PRINCIPALS.get(service, f"{service}.amazonaws.com"),)}
    return [Requirement("iam:PassRole", (arn,), context) for arn in sorted(set(_roles(parameters)))]


def _roles(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _roles(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _roles(item, name)
    elif isinstance(value, str) and "role" in name.lower() and _ROLE_ARN.fullmatch(value):
        yield value
