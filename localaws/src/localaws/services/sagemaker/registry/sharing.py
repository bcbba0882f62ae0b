"""Who besides its own account may use a model package group: the group's resource policy decides. Pure.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-deploy-xaccount.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from localaws.core.caller import Caller
from localaws.policies.evaluation import Policies, Principal, Query, decide


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


def allows(policy: str | None, caller: Caller, action: str, resource_arns: Sequence[str]) -> bool:
    """Whether ``policy`` lets a principal of another account do ``action`` (``sagemaker:DescribeModelPackage``) to the
    resource, which policies may name by any of ``resource_arns``. A Deny of one of them wins.

    Whether the caller's own account lets it is asked where IAM is enforced, not here.
    """
    if policy is None:
        return False
    role = _role_arn(caller)
    context = {"aws:principalarn": (role,), "aws:principalaccount": (caller.account,), "aws:securetransport": ("true",)}
    principal = Principal(caller.account, frozenset({caller.arn, role}), is_root=True)
    policies = Policies(resource_policy=json.loads(policy), resource_account="of the group")
    decisions = [decide(Query(action, arn, context), principal, policies) for arn in resource_arns]
    return any(one.allowed for one in decisions) and not any("explicit deny" in one.reason for one in decisions)


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
