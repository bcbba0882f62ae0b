"""The role a job runs as: it must exist and trust SageMaker, and everything the job reads or writes is done as it.

https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
"""

from __future__ import annotations

from localaws.core.arn import Arn
from localaws.core.caller import Caller
from localaws.core.cloud import Cloud
from localaws.core.errors import ServiceError
from localaws.policies.service_roles import role_problem, session_of

_SAGEMAKER = "sagemaker.amazonaws.com"
SESSION_NAME = "SageMaker"


def require_role(cloud: Cloud, caller: Caller, role_arn: str, resource: str) -> None:
    """Refuse a role of another account, one that does not exist, and one that SageMaker may not assume.

    ``resource`` (``processing-job/name``) is what the role is taken on for.
    """
    if Arn.parse(role_arn).account != caller.account:
        raise ServiceError("ValidationException", "Cross-account pass role is not allowed.")
    problem = role_problem(cloud, role_arn, _SAGEMAKER, caller.resource_arn("sagemaker", resource))
    if problem is not None:
        raise ServiceError(
            "ValidationException",
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows principal "
            f"'{_SAGEMAKER}' to assume the role. ({problem})",
        )


def role_caller(role_arn: str, region: str) -> Caller:
    """The principal of the session in which SageMaker works for a job."""
    return session_of(role_arn, SESSION_NAME, region)
