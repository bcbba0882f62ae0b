"""Who besides its own account may use a model package group: the group's resource policy decides. Pure.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-deploy-xaccount.html
"""

from __future__ import annotations

from collections.abc import Sequence

from localaws.core.arn import Arn
from localaws.policies.document import read
from localaws.policies.errors import PolicyError
from localaws.policies.evaluation import Policies, Query, decide_as_resource
from localaws.policies.patterns import Context
from localaws.policies.principals import Principal


def check_policy(text: str) -> None:
    """Raise PolicyError where ``text`` is no resource policy that SageMaker would take."""
    for statement in read(text, "resource").statements:
        if statement.resources is None:
            raise PolicyError(f"statement {statement.number} must contain Resource or NotResource")


def allows(
    policy: str | None, principal: Principal, context: Context, action: str, resource_arns: Sequence[str]
) -> bool:
    """Whether ``policy`` lets a principal of another account do ``action`` (``sagemaker:DescribeModelPackage``) to the
    resource, which policies may name by any of ``resource_arns``. A Deny of one of them wins.

    Whether the caller's own account lets it is asked where IAM is enforced, not here.
    """
    if policy is None:
        return False
    owner = Arn.parse(resource_arns[0]).account
    policies = Policies(resource_policy=policy, resource_account=owner)
    known = {**context, "aws:resourceaccount": (owner,)}
    decisions = [decide_as_resource(Query(action, arn, known), principal, policies) for arn in resource_arns]
    return any(one.allowed for one in decisions) and not any(one.explicit for one in decisions)
