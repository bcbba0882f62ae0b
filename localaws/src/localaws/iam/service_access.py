"""Whether the policy of a queue or topic lets an AWS service in that acts on its own behalf, not as a role.

Asked only where IAM is enforced, as everything about permissions. It answers and refuses nothing itself.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.core.caller import Caller
from localaws.policies.condition_keys import of_service
from localaws.policies.evaluation import Policies, Query, decide
from localaws.policies.principals import Principal

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


def refusal(cloud: Cloud, service: str, action: str, resource_arn: str, source_arn: str) -> str | None:
    """Why ``service`` (``events.amazonaws.com``) may not do ``action`` (``sqs:SendMessage``) to a resource on behalf of
    ``source_arn`` (a rule, a topic); None where it may."""
    if not cloud.enforces_iam:
        return None
    from localaws.iam.resource_policies import ResourcePolicies  # reads moto's IAM, whose import takes half a second

    _, _, _, region, account, _ = resource_arn.split(":", 5)
    governed = ResourcePolicies(cloud).of(Caller.root(account, region), action, resource_arn)
    context = {**of_service(service, source_arn, cloud.clock.now()), "aws:resourceaccount": (account,)}
    decision = decide(
        Query(action, resource_arn, context), Principal.service(service), Policies(resource_policy=governed.policy)
    )
    if decision.allowed:
        return None
    return (
        f"The policy of {resource_arn} does not let {service} do {action} on behalf of {source_arn} "
        f"({decision.reason})."
    )
