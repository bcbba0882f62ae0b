"""Which targets a rule may have, and what is refused when they are put. Pure.

A target that could not be delivered to is refused here, never dropped later.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
"""

from __future__ import annotations

import re
from typing import Any

from localaws.core.arn import Arn, ArnError
from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.services.events.inputs import input_problem

_ARN = re.compile(r"arn:[\w-]+:(?P<service>[\w-]+):(?P<region>[\w-]*):(?P<account>\d{12}|):(?P<resource>.+)")
_DELIVERED = {
    "codepipeline": re.compile(r"[\w.@-]+"),
    "codebuild": re.compile(r"project/.+"),
    "sagemaker": re.compile(r"pipeline/.+", re.IGNORECASE),
    "sns": re.compile(r"[\w.-]+"),
    "sqs": re.compile(r"[\w.-]+"),
    "logs": re.compile(r"log-group:[^:]+(:\*)?"),
    "events": re.compile(r"event-bus/.+"),
}
# EventBridge acts as the target's role; for the others the resource's policy may let it in.
_NEEDS_ROLE = frozenset({"codepipeline", "codebuild", "sagemaker"})


def service_of(arn: str) -> str:
    """The service of a target's ARN; an empty string where it is no ARN."""
    found = _ARN.fullmatch(arn)
    return found["service"] if found else ""


def account_of_role(arn: str) -> str | None:
    """The account of a role's ARN; None where it is not the ARN of a role."""
    try:
        role = Arn.parse(arn)
    except ArnError:
        return None
    return role.account if role.service == "iam" and role.resource.startswith("role/") else None


def refuse_target(caller: Caller, target: dict[str, Any]) -> None:
    """Raise ServiceError where EventBridge would refuse the target, or localaws could not deliver to it."""
    arn, name = target["Arn"], target["Id"]
    found = _ARN.fullmatch(arn)
    if not found:
        raise ServiceError(
            "ValidationException", f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
        )
    resource = _DELIVERED.get(found["service"])
    if resource is None:
        known = ", ".join(sorted(_DELIVERED))
        raise ServiceError(
            "NotImplemented", f"localaws does not deliver events to {found['service']} (it does to {known}).", 501
        )
    if not resource.fullmatch(found["resource"]):
        raise ServiceError("ValidationException", f"{arn} is not a target that EventBridge delivers to.")
    _refuse_role(caller, target, found["service"])
    if found["service"] == "sqs" and arn.endswith(".fifo") and "SqsParameters" not in target:
        raise ServiceError("ValidationException", f"Parameter(s) SqsParameters must be specified for target: {name}.")
    if "SageMakerPipelineParameters" in target and found["service"] != "sagemaker":
        raise ServiceError("ValidationException", f"SageMakerPipelineParameters do not apply to target {name}.")
    problem = input_problem(target)
    if problem:
        raise ServiceError("ValidationException", problem)
    queue = target.get("DeadLetterConfig", {}).get("Arn")
    if queue is not None and service_of(queue) != "sqs":
        raise ServiceError("ValidationException", f"The dead-letter queue of target {name} must be an SQS queue.")


def _refuse_role(caller: Caller, target: dict[str, Any], service: str) -> None:
    role = target.get("RoleArn")
    if role is None:
        if service in _NEEDS_ROLE:
            raise ServiceError("ValidationException", f"RoleArn is required for target {target['Arn']}.")
        return
    account = account_of_role(role)
    if account is None:
        raise ServiceError(
            "ValidationException", f"Parameter {role} is not valid. Reason: it is not the ARN of a role."
        )
    if account != caller.account:
        raise ServiceError("AccessDeniedException", f"Cross-account pass role is not allowed: {role}.", 403)
