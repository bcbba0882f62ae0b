"""Whether the policy of a queue or topic lets an AWS service in that acts on its own behalf, not as a role.

Asked only where IAM is enforced, as everything about permissions. It answers and refuses nothing itself.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.policies.conditions import hold

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


def refusal(cloud: Cloud, principal: str, action: str, resource_arn: str, source_arn: str) -> str | None:
    """Why ``principal`` (``events.amazonaws.com``) may not do ``action`` (``sqs:SendMessage``) to a resource on behalf
    of ``source_arn`` (a rule, a topic); None where it may."""
    if cloud.resource_policy is None:
        return None
    _, _, _, region, account, _ = resource_arn.split(":", 5)
    policy = cloud.resource_policy(Caller.root(account, region), action, resource_arn)
    context: dict[str, tuple[str, ...]] = {
        "aws:sourcearn": (source_arn,),
        "aws:sourceaccount": (source_arn.split(":")[4],),
    }
    statements = [
        statement
        for statement in _listed((policy or {}).get("Statement"))
        if _applies(statement, principal, action, resource_arn, context)
    ]
    effects = [statement["Effect"] for statement in statements]
    if "Allow" in effects and "Deny" not in effects:
        return None
    return f"The policy of {resource_arn} does not let {principal} do {action} on behalf of {source_arn}."


def _applies(
    statement: dict[str, Any], principal: str, action: str, resource: str, context: dict[str, tuple[str, ...]]
) -> bool:
    actions = [str(name).lower() for name in _listed(statement.get("Action"))]
    resources = [str(name) for name in _listed(statement.get("Resource", resource))]
    return (
        any(fnmatch.fnmatchcase(action.lower(), name) for name in actions)
        and any(fnmatch.fnmatchcase(resource, name) for name in resources)
        and _names(statement.get("Principal", {}), principal)
        and hold(statement.get("Condition"), context)
    )


def _names(element: Any, principal: str) -> bool:
    if element == "*":
        return True
    if not isinstance(element, dict):
        return False
    return principal in _listed(element.get("Service")) or "*" in _listed(element.get("AWS"))


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
