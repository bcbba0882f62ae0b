"""As whom CloudFormation acts: the stack's service role where it has one, else whoever asked.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from localaws.core.caller import PARTITION, Caller
from localaws.core.errors import ServiceError

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_ROLE_ARN = re.compile(r"arn:[^:]+:iam::(?P<account>\d{12}):role/(?P<name>(?:.*/)?[\w+=,.@-]+)")
_SERVICE = "cloudformation.amazonaws.com"


def caller_document(caller: Caller) -> dict[str, str]:
    """A caller as a stack's document keeps it."""
    return {
        "account": caller.account,
        "region": caller.region,
        "arn": caller.arn,
        "access_key_id": caller.access_key_id,
    }


def acting_caller(stack: dict[str, Any]) -> Caller:
    """The principal of a stack's calls. One per role, not per operation: clients are kept by caller."""
    found = _ROLE_ARN.fullmatch(stack.get("RoleARN") or "")
    if found is None:
        return Caller(**stack["Caller"])
    name = found["name"].rsplit("/", 1)[-1]
    arn = f"arn:{PARTITION}:sts::{found['account']}:assumed-role/{name}/AWSCloudFormation"
    return Caller(found["account"], stack["Region"], arn)


def check_role(cloud: Cloud, caller: Caller, role_arn: str | None) -> None:
    """Refuse a role that does not exist, is another account's, or does not trust CloudFormation."""
    if not role_arn:
        return
    found = _ROLE_ARN.fullmatch(role_arn)
    if found and found["account"] != caller.account:
        raise ServiceError("AccessDenied", "Cross-account pass role is not allowed.", 403)
    if not found or not _trusts_cloudformation(cloud, caller, found["name"].rsplit("/", 1)[-1], role_arn):
        raise ServiceError("ValidationError", f"Role {role_arn} is invalid or cannot be assumed")


def _trusts_cloudformation(cloud: Cloud, caller: Caller, name: str, arn: str) -> bool:
    iam = cloud.client("iam", Caller.root(caller.account, caller.region))
    try:
        role = iam.get_role(RoleName=name)["Role"]
    except iam.exceptions.NoSuchEntityException:
        return False
    statements = role["AssumeRolePolicyDocument"].get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal", {})
        services = [] if isinstance(principal, str) else principal.get("Service", [])
        if statement.get("Effect") == "Allow" and _SERVICE in ([services] if isinstance(services, str) else services):
            return bool(role["Arn"] == arn)
    return False
