"""Whether a role's trust policy lets a principal assume it. Pure: documents in, a yes or no out.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import fnmatch
from typing import Any


def trusts(document: dict[str, Any], principal_arn: str, role_arn: str | None = None) -> bool:
    """Whether ``document`` allows sts:AssumeRole to ``principal_arn`` (a user, root or session ARN) or to the role
    behind it, or to the whole of its account. A Deny wins. A statement with a Condition counts only for
    ``aws:PrincipalArn``; any other condition is not satisfied here."""
    decisions = [_effect(statement, principal_arn, role_arn) for statement in _listed(document.get("Statement"))]
    return "Allow" in decisions and "Deny" not in decisions


def _effect(statement: dict[str, Any], principal_arn: str, role_arn: str | None) -> str | None:
    actions = _listed(statement.get("Action"))
    if not any(fnmatch.fnmatchcase("sts:assumerole", action.lower()) for action in actions):
        return None
    principals = statement.get("Principal", {})
    named = _listed(principals if isinstance(principals, str) else principals.get("AWS"))
    if not any(_names(name, principal_arn, role_arn) for name in named):
        return None
    if not _conditions_hold(statement.get("Condition", {}), principal_arn, role_arn):
        return None
    return str(statement["Effect"])


def _names(name: str, principal_arn: str, role_arn: str | None) -> bool:
    account = principal_arn.split(":")[4]
    return name in ("*", account, principal_arn, role_arn) or name.endswith(f"::{account}:root")


def _conditions_hold(conditions: dict[str, Any], principal_arn: str, role_arn: str | None) -> bool:
    for operator, tests in conditions.items():
        for key, wanted in tests.items():
            if key.lower() != "aws:principalarn":
                return False
            values = _listed(wanted)
            arns = [arn for arn in (role_arn, principal_arn) if arn]
            if operator in ("StringEquals", "ArnEquals", "StringLike", "ArnLike"):
                if not any(fnmatch.fnmatchcase(arn, value) for arn in arns for value in values):
                    return False
            else:
                return False
    return True


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
