"""Operations that read stacks, their resources, events and exports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.services.cloudformation.records import GONE, PAGES, Records, Stack

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_NOT_CHECKED = {"StackDriftStatus": "NOT_CHECKED"}


class StackQueries(Service):
    """DescribeStacks, ListStacks, DescribeStackEvents, DescribeStackResource(s), ListStackResources, exports."""

    service = "cloudformation"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = Records(cloud)

    def describe_stacks(self, caller: Caller, request: Request) -> Response:
        name = request.get("StackName")
        if name:
            return {"Stacks": [_described(self._records.stack(caller, name))]}
        live = [stack for stack in self._records.all_stacks(caller) if stack["StackStatus"] != GONE]
        found, more = PAGES.of(live, request, _stack_id)
        return {"Stacks": [_described(stack) for stack in found], **more}

    def list_stacks(self, caller: Caller, request: Request) -> Response:
        wanted = request.get("StackStatusFilter")
        every = self._records.all_stacks(caller)
        stacks = [stack for stack in every if not wanted or stack["StackStatus"] in wanted]
        found, more = PAGES.of(stacks, request, _stack_id)
        return {"StackSummaries": [_summary(stack) for stack in found], **more}

    def describe_stack_events(self, caller: Caller, request: Request) -> Response:
        name = request.get("StackName")
        if not name:
            raise ServiceError("ValidationError", "StackName is required")
        stack = self._records.stack(caller, name, "Stack [{}] does not exist")
        found, more = PAGES.of(self._records.events_of(stack), request, lambda event: str(event["EventId"]))
        return {"StackEvents": found, **more}

    def describe_stack_resource(self, caller: Caller, request: Request) -> Response:
        stack = self._records.stack(caller, request["StackName"], "Stack '{}' does not exist")
        logical_id = request["LogicalResourceId"]
        record = stack["Resources"].get(logical_id)
        if record is None:
            raise ServiceError(
                "ValidationError", f"Resource {logical_id} does not exist for stack {stack['StackName']}"
            )
        detail = _resource(stack, logical_id, record)
        detail["LastUpdatedTimestamp"] = detail.pop("Timestamp")
        if record.get("Metadata"):
            detail["Metadata"] = json.dumps(record["Metadata"])
        return {"StackResourceDetail": detail}

    def describe_stack_resources(self, caller: Caller, request: Request) -> Response:
        physical = request.get("PhysicalResourceId")
        if not request.get("StackName") and not physical:
            raise ServiceError("ValidationError", "Either StackName or PhysicalResourceId must be specified")
        stack = (
            self._records.stack(caller, request["StackName"])
            if request.get("StackName")
            else self._owner(caller, str(physical))
        )
        logical_id = request.get("LogicalResourceId")
        return {
            "StackResources": [
                _resource(stack, name, record)
                for name, record in stack["Resources"].items()
                if logical_id in (None, name) and physical in (None, record.get("PhysicalId"))
            ]
        }

    def list_stack_resources(self, caller: Caller, request: Request) -> Response:
        stack = self._records.stack(caller, request["StackName"])
        found, more = PAGES.of(list(stack["Resources"].items()), request, lambda item: str(item[0]))
        summaries = []
        for name, record in found:
            summary = _resource(stack, name, record)
            summary["LastUpdatedTimestamp"] = summary.pop("Timestamp")
            del summary["StackId"], summary["StackName"]
            summaries.append(summary)
        return {"StackResourceSummaries": summaries, **more}

    def list_exports(self, caller: Caller, request: Request) -> Response:
        exports = self._records.exports(caller.account, caller.region)
        found, more = PAGES.of([exports[name] for name in sorted(exports)], request, lambda export: export["Name"])
        return {"Exports": found, **more}

    def list_imports(self, caller: Caller, request: Request) -> Response:
        name = request["ExportName"]
        users = self._records.importers(caller.account, caller.region, name)
        if not users:
            raise ServiceError("ValidationError", f"Export '{name}' is not imported by any stack.")
        found, more = PAGES.of(sorted(users), request, str)
        return {"Imports": found, **more}

    def describe_account_limits(self, caller: Caller, request: Request) -> Response:
        limits = {"StackLimit": 2000, "StackOutputsLimit": 200, "ConcurrentResourcesLimit": 2500}
        return {"AccountLimits": [{"Name": name, "Value": value} for name, value in limits.items()]}

    def _owner(self, caller: Caller, physical: str) -> Stack:
        for stack in self._records.all_stacks(caller):
            if stack["StackStatus"] != GONE and any(
                record.get("PhysicalId") == physical for record in stack["Resources"].values()
            ):
                return stack
        raise ServiceError("ValidationError", f"Stack for {physical} does not exist")


def _described(stack: Stack) -> dict[str, Any]:
    document = {
        **_present(
            stack,
            "StackId",
            "StackName",
            "ChangeSetId",
            "Description",
            "CreationTime",
            "DeletionTime",
            "LastUpdatedTime",
            "StackStatus",
            "StackStatusReason",
            "NotificationARNs",
            "TimeoutInMinutes",
            "RoleARN",
            "ParentId",
            "RootId",
            "DeletionMode",
        ),
        "DisableRollback": bool(stack.get("DisableRollback")),
        "EnableTerminationProtection": stack["EnableTerminationProtection"],
        "RollbackConfiguration": {},
        "Tags": [{"Key": key, "Value": value} for key, value in stack["Tags"].items()],
        "DriftInformation": _NOT_CHECKED,
    }
    if stack["Parameters"]:
        document["Parameters"] = described_parameters(stack["Parameters"])
    if stack["Capabilities"]:
        document["Capabilities"] = stack["Capabilities"]
    if stack["Outputs"]:
        document["Outputs"] = stack["Outputs"]
    return document


def described_parameters(parameters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Stored parameters as DescribeStacks and DescribeChangeSet show them; NoEcho ones masked."""
    result = []
    for each in parameters:
        shown = {"ParameterKey": each["key"], "ParameterValue": "****" if each["no_echo"] else each["text"]}
        if each["resolved"] is not None:
            shown["ResolvedValue"] = "****" if each["no_echo"] else each["resolved"]
        result.append(shown)
    return result


def _summary(stack: Stack) -> dict[str, Any]:
    summary = _present(
        stack,
        "StackId",
        "StackName",
        "CreationTime",
        "LastUpdatedTime",
        "DeletionTime",
        "StackStatus",
        "StackStatusReason",
        "ParentId",
        "RootId",
    )
    if stack.get("Description"):
        summary["TemplateDescription"] = stack["Description"]
    return {**summary, "DriftInformation": _NOT_CHECKED}


def _resource(stack: Stack, logical_id: str, record: dict[str, Any]) -> dict[str, Any]:
    document = {
        "StackName": stack["StackName"],
        "StackId": stack["StackId"],
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": record.get("PhysicalId"),
        "ResourceType": record["Type"],
        "Timestamp": record["Updated"],
        "ResourceStatus": record["Status"],
        "ResourceStatusReason": record.get("Reason"),
        "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
    }
    return {name: value for name, value in document.items() if value is not None}


def _present(stack: Stack, *names: str) -> dict[str, Any]:
    return {name: stack[name] for name in names if stack.get(name) is not None}


def _stack_id(stack: Stack) -> str:
    return str(stack["StackId"])
