"""Whether the policy of a queue or topic lets an AWS service in that acts on its own behalf, not as a role.

Asked only where IAM is enforced, as everything about permissions. It answers and refuses nothing itself.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.core.arn import Arn
from localaws.core.caller import Caller
from localaws.policies.condition_keys import of_service
from localaws.policies.evaluation import Policies, Query, decide
from localaws.policies.principals import Principal

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


def refusal(cloud: Cloud, service: str, action: str, resource_arn: str, source_arn: str) -> str | None:
    """Why ``service`` (``events.amazonaws.com``) may not do ``action`` (``sqs:SendMessage``) to a resource on behalf of
    ``source_arn`` (a rule, a topic); None where it may."""
    if cloud.resource_policy is None:
        return None
    resource = Arn.parse(resource_arn)
    policy = cloud.resource_policy(Caller.root(resource.account, resource.region), action, resource_arn)
    context = {**of_service(service, source_arn, cloud.clock.now()), "aws:resourceaccount": (resource.account,)}
    query, policies = Query(action, resource_arn, context), Policies(resource_policy=policy)
    decision = decide(query, Principal.service(service), policies)
    if decision.allowed:
        return None
    return (
        f"The policy of {resource_arn} does not let {service} do {action} on behalf of {source_arn} "
        f"({decision.reason})."
    )
