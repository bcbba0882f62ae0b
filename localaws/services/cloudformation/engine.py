"""Carries a stack from one status to the next: create, update, roll back, clean up, delete.

A stack's document holds all that is needed to carry on, so the engine is a table from the stack's status to the step
that leaves it; a worker runs steps until the stack rests. What a former server left under way is rolled back.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from localaws.services.cloudformation.change_set import exists, resource_dependencies, takes_map
from localaws.services.cloudformation.deployment import check_exports, outputs, stack_scope
from localaws.services.cloudformation.differences import differences
from localaws.services.cloudformation.errors import ResourceError, TemplateError
from localaws.services.cloudformation.no_echo import secret_properties
from localaws.services.cloudformation.records import GONE, Records, Stack
from localaws.services.cloudformation.references import creation_order
from localaws.services.cloudformation.removal import Removal
from localaws.services.cloudformation.resource_operations import ResourceOperations
from localaws.services.cloudformation.schema import resource_schema
from localaws.services.cloudformation.scope import StackScope, resolved_properties
from localaws.services.cloudformation.stack_policy import denial

if TYPE_CHECKING:
    from localaws.cloud import Cloud

log = logging.getLogger(__name__)

# What an update replaces in a stack's document, and a rollback restores.
UPDATED_FIELDS = (
    "Capabilities",
    "Description",
    "Imports",
    "NotificationARNs",
    "Outputs",
    "Parameters",
    "Resources",
    "RoleARN",
    "Tags",
    "TemplateBody",
)
_STOPPED = "The server stopped while this operation was under way."
# Where a defect of the engine itself leaves a stack, so that it can still be deleted.
_BROKEN = {
    "CREATE_IN_PROGRESS": "CREATE_FAILED",
    "ROLLBACK_IN_PROGRESS": "ROLLBACK_FAILED",
    "UPDATE_IN_PROGRESS": "UPDATE_FAILED",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_IN_PROGRESS": "UPDATE_ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
    "DELETE_IN_PROGRESS": "DELETE_FAILED",
}


class _DeletionRequestedError(Exception):
    """Somebody deletes the stack while it is being created."""


class Engine:
    """Runs stacks. ``start`` after a status was set that a step leaves; everything else happens in a worker."""

    def __init__(self, cloud: Cloud, records: Records) -> None:
        self._cloud = cloud
        self._records = records
        self._steps: dict[str, Callable[[str], None]] = {
            "CREATE_IN_PROGRESS": self._create,
            "ROLLBACK_IN_PROGRESS": self._roll_back_creation,
            "UPDATE_IN_PROGRESS": self._update,
            "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": self._clean_up,
            "UPDATE_ROLLBACK_IN_PROGRESS": self._roll_back_update,
            "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": self._clean_up,
            "DELETE_IN_PROGRESS": self._delete,
        }

    def start(self, key: str) -> None:
        self._cloud.workers.start(f"stack {key}", lambda: self.run(key))

    def resume(self) -> None:
        """No stack stays in progress because its server ended: creations and updates are rolled back, the rest ends."""
        rollbacks = {"CREATE_IN_PROGRESS": "ROLLBACK_IN_PROGRESS", "UPDATE_IN_PROGRESS": "UPDATE_ROLLBACK_IN_PROGRESS"}
        for key, stack in self._records.stacks.items():
            status = stack["StackStatus"]
            if status not in self._steps:
                continue
            if status in rollbacks:
                self._records.set_status(key, rollbacks[status], _STOPPED)
            self.start(key)

    def run(self, key: str) -> None:
        """Take steps until the stack rests."""
        while (status := self._records.get(key)["StackStatus"]) in self._steps:
            if self._cloud.workers.stopping.is_set():
                return
            try:
                self._steps[status](key)
            except Exception as error:
                log.exception("stack %s failed in %s", key, status)
                self._records.set_status(key, _BROKEN[status], f"Internal Failure: {type(error).__name__}: {error}")

    # Going forward

    def _create(self, key: str) -> None:
        try:
            failure = self._deploy(key)
        except _DeletionRequestedError:
            self._records.set_status(key, "DELETE_IN_PROGRESS", "User Initiated")
            return
        if failure is None:
            self._records.set_status(key, "CREATE_COMPLETE")
        elif not self._cloud.workers.stopping.is_set():
            then = {"DO_NOTHING": "CREATE_FAILED", "DELETE": "DELETE_IN_PROGRESS"}
            on_failure = self._records.get(key).get("OnFailure", "ROLLBACK")
            status = then.get(on_failure, "ROLLBACK_IN_PROGRESS")
            asked = "" if on_failure == "DO_NOTHING" else f"{on_failure.capitalize()} requested by user."
            self._records.set_status(key, status, f"{failure} {asked}".strip())

    def _update(self, key: str) -> None:
        failure = self._deploy(key)
        if failure is None:
            self._drop_removed(key)
            self._records.set_status(key, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        elif not self._cloud.workers.stopping.is_set():
            stays = self._records.get(key).get("DisableRollback")
            self._records.set_status(key, "UPDATE_FAILED" if stays else "UPDATE_ROLLBACK_IN_PROGRESS", failure)

    def _deploy(self, key: str) -> str | None:
        """Bring every resource and output to what the document's template says; why that failed, or None."""
        stack = self._records.get(key)
        creating = stack["StackStatus"] == "CREATE_IN_PROGRESS"
        scope = stack_scope(self._cloud, self._records, stack)
        active = scope.active_resources()
        dependencies = resource_dependencies(active, scope.conditions())
        for name in creation_order(dependencies):
            interruption = self._interruption(key)
            if interruption:
                return interruption
            scope.resources = self._records.get(key)["Resources"]
            try:
                self._deploy_resource(key, name, active[name], sorted(dependencies[name]), scope)
            except ResourceError:
                verb = "create" if creating else "update"
                return f"The following resource(s) failed to {verb}: [{name}]."
        stack = self._records.get(key)
        scope.resources = stack["Resources"]
        try:
            found = outputs(scope)
            check_exports(self._records, stack, found)
        except (TemplateError, ResourceError) as error:
            return str(error)
        with self._records.edit(key) as stack:
            stack["Outputs"], stack["Imports"] = found, sorted(scope.imports)
        return None

    def _interruption(self, key: str) -> str | None:
        stack = self._records.get(key)
        if stack.get("DeletionRequested"):
            raise _DeletionRequestedError
        if self._cloud.workers.stopping.is_set():
            return _STOPPED
        if stack.get("CancelRequested"):
            return "User Initiated"
        minutes = stack.get("TimeoutInMinutes")
        began = stack["CreationTime"]
        creating = stack["StackStatus"] == "CREATE_IN_PROGRESS"
        if minutes and creating and self._cloud.clock.now() > began + timedelta(minutes=minutes):
            return f"Stack creation time exceeded the specified timeout of {minutes} minutes."
        return None

    def _deploy_resource(
        self, key: str, name: str, resource: dict[str, Any], dependencies: list[str], scope: StackScope
    ) -> None:
        stack = self._records.get(key)
        operations = ResourceOperations(self._cloud, self._records, key)
        present = stack["Resources"].get(name)
        record = _new_record(resource, dependencies)
        try:
            schema = resource_schema(resource["Type"], stack["Region"])
            record["Properties"] = resolved_properties(
                resource, scope, stack["Tags"], schema.tag_property, takes_map(schema)
            )
            record["Secret"] = secret_properties(resource, scope.parameters)
            action = self._action(stack, operations, name, present, record)
        except (TemplateError, ResourceError) as error:
            failed = {**record, **present} if present else record
            operations.fail(name, failed, "UPDATE_FAILED" if exists(present) else "CREATE_FAILED", str(error))
            raise ResourceError(str(error)) from error
        if present is None or action == "create":
            operations.create(name, record)
        elif action == "keep":
            self._adopt_declaration(key, name, record)
        elif action == "replace":
            policy = resource.get("UpdateReplacePolicy") or "Delete"
            with self._records.edit(key) as stack:
                stack["Cleanup"].append({"Name": name, "Policy": policy, "Record": present})
            operations.create(name, record, former=present["PhysicalId"])
        else:
            kept = {field: present[field] for field in ("PhysicalId", "Ref", "Attributes")}
            operations.update(name, {**record, **kept}, present["Properties"], record["Properties"])

    def _action(
        self,
        stack: Stack,
        operations: ResourceOperations,
        name: str,
        present: dict[str, Any] | None,
        record: dict[str, Any],
    ) -> str:
        """``create``, ``keep``, ``update`` or ``replace``; ResourceError where the stack's policy forbids it."""
        if present is None or not exists(present):
            return "create"
        found = list(differences(present["Properties"], record["Properties"]))
        if present["Type"] == record["Type"] and not found and present["Status"].endswith("_COMPLETE"):
            return "keep"
        paths = [each.path for each in found]
        replacing = present["Type"] != record["Type"] or operations.replacement_needed(
            present, record["Properties"], paths
        )
        body = stack.get("StackPolicyDuringUpdateBody") or stack.get("StackPolicyBody")
        denied = denial(body, name, present["Type"], "Update:Replace" if replacing else "Update:Modify")
        if denied:
            raise ResourceError(denied)
        return "replace" if replacing else "update"

    def _adopt_declaration(self, key: str, name: str, record: dict[str, Any]) -> None:
        """Policies, metadata and dependencies change without touching the resource."""
        with self._records.edit(key) as stack:
            kept = stack["Resources"][name]
            for field in ("DeletionPolicy", "UpdateReplacePolicy", "Metadata", "Dependencies", "Secret"):
                kept[field] = record[field]

    def _drop_removed(self, key: str) -> None:
        stack = self._records.get(key)
        active = stack_scope(self._cloud, self._records, stack).active_resources()
        with self._records.edit(key) as stack:
            for name in [name for name in stack["Resources"] if name not in active]:
                record = stack["Resources"].pop(name)
                if exists(record):
                    policy = record.get("DeletionPolicy") or "Delete"
                    stack["Cleanup"].append({"Name": name, "Policy": policy, "Record": record})

    def _clean_up(self, key: str) -> None:
        """Remove what the update or its rollback left over. What cannot be removed stays behind, as on AWS."""
        stack = self._records.get(key)
        Removal(self._cloud, self._records, key).clean_up(stack["Cleanup"])
        with self._records.edit(key) as stack:
            for field in ("Previous", "StackPolicyDuringUpdateBody", "CancelRequested"):
                stack.pop(field, None)
            stack["Cleanup"] = []
        self._records.set_status(key, stack["StackStatus"].replace("_CLEANUP_IN_PROGRESS", ""))

    # Going back

    def _roll_back_creation(self, key: str) -> None:
        failed = Removal(self._cloud, self._records, key).remove_all(on_rollback=True)
        if failed and self._cloud.workers.stopping.is_set():
            return
        if failed:
            reason = f"The following resource(s) failed to delete: [{', '.join(failed)}]."
            self._records.set_status(key, "ROLLBACK_FAILED", reason)
        else:
            with self._records.edit(key) as stack:
                stack["Outputs"], stack["Imports"] = [], []
            self._records.set_status(key, "ROLLBACK_COMPLETE")

    def _roll_back_update(self, key: str) -> None:
        """Every resource back to its former self; what the update made goes to the cleanup."""
        operations = ResourceOperations(self._cloud, self._records, key)
        stack = self._records.get(key)
        previous: dict[str, Any] = stack["Previous"]["Resources"]
        skipped = set(stack.get("ResourcesToSkip", []))
        failed = []
        for name in creation_order({each: set(record["Dependencies"]) for each, record in previous.items()}):
            if not self._restore(key, operations, name, previous[name], name in skipped):
                failed.append(name)
        if self._cloud.workers.stopping.is_set():
            return
        if failed:
            reason = f"The following resource(s) failed to update: [{', '.join(failed)}]."
            self._records.set_status(key, "UPDATE_ROLLBACK_FAILED", reason)
            return
        with self._records.edit(key) as stack:
            made = {name: record for name, record in stack["Resources"].items() if name not in previous}
            stack["Cleanup"] = [
                *(item for item in stack.get("RollbackCleanup", [])),
                *({"Name": name, "Policy": _rollback_policy(made[name], stack), "Record": made[name]} for name in made),
            ]
            stack["Cleanup"] = [item for item in stack["Cleanup"] if exists(item["Record"])]
            kept = {name: stack["Resources"][name] for name in previous}
            stack.update({field: stack["Previous"][field] for field in UPDATED_FIELDS})
            stack["Resources"] = kept
            for field in ("RollbackCleanup", "ResourcesToSkip"):
                stack.pop(field, None)
        self._records.set_status(key, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")

    def _restore(self, key: str, operations: ResourceOperations, name: str, former: dict[str, Any], skip: bool) -> bool:
        """Whether one resource is what it was before the update."""
        present = self._records.get(key)["Resources"].get(name, former)
        if present.get("PhysicalId") != former.get("PhysicalId"):
            with self._records.edit(key) as stack:
                stack.setdefault("RollbackCleanup", []).append({"Name": name, "Policy": "Delete", "Record": present})
                stack["Resources"][name] = {**former, "Status": "UPDATE_COMPLETE", "Reason": None}
            return True
        differs = any(differences(former["Properties"], present["Properties"]))
        if not exists(former) or skip or not (differs or present["Status"] == "UPDATE_FAILED"):
            with self._records.edit(key) as stack:
                stack["Resources"][name] = {**former, "Status": former["Status"]}
            return True
        try:
            operations.update(name, {**former}, present["Properties"], former["Properties"])
        except ResourceError:
            # The record keeps what the update tried to make of it, for the next attempt.
            with self._records.edit(key) as stack:
                stack["Resources"][name]["Properties"] = present["Properties"]
            return False
        return True

    def _delete(self, key: str) -> None:
        stack = self._records.get(key)
        removal = Removal(self._cloud, self._records, key)
        removal.clean_up([*stack.get("Cleanup", []), *stack.get("RollbackCleanup", [])])
        failed = removal.remove_all(retain=set(stack.get("RetainResources", [])))
        if failed and self._cloud.workers.stopping.is_set():
            return
        if failed and stack.get("DeletionMode") != "FORCE_DELETE_STACK":
            reason = f"The following resource(s) failed to delete: [{', '.join(failed)}]."
            self._records.set_status(key, "DELETE_FAILED", reason)
            return
        with self._records.edit(key) as stack:
            stack["DeletionTime"] = self._cloud.clock.now()
        self._records.set_status(key, GONE)
        for name, change_set in self._records.change_sets.items(f"{key}/"):
            if change_set["ExecutionStatus"] != "EXECUTE_COMPLETE":
                self._records.change_sets.delete(name)


def _new_record(resource: dict[str, Any], dependencies: list[str]) -> dict[str, Any]:
    return {
        "Type": resource["Type"],
        "PhysicalId": None,
        "Ref": None,
        "Attributes": {},
        "Properties": {},
        "Status": None,
        "Reason": None,
        "DeletionPolicy": resource.get("DeletionPolicy"),
        "UpdateReplacePolicy": resource.get("UpdateReplacePolicy"),
        "Metadata": resource.get("Metadata"),
        "Dependencies": dependencies,
    }


def _rollback_policy(record: dict[str, Any], stack: Stack) -> str:
    policy = record.get("DeletionPolicy") or "Delete"
    return "Delete" if policy == "RetainExceptOnCreate" or stack.get("RetainExceptOnCreate") else policy
