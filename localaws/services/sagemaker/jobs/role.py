"""The role a job runs as: it must exist and trust SageMaker, and everything the job reads or writes is done as it.

https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
"""

from __future__ import annotations

import fnmatch
import re
from typing import Any

from localaws.caller import PARTITION, Caller
from localaws.cloud import Cloud
from localaws.errors import ServiceError

_ROLE_ARN = re.compile(r"arn:[^:]+:iam::(?P<account>\d{12}):role/(?:.*/)?(?P<name>[\w+=,.@-]+)")
SESSION_NAME = "SageMaker"


def require_role(cloud: Cloud, caller: Caller, role_arn: str) -> None:
    """Refuse a role of another account, one that does not exist, and one that SageMaker may not assume."""
    found = _ROLE_ARN.fullmatch(role_arn)
    if found is None:
        raise ServiceError("ValidationException", f"RoleArn {role_arn} is not the ARN of a role")
    if found["account"] != caller.account:
        raise ServiceError("ValidationException", "Cross-account pass role is not allowed.")
    iam = cloud.client("iam", Caller.root(caller.account, caller.region))
    try:
        role = iam.get_role(RoleName=found["name"])["Role"]
    except iam.exceptions.NoSuchEntityException:
        role = None
    if role is None or role["Arn"] != role_arn or not _trusts_sagemaker(role["AssumeRolePolicyDocument"]):
        raise ServiceError(
            "ValidationException",
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows principal "
            "'sagemaker.amazonaws.com' to assume the role.",
        )


def role_caller(role_arn: str, region: str) -> Caller:
    """The principal of the session in which SageMaker works for a job."""
    found = _ROLE_ARN.fullmatch(role_arn)
    assert found is not None, role_arn
    arn = f"arn:{PARTITION}:sts::{found['account']}:assumed-role/{found['name']}/{SESSION_NAME}"
    return Caller(found["account"], region, arn)


def _trusts_sagemaker(policy: dict[str, Any]) -> bool:
    return any(
        statement.get("Effect") == "Allow"
        and any(fnmatch.fnmatchcase("sts:assumerole", action.lower()) for action in _listed(statement.get("Action")))
        and _names_sagemaker(statement.get("Principal"))
        for statement in _listed(policy.get("Statement"))
    )


def _names_sagemaker(principal: Any) -> bool:
    if isinstance(principal, dict):
        return any(service in ("sagemaker.amazonaws.com", "*") for service in _listed(principal.get("Service")))
    return bool(principal == "*")


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
