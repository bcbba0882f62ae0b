"""Who besides its own account may use a model package group: the group's resource policy decides. Pure.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-deploy-xaccount.html
"""

from __future__ import annotations

import fnmatch
import json
from typing import Any

from localaws.caller import Caller


class PolicyError(ValueError):
    """A document that is no resource policy."""


def check_policy(text: str) -> None:
    """Raise PolicyError where ``text`` is no resource policy that SageMaker would take."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise PolicyError(f"the policy is not JSON: {error}") from error
    statements = _listed(document.get("Statement")) if isinstance(document, dict) else []
    if not statements or not all(isinstance(statement, dict) for statement in statements):
        raise PolicyError("the policy has no Statement")
    for statement in statements:
        for member in ("Effect", "Principal", "Action", "Resource"):
            if member not in statement:
                raise PolicyError(f"a statement of the policy lacks {member}")
        if statement["Effect"] not in ("Allow", "Deny"):
            raise PolicyError(f"a statement's Effect is {statement['Effect']!r}; Allow or Deny is possible")


def allows(policy: str | None, caller: Caller, action: str, resource_arn: str) -> bool:
    """Whether ``policy`` lets a principal of another account do ``action`` (``sagemaker:DescribeModelPackage``).

    A Deny wins. A statement with a Condition that cannot be judged here does not allow, and does deny.
    """
    if policy is None:
        return False
    effects = [
        _effect(statement, caller, action, resource_arn) for statement in _listed(json.loads(policy)["Statement"])
    ]
    return "Allow" in effects and "Deny" not in effects


def _effect(statement: dict[str, Any], caller: Caller, action: str, resource_arn: str) -> str | None:
    actions, resources = _listed(statement["Action"]), _listed(statement["Resource"])
    matches = (
        any(fnmatch.fnmatchcase(action.lower(), str(one).lower()) for one in actions)
        and any(fnmatch.fnmatchcase(resource_arn, str(one)) for one in resources)
        and _names(statement["Principal"], caller)
    )
    if not matches or (statement["Effect"] == "Allow" and not _condition_holds(statement.get("Condition"), caller)):
        return None
    return str(statement["Effect"])


def _names(principal: Any, caller: Caller) -> bool:
    named = _listed(principal if isinstance(principal, str) else principal.get("AWS"))
    role = _role_arn(caller)
    wanted = {"*", caller.account, caller.arn, f"arn:aws:iam::{caller.account}:root", role}
    return any(name in wanted for name in named)


def _condition_holds(condition: Any, caller: Caller) -> bool:
    for operator, tests in (condition or {}).items():
        for key, patterns in tests.items():
            values = {"aws:principalaccount": [caller.account], "aws:principalarn": [caller.arn, _role_arn(caller)]}
            known = values.get(key.lower())
            if known is None or operator not in ("StringEquals", "StringLike", "ArnEquals", "ArnLike"):
                return False
            if not any(fnmatch.fnmatchcase(value, pattern) for value in known for pattern in _listed(patterns)):
                return False
    return True


def _role_arn(caller: Caller) -> str:
    """The role behind an assumed role's session; the caller's own ARN for everybody else."""
    parts = caller.arn.split("/")
    if ":assumed-role" not in parts[0]:
        return caller.arn
    return f"arn:aws:iam::{caller.account}:role/{parts[1]}"


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
