"""Operations that change a stack. Each validates, writes down what is to be done and lets the engine do it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.policies.stack_policy import check_policy_document
from localaws.services.cloudformation.client_tokens import is_repeated, remember
from localaws.services.cloudformation.engine import Engine
from localaws.services.cloudformation.principal import caller_document, check_role
from localaws.services.cloudformation.records import STACK_TYPE, Records, Stack
from localaws.services.cloudformation.restoration import UPDATED_FIELDS
from localaws.services.cloudformation.submission import submit
from localaws.services.cloudformation.template_source import read_url

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
UPDATABLE = {
    "CREATE_COMPLETE",
    "CREATE_FAILED",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_COMPLETE",
}


class StackOperations(Service):
    """CreateStack, UpdateStack, DeleteStack and what steers a stack on its way."""

    service = "cloudformation"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = Records(cloud)
        self._engine = Engine(cloud, self._records)
        cloud.on_start(self._engine.resume)

    def create_stack(self, caller: Caller, request: Request) -> Response:
        name = request["StackName"]
        existing = self._records.find(caller, name)
        if existing is not None:
            if is_repeated(existing, "CreateStack", request):
                return {"StackId": existing["StackId"]}
            raise ServiceError("AlreadyExistsException", f"Stack [{name}] already exists")
        if request.get("OnFailure") and request.get("DisableRollback") is not None:
            raise ServiceError("ValidationError", "Either OnFailure or DisableRollback can be specified, not both.")
        stack = new_stack(self._cloud, caller, name)
        submission = submit(self._cloud, self._records, caller, request, stack)
        stack |= submission.fields
        remember(stack, "CreateStack", request)
        stack |= {
            "OnFailure": request.get("OnFailure") or ("DO_NOTHING" if request.get("DisableRollback") else "ROLLBACK"),
            "DisableRollback": bool(request.get("DisableRollback")),
            "RetainExceptOnCreate": bool(request.get("RetainExceptOnCreate")),
            "EnableTerminationProtection": bool(request.get("EnableTerminationProtection")),
            "TimeoutInMinutes": request.get("TimeoutInMinutes"),
            "StackPolicyBody": self._policy(caller, request, "StackPolicy"),
        }
        add_stack(self._records, stack, "CREATE_IN_PROGRESS")
        self._engine.start(stack["Key"])
        return {"StackId": stack["StackId"]}

    def update_stack(self, caller: Caller, request: Request) -> Response:
        stack = self._records.stack(caller, request["StackName"], "Stack [{}] does not exist")
        if is_repeated(stack, "UpdateStack", request):
            return {"StackId": stack["StackId"]}
        check_updatable(stack)
        stack["Caller"] = caller_document(caller)
        submission = submit(self._cloud, self._records, caller, request, stack)
        if not submission.has_changes and stack["StackStatus"].endswith("_COMPLETE"):
            raise ServiceError("ValidationError", "No updates are to be performed.")
        during = self._policy(caller, request, "StackPolicyDuringUpdate")
        policy = self._policy(caller, request, "StackPolicy")
        with self._records.edit(stack["Key"]) as stored:
            check_updatable(stored)
            begin_update(stored, submission.fields, self._cloud.clock.now())
            remember(stored, "UpdateStack", request)
            stored["DisableRollback"] = bool(request.get("DisableRollback"))
            stored["RetainExceptOnCreate"] = bool(request.get("RetainExceptOnCreate"))
            stored["StackPolicyDuringUpdateBody"] = during
            if policy:
                stored["StackPolicyBody"] = policy
        self._records.set_status(stack["Key"], "UPDATE_IN_PROGRESS", "User Initiated")
        for key, change_set in self._records.change_sets.items(f"{stack['Key']}/"):
            if change_set["ExecutionStatus"] == "AVAILABLE":
                self._records.change_sets.put(key, {**change_set, "ExecutionStatus": "OBSOLETE"})
        self._engine.start(stack["Key"])
        return {"StackId": stack["StackId"]}

    def delete_stack(self, caller: Caller, request: Request) -> Response:
        stack = self._records.find(caller, request["StackName"])
        if stack is None or stack["StackStatus"] in ("DELETE_COMPLETE", "DELETE_IN_PROGRESS"):
            return {}
        is_repeated(stack, "DeleteStack", request)  # one that deleted it has nothing left to delete
        name, status = stack["StackName"], stack["StackStatus"]
        if stack["EnableTerminationProtection"]:
            raise ServiceError(
                "ValidationError", f"Stack [{name}] cannot be deleted while TerminationProtection is enabled"
            )
        if request.get("RetainResources") and status != "DELETE_FAILED":
            raise ServiceError(
                "ValidationError",
                f"Invalid operation on stack [{stack['StackId']}]. When you delete a stack, specify which resources to "
                "retain only when the stack is in the DELETE_FAILED state.",
            )
        if "_IN_PROGRESS" in status and status not in ("CREATE_IN_PROGRESS", "REVIEW_IN_PROGRESS"):
            raise ServiceError("ValidationError", f"Stack [{name}] cannot be deleted while in status {status}")
        check_role(self._cloud, caller, request.get("RoleARN"), stack["StackId"])
        with self._records.edit(stack["Key"]) as stored:
            stored["Caller"] = caller_document(caller)
            stored["RoleARN"] = request.get("RoleARN") or stored.get("RoleARN")
            remember(stored, "DeleteStack", request)
            stored["RetainResources"] = request.get("RetainResources") or []
            stored["DeletionMode"] = request.get("DeletionMode")
            if stored["StackStatus"] == "CREATE_IN_PROGRESS":
                stored["DeletionRequested"] = True  # the engine stops at the next resource
                return {}
        reason = self._export_in_use(stack)
        if reason:
            self._records.set_status(stack["Key"], "DELETE_FAILED", reason)
            return {}
        self._records.set_status(stack["Key"], "DELETE_IN_PROGRESS", "User Initiated")
        self._engine.start(stack["Key"])
        return {}

    def cancel_update_stack(self, caller: Caller, request: Request) -> Response:
        stack = self._records.stack(caller, request["StackName"], "Stack [{}] does not exist")
        with self._records.edit(stack["Key"]) as stored:
            if is_repeated(stored, "CancelUpdateStack", request):
                return {}
            if stored["StackStatus"] != "UPDATE_IN_PROGRESS":
                raise ServiceError(
                    "ValidationError",
                    "CancelUpdateStack cannot be called from current stack status: " + stored["StackStatus"],
                )
            stored["CancelRequested"] = True
            own = stored["ClientRequestToken"]
            remember(stored, "CancelUpdateStack", request)
            stored["ClientRequestToken"] = own  # the events go on with that of the update
        return {}

    def continue_update_rollback(self, caller: Caller, request: Request) -> Response:
        stack = self._records.stack(caller, request["StackName"], "Stack [{}] does not exist")
        self._begin(
            stack,
            caller,
            request,
            "ContinueUpdateRollback",
            {"UPDATE_ROLLBACK_FAILED"},
            "UPDATE_ROLLBACK_IN_PROGRESS",
            {"ResourcesToSkip": request.get("ResourcesToSkip") or []},
        )
        return {}

    def rollback_stack(self, caller: Caller, request: Request) -> Response:
        stack = self._records.stack(caller, request["StackName"], "Stack [{}] does not exist")
        after = "ROLLBACK_IN_PROGRESS" if stack["StackStatus"] == "CREATE_FAILED" else "UPDATE_ROLLBACK_IN_PROGRESS"
        self._begin(stack, caller, request, "RollbackStack", {"CREATE_FAILED", "UPDATE_FAILED"}, after, {})
        return {"StackId": stack["StackId"]}

    def update_termination_protection(self, caller: Caller, request: Request) -> Response:
        stack = self._records.stack(caller, request["StackName"], "Stack [{}] does not exist")
        with self._records.edit(stack["Key"]) as stored:
            stored["EnableTerminationProtection"] = request["EnableTerminationProtection"]
        return {"StackId": stack["StackId"]}

    def set_stack_policy(self, caller: Caller, request: Request) -> Response:
        stack = self._records.stack(caller, request["StackName"], "Stack [{}] does not exist")
        with self._records.edit(stack["Key"]) as stored:
            stored["StackPolicyBody"] = self._policy(caller, request, "StackPolicy")
        return {}

    def get_stack_policy(self, caller: Caller, request: Request) -> Response:
        stack = self._records.stack(caller, request["StackName"], "Stack [{}] does not exist")
        body = stack.get("StackPolicyBody")
        return {"StackPolicyBody": body} if body else {}

    def _begin(
        self,
        stack: Stack,
        caller: Caller,
        request: Request,
        operation: str,
        expected: set[str],
        status: str,
        fields: dict[str, Any],
    ) -> None:
        if is_repeated(stack, operation, request):
            return
        check_role(self._cloud, caller, request.get("RoleARN"), stack["StackId"])
        with self._records.edit(stack["Key"]) as stored:
            if stored["StackStatus"] not in expected:
                raise ServiceError(
                    "ValidationError",
                    f"Stack:{stack['StackId']} is in {stored['StackStatus']} state and can not be rolled back.",
                )
            stored["Caller"] = caller_document(caller)
            remember(stored, operation, request)
            stored.update(fields)
            stored["StackStatus"] = status
        self._records.set_status(stack["Key"], status, "User Initiated")
        self._engine.start(stack["Key"])

    def _export_in_use(self, stack: Stack) -> str | None:
        for output in stack.get("Outputs", []):
            if "ExportName" not in output:
                continue
            users = self._records.importers(stack["Account"], stack["Region"], output["ExportName"])
            if users:
                return (
                    f"Delete canceled. Cannot delete export {output['ExportName']} as it is in use by "
                    f"{', '.join(users)}."
                )
        return None

    def _policy(self, caller: Caller, request: Request, prefix: str) -> str | None:
        body: str | None = request.get(f"{prefix}Body")
        if request.get(f"{prefix}URL"):
            body = read_url(self._cloud, caller, request[f"{prefix}URL"])
        if body:
            check_policy_document(body)
        return body


def new_stack(cloud: Cloud, caller: Caller, name: str) -> Stack:
    """The document of a stack that is not there yet; nothing is written."""
    if not _NAME.fullmatch(name):
        raise ServiceError(
            "ValidationError",
            f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*",
        )
    identity = str(uuid.uuid4())
    return {
        "Key": f"{caller.account}/{caller.region}/{name}/{identity}",
        "StackId": caller.resource_arn("cloudformation", f"stack/{name}/{identity}"),
        "StackName": name,
        "Account": caller.account,
        "Region": caller.region,
        "Caller": caller_document(caller),
        "CreationTime": cloud.clock.now(),
        "TemplateBody": None,
        "Parameters": [],
        "Tags": {},
        "Outputs": [],
        "Imports": [],
        "Resources": {},
        "Cleanup": [],
        "Capabilities": [],
        "EnableTerminationProtection": False,
    }


def add_stack(records: Records, stack: Stack, status: str) -> None:
    """Write a new stack; refused where another one took the name meanwhile."""
    caller = Caller(**stack["Caller"])
    with records.lock():
        if records.find(caller, stack["StackName"]) is not None:
            raise ServiceError("AlreadyExistsException", f"Stack [{stack['StackName']}] already exists")
        records.stacks.put(stack["Key"], {**stack, "StackStatus": status})
    records.event(stack, stack["StackName"], stack["StackId"], STACK_TYPE, status, "User Initiated")


def check_updatable(stack: Stack) -> None:
    status = stack["StackStatus"]
    if status not in UPDATABLE:
        raise ServiceError("ValidationError", f"Stack:{stack['StackId']} is in {status} state and can not be updated.")


def begin_update(stored: Stack, fields: dict[str, Any], now: Any) -> None:
    """Turn a stack's document into one being updated; one whose last update failed keeps its last good self."""
    if "Previous" not in stored or stored["StackStatus"] != "UPDATE_FAILED":
        stored["Previous"] = {field: stored.get(field) for field in UPDATED_FIELDS}
    for field in ("CancelRequested", "ResourcesToSkip", "RollbackCleanup"):
        stored.pop(field, None)
    stored.update(fields)
    stored["LastUpdatedTime"] = now
    stored["StackStatus"] = "UPDATE_IN_PROGRESS"
