"""As whom CloudFormation acts: the stack's service role where it has one, else whoever asked.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.policies.service_roles import role_problem

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_ROLE_ARN = re.compile(r"arn:(?P<partition>[^:]+):iam::(?P<account>\d{12}):role/(?P<name>(?:.*/)?[\w+=,.@-]+)")
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
    arn = f"arn:{found['partition']}:sts::{found['account']}:assumed-role/{name}/AWSCloudFormation"
    return Caller(found["account"], stack["Region"], arn)


def check_role(cloud: Cloud, caller: Caller, role_arn: str | None, stack_id: str) -> None:
    """Refuse a role that does not exist, is another account's, or does not trust CloudFormation with this stack."""
    if not role_arn:
        return
    found = _ROLE_ARN.fullmatch(role_arn)
    if found and found["account"] != caller.account:
        raise ServiceError("AccessDenied", "Cross-account pass role is not allowed.", 403)
    if role_problem(cloud, role_arn, _SERVICE, stack_id):
        raise ServiceError("ValidationError", f"Role {role_arn} is invalid or cannot be assumed")
