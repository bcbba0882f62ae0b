"""Roles that AWS services take on: a CodeBuild project's, a CodePipeline's, an action's, a stack's.

It answers whether a role exists and trusts a service, and who a service is once it has taken the role on. It never
decides what such a role may do.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from localaws.core.caller import Caller
from localaws.core.partitions import partition_named
from localaws.policies.trust import trusts_service

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_ROLE_ARN = re.compile(r"arn:(?P<partition>[^:]+):iam::(?P<account>\d{12}):role/(?:.*/)?(?P<name>[\w+=,.@-]+)")


def role_problem(cloud: Cloud, role_arn: str, service_principal: str, source_arn: str) -> str | None:
    """Why ``service_principal`` (``codebuild.amazonaws.com``) may not take on a role for ``source_arn`` (the project);
    None where it may. The ARN is what trust policies test as aws:SourceArn, its account as aws:SourceAccount."""
    found = _ROLE_ARN.fullmatch(role_arn)
    if not found:
        return f"{role_arn} is not the ARN of a role"
    home = partition_named(found["partition"]).home
    iam = cloud.client("iam", Caller.root(found["account"], home))
    try:
        role = iam.get_role(RoleName=found["name"])["Role"]
    except iam.exceptions.NoSuchEntityException:
        return f"the role {role_arn} does not exist"
    if role["Arn"] != role_arn:
        return f"the role {role_arn} does not exist; its name belongs to {role['Arn']}"
    now = cloud.clock.now()
    decision = trusts_service(role["AssumeRolePolicyDocument"], role_arn, service_principal, source_arn, now)
    if not decision.allowed:
        return f"the trust policy of {role_arn} does not allow {service_principal} to assume it ({decision.reason})"
    return None


def session_of(role_arn: str, session_name: str, region: str) -> Caller:
    """Who a service is while it acts as a role. Check the role with ``role_problem`` first."""
    found = _ROLE_ARN.fullmatch(role_arn)
    if not found:
        raise ValueError(f"{role_arn} is not the ARN of a role")
    account, name = found["account"], found["name"]
    return Caller(account, region, f"arn:{found['partition']}:sts::{account}:assumed-role/{name}/{session_name}")
