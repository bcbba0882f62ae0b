"""Carries a stack from one status to the next: create, update, roll back, clean up, delete.

A stack's document holds all that is needed to carry on, so the engine is a table from the stack's status to the step
that leaves it; a worker runs steps until the stack rests. What a former server left under way is rolled back.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from localaws.services.cloudformation.change_set import exists, resource_dependencies
from localaws.services.cloudformation.deployment import absent_imports, check_exports, outputs, stack_scope
from localaws.services.cloudformation.errors import ResourceError, TemplateError
from localaws.services.cloudformation.records import GONE, Records
from localaws.services.cloudformation.references import creation_order
from localaws.services.cloudformation.removal import Removal
from localaws.services.cloudformation.resource_deployment import ResourceDeployment
from localaws.services.cloudformation.restoration import Restoration

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

log = logging.getLogger(__name__)

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
        absent = absent_imports(scope)
        if absent:
            return f"No export named {next(iter(absent.values()))} found."
        deployment = ResourceDeployment(self._cloud, self._records, key)
        for name in creation_order(dependencies):
            interruption = self._interruption(key)
            if interruption:
                return interruption
            scope.resources = self._records.get(key)["Resources"]
            try:
                deployment.deploy(name, active[name], sorted(dependencies[name]), scope)
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
        restoration = Restoration(self._cloud, self._records, key)
        failed = restoration.restore_all()
        if self._cloud.workers.stopping.is_set():
            return
        if failed:
            reason = f"The following resource(s) failed to update: [{', '.join(failed)}]."
            self._records.set_status(key, "UPDATE_ROLLBACK_FAILED", reason)
            return
        restoration.finish()
        self._records.set_status(key, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")

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
