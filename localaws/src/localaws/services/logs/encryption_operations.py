"""KMS keys of log groups: a key whose policy does not let CloudWatch Logs use it for that group is refused.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.logs.models import logs_backends

from localaws.core.arn import Arn
from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.operations import Companion
from localaws.core.service import Request, Response, Service
from localaws.core.wire import OperationRequest
from localaws.policies.service_access import key_refusal

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


class LogGroupKeys(Service):
    """AssociateKmsKey and DisassociateKmsKey, which moto lacks, and a companion for CreateLogGroup."""

    service = "logs"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        cloud.operations.accompany("logs", KeyCompanion(cloud))

    def associate_kms_key(self, caller: Caller, request: Request) -> Response:
        group = _group(caller, request)
        refuse_key(self._cloud, caller, group.name, request["kmsKeyId"])
        with self._cloud.moto.changing("logs"):
            group.kms_key_id = request["kmsKeyId"]
        return {}

    def disassociate_kms_key(self, caller: Caller, request: Request) -> Response:
        group = _group(caller, request)
        with self._cloud.moto.changing("logs"):
            group.kms_key_id = None
        return {}


class KeyCompanion(Companion):
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def before(self, caller: Caller, request: OperationRequest) -> dict[str, str]:
        key = request.parameters.get("kmsKeyId")
        if request.operation.name == "CreateLogGroup" and key:
            refuse_key(self._cloud, caller, request.parameters["logGroupName"], key)
        return {}


def refuse_key(cloud: Cloud, caller: Caller, group: str, key: str) -> None:
    """Raise in AWS's words where CloudWatch Logs may not use the key for the group."""
    arn = caller.resource_arn("logs", f"log-group:{group}")
    if not key.startswith("arn:") or ":key/" not in key:
        raise ServiceError("InvalidParameterException", f"The specified KMS key {key} is not the ARN of a KMS key.")
    state = cloud.resource_policies.key_state(key)
    if state not in ("Enabled", "NotFound"):
        raise ServiceError("InvalidParameterException", f"The specified KMS key {key} is in the state {state}.")
    closed = key_refusal(cloud, "logs", arn, key)
    if closed:
        raise ServiceError(
            "AccessDeniedException",
            f"The specified KMS key does not exist or is not allowed to be used with Arn '{arn}' ({closed.text})",
        )


def _group(caller: Caller, request: Request) -> Any:
    """moto's log group."""
    identifier = request.get("resourceIdentifier")
    if identifier and "logGroupName" in request:
        raise ServiceError("InvalidParameterException", "Give either logGroupName or resourceIdentifier.")
    if identifier and not identifier.partition(":log-group:")[2]:
        raise ServiceError("NotImplemented", "localaws encrypts no query results: name a log group.", 501)
    name = Arn.parse(identifier).resource.removeprefix("log-group:") if identifier else request.get("logGroupName")
    if not name:
        raise ServiceError("InvalidParameterException", "Give either logGroupName or resourceIdentifier.")
    found = logs_backends[caller.account][caller.region].groups.get(name)
    if found is None:
        raise ServiceError("ResourceNotFoundException", "The specified log group does not exist.")
    return found
