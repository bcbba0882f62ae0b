"""What CloudFormation remembers: stacks with their resources, stack events, change sets. It decides nothing.

A stack's document holds everything that carrying on needs after a restart; its resources are records by logical id:
``Type, PhysicalId, Ref, Attributes, Properties, Status, Reason, Updated, DeletionPolicy, UpdateReplacePolicy,
Dependencies, Metadata``. Keys are ``account/region/stack name/uuid``.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from localaws.core.arn import Arn, ArnError
from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.pages import Pages
from localaws.services.cloudformation.announcements import announce_event

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

Stack = dict[str, Any]
PAGES = Pages("ValidationError")
STACK_TYPE = "AWS::CloudFormation::Stack"
GONE = "DELETE_COMPLETE"


class Records:
    """Reads and writes the three tables; an event that is written is announced."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.stacks = cloud.store.table("cloudformation.stack")
        self.events = cloud.store.table("cloudformation.event")
        self.change_sets = cloud.store.table("cloudformation.change-set")

    def find(self, caller: Caller, name: str) -> Stack | None:
        """A stack by ARN (deleted ones too) or by name (only those that are not deleted)."""
        if name.startswith("arn:"):
            try:
                arn = Arn.parse(name)
            except ArnError:  # no stack has such a name
                return None
            own = (arn.region, arn.account) == (caller.region, caller.account)
            return self.stacks.get(key_of_arn(name)) if own else None
        found = self.stacks.values(f"{caller.account}/{caller.region}/{name}/")
        return next((stack for stack in found if stack["StackStatus"] != GONE), None)

    def stack(self, caller: Caller, name: str, message: str = "Stack with id {} does not exist") -> Stack:
        found = self.find(caller, name)
        if found is None:
            raise ServiceError("ValidationError", message.format(name))
        return found

    def all_stacks(self, caller: Caller) -> list[Stack]:
        """Every stack of an account and region, newest first, deleted ones too."""
        return self.stacks.values(f"{caller.account}/{caller.region}/")[::-1]

    def get(self, key: str) -> Stack:
        found = self.stacks.get(key)
        if found is None:
            raise KeyError(key)
        return found

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Nobody else reads or writes meanwhile: keep it short."""
        with self._cloud.store.lock:
            yield

    @contextmanager
    def edit(self, key: str) -> Iterator[Stack]:
        with self.stacks.edit(key) as stack:
            yield stack

    def set_status(self, key: str, status: str, reason: str | None = None) -> None:
        """Change the stack's status and write its event."""
        with self.edit(key) as stack:
            stack["StackStatus"], stack["StackStatusReason"] = status, reason
        self.event(stack, stack["StackName"], stack["StackId"], STACK_TYPE, status, reason)

    def event(
        self,
        stack: Stack,
        logical_id: str,
        physical_id: str,
        kind: str,
        status: str,
        reason: str | None = None,
        properties: dict[str, Any] | None = None,
    ) -> None:
        now = self._cloud.clock.now()

        document = {
            "StackId": stack["StackId"],
            "EventId": f"{logical_id}-{status}-{now.isoformat()}" if kind != STACK_TYPE else str(uuid.uuid4()),
            "StackName": stack["StackName"],
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": physical_id,
            "ResourceType": kind,
            "Timestamp": now,
            "ResourceStatus": status,
            "ClientRequestToken": stack.get("ClientRequestToken"),
            "ResourceStatusReason": reason,
            "ResourceProperties": json.dumps(properties) if properties is not None else None,
        }
        document = {name: value for name, value in document.items() if value is not None}
        self.events.put(f"{stack['Key']}/{uuid.uuid4()}", document)
        announce_event(self._cloud, stack, document, is_stack=kind == STACK_TYPE and physical_id == stack["StackId"])

    def events_of(self, stack: Stack) -> list[dict[str, Any]]:
        """Newest first."""
        return self.events.values(f"{stack['Key']}/")[::-1]

    def exports(self, account: str, region: str) -> dict[str, dict[str, str]]:
        """Every export of an account and region: name -> {"ExportingStackId", "Name", "Value"}."""
        return {
            output["ExportName"]: {
                "ExportingStackId": stack["StackId"],
                "Name": output["ExportName"],
                "Value": output["OutputValue"],
            }
            for stack in self.stacks.values(f"{account}/{region}/")
            if stack["StackStatus"] != GONE
            for output in stack.get("Outputs", [])
            if "ExportName" in output
        }

    def importers(self, account: str, region: str, export: str) -> list[str]:
        """Names of the stacks that import an export."""
        return [
            stack["StackName"]
            for stack in self.stacks.values(f"{account}/{region}/")
            if stack["StackStatus"] != GONE and export in stack.get("Imports", [])
        ]


def key_of_arn(arn: str) -> str:
    """``arn:aws:cloudformation:<region>:<account>:stack/<name>/<uuid>`` -> the document's key."""
    stack = Arn.parse(arn)
    return f"{stack.account}/{stack.region}/{stack.resource.removeprefix('stack/')}"
