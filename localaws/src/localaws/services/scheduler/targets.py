"""What Scheduler can call: the templated targets it shares with EventBridge, and universal targets.

A universal target, ``arn:aws:scheduler:::aws-sdk:<service>:<operation>``, is an API call with the target's Input as
its request. What cannot be called here is refused when the schedule is made.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets.html
"""

from __future__ import annotations

import json
import re
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.exceptions import UnknownServiceError

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.services.events.failures import InvocationError
from localaws.services.events.invocations import Invocation, invoke
from localaws.services.events.targets import account_of_role, service_of

_UNIVERSAL = re.compile(r"arn:[\w-]+:scheduler:::aws-sdk:(?P<service>[\w-]+):(?P<operation>\w+)")
_TEMPLATED = frozenset({"codebuild", "codepipeline", "events", "sagemaker", "sns", "sqs"})
_READING = ("get", "describe", "list", "batchget", "head", "query", "scan", "search")
# The names of AWS's SDKs for other languages where boto3 calls a service differently.
_BOTO3_NAMES = {"sfn": "stepfunctions", "cloudwatchlogs": "logs", "eventbridge": "events"}


def refuse_target(caller: Caller, target: dict[str, Any]) -> None:
    """Raise ServiceError where Scheduler would refuse the target, or localaws could not call it."""
    arn = target["Arn"]
    _refuse_role(caller, target["RoleArn"])
    queue = target.get("DeadLetterConfig", {}).get("Arn")
    if queue is not None and service_of(queue) != "sqs":
        raise ServiceError("ValidationException", f"The dead-letter queue must be an SQS queue, not {queue}.")
    if _UNIVERSAL.fullmatch(arn):
        _refuse_universal(target)
        return
    service = service_of(arn)
    if service not in _TEMPLATED:
        known = ", ".join(sorted(_TEMPLATED))
        raise ServiceError(
            "NotImplemented",
            f"localaws does not schedule targets of {service or arn}, only of {known} and aws-sdk.",
            501,
        )
    if service == "events" and "EventBridgeParameters" not in target:
        raise ServiceError("ValidationException", "EventBridgeParameters must be specified for an event bus.")
    if service == "sqs" and arn.endswith(".fifo") and "SqsParameters" not in target:
        raise ServiceError("ValidationException", "SqsParameters must be specified for a FIFO queue.")


def call(invocation: Invocation) -> None:
    """Make the scheduled call once; raises where it fails."""
    target = invocation.target
    universal = _UNIVERSAL.fullmatch(target["Arn"])
    if universal:
        _call_universal(invocation, universal["service"], universal["operation"])
    elif service_of(target["Arn"]) == "events":
        _put_event(invocation)
    else:
        invoke(invocation)


def _put_event(invocation: Invocation) -> None:
    parameters = invocation.target["EventBridgeParameters"]
    entry = {
        "Source": parameters["Source"],
        "DetailType": parameters["DetailType"],
        "Detail": invocation.text,
        "EventBusName": invocation.target["Arn"],
    }
    answer = invocation.client("events").put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        failed = answer["Entries"][0]
        raise InvocationError("INVALID_PARAMETER", failed["ErrorMessage"], target_code=failed["ErrorCode"])


def _call_universal(invocation: Invocation, service: str, operation: str) -> None:
    request = invocation.parsed_text() if invocation.text else {}
    client = invocation.client(_boto3_name(service))
    getattr(client, xform_name(operation[0].upper() + operation[1:]))(**request)


def _refuse_role(caller: Caller, role: str) -> None:
    account = account_of_role(role)
    if account is None:
        raise ServiceError("ValidationException", f"{role} is not the ARN of a role.")
    if account != caller.account:
        raise ServiceError("ValidationException", f"The role {role} must be one of the account {caller.account}.")


def _refuse_universal(target: dict[str, Any]) -> None:
    found = _UNIVERSAL.fullmatch(target["Arn"])
    assert found is not None
    service, operation = found["service"], found["operation"]
    if operation.lower().startswith(_READING):
        raise ServiceError("ValidationException", f"{target['Arn']} reads only; Scheduler does not call it.")
    try:
        model = botocore.session.get_session().get_service_model(_boto3_name(service))
    except UnknownServiceError as error:
        raise ServiceError(
            "ValidationException", f"{target['Arn']} names a service that AWS does not have: {service}."
        ) from error
    if operation[0].upper() + operation[1:] not in model.operation_names or not operation[0].islower():
        raise ServiceError(
            "ValidationException", f"{target['Arn']} names an operation that {service} does not have: {operation}."
        )
    try:
        request = json.loads(target.get("Input", "{}"))
    except ValueError as error:
        raise ServiceError("ValidationException", f"The target's Input is not JSON: {error}") from error
    if not isinstance(request, dict):
        raise ServiceError("ValidationException", "The Input of a universal target must be a JSON object.")


def _boto3_name(service: str) -> str:
    return _BOTO3_NAMES.get(service, service)
