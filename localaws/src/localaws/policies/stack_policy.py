"""Whether a stack's policy lets an update touch a resource. Pure.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html
"""

from __future__ import annotations

import fnmatch
import json
from typing import Any

from localaws.core.errors import ServiceError


def check_policy_document(body: str) -> None:
    try:
        document = json.loads(body)
    except ValueError as error:
        raise ServiceError(
            "ValidationError", f"Error validating stack policy: Invalid stack policy: {error}"
        ) from error
    if not isinstance(document, dict) or not isinstance(document.get("Statement"), list | dict):
        raise ServiceError("ValidationError", "Error validating stack policy: Statement is required")


def denial(body: str | None, logical_id: str, resource_type: str, action: str) -> str | None:
    """Why ``action`` (``Update:Modify``, ``Update:Replace``, ``Update:Delete``) is denied, or None where it is allowed.

    Without a policy everything is allowed; with one, what no statement allows is denied.
    """
    if not body:
        return None
    allowed = False
    statements = json.loads(body)["Statement"]
    for number, statement in enumerate(statements if isinstance(statements, list) else [statements], 1):
        if not _applies(statement, logical_id, resource_type, action):
            continue
        if statement.get("Effect") == "Deny":
            return f"Action denied by stack policy: Statement [#{number}] denies [{action}] for resource [{logical_id}]"
        allowed = True
    return None if allowed else f"Action not allowed by stack policy: [{action}] for resource [{logical_id}]"


def _applies(statement: dict[str, Any], logical_id: str, resource_type: str, action: str) -> bool:
    actions = _listed(statement.get("Action"))
    others = _listed(statement.get("NotAction"))
    if not (_match(actions, action) if actions else not _match(others, action)):
        return False
    resource = f"LogicalResourceId/{logical_id}"
    named, excepted = _listed(statement.get("Resource")), _listed(statement.get("NotResource"))
    if not (_match(named, resource) if named else not _match(excepted, resource)):
        return False
    for operator, tests in statement.get("Condition", {}).items():
        for key, values in tests.items():
            by_type = key == "ResourceType" and operator in ("StringEquals", "StringLike")
            if by_type and not _match(_listed(values), resource_type):
                return False
    return True


def _match(patterns: list[str], value: str) -> bool:
    return any(fnmatch.fnmatchcase(value, pattern) for pattern in patterns)


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
