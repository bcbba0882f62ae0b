"""Takes an update back: every resource to its former self, and what the update made to the cleanup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.services.cloudformation.change_set import exists
from localaws.services.cloudformation.differences import differences
from localaws.services.cloudformation.errors import ResourceError
from localaws.services.cloudformation.records import Records, Stack
from localaws.services.cloudformation.references import creation_order
from localaws.services.cloudformation.resource_lifecycle import ResourceLifecycle

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

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


class Restoration:
    """One stack's rollback of an update, by its key. The stack's Previous is what it was before."""

    def __init__(self, cloud: Cloud, records: Records, key: str) -> None:
        self._records = records
        self._key = key
        self._operations = ResourceLifecycle(cloud, records, key)

    def restore_all(self) -> list[str]:
        """Restore every resource that the update touched and answer the names of those that could not be."""
        stack = self._records.get(self._key)
        previous: dict[str, Any] = stack["Previous"]["Resources"]
        skipped = set(stack.get("ResourcesToSkip", []))
        order = creation_order({name: set(record["Dependencies"]) for name, record in previous.items()})
        return [name for name in order if not self._restore(name, previous[name], name in skipped)]

    def finish(self) -> None:
        """The stack's document is the former one again; what the update made is left to the cleanup."""
        with self._records.edit(self._key) as stack:
            previous = stack["Previous"]["Resources"]
            made = {name: record for name, record in stack["Resources"].items() if name not in previous}
            stack["Cleanup"] = [
                *stack.get("RollbackCleanup", []),
                *({"Name": name, "Policy": _rollback_policy(made[name], stack), "Record": made[name]} for name in made),
            ]
            stack["Cleanup"] = [item for item in stack["Cleanup"] if exists(item["Record"])]
            kept = {name: stack["Resources"][name] for name in previous}
            stack.update({field: stack["Previous"][field] for field in UPDATED_FIELDS})
            stack["Resources"] = kept
            for field in ("RollbackCleanup", "ResourcesToSkip"):
                stack.pop(field, None)

    def _restore(self, name: str, former: dict[str, Any], skip: bool) -> bool:
        """Whether one resource is what it was before the update."""
        present = self._records.get(self._key)["Resources"].get(name, former)
        if present.get("PhysicalId") != former.get("PhysicalId"):
            with self._records.edit(self._key) as stack:
                stack.setdefault("RollbackCleanup", []).append({"Name": name, "Policy": "Delete", "Record": present})
                stack["Resources"][name] = {**former, "Status": "UPDATE_COMPLETE", "Reason": None}
            return True
        differs = any(differences(former["Properties"], present["Properties"]))
        if not exists(former) or skip or not (differs or present["Status"] == "UPDATE_FAILED"):
            with self._records.edit(self._key) as stack:
                stack["Resources"][name] = {**former, "Status": former["Status"]}
            return True
        try:
            self._operations.update(name, {**former}, present["Properties"], former["Properties"])
        except ResourceError:
            # The record keeps what the update tried to make of it, for the next attempt.
            with self._records.edit(self._key) as stack:
                stack["Resources"][name]["Properties"] = present["Properties"]
            return False
        return True


def _rollback_policy(record: dict[str, Any], stack: Stack) -> str:
    policy = record.get("DeletionPolicy") or "Delete"
    return "Delete" if policy == "RetainExceptOnCreate" or stack.get("RetainExceptOnCreate") else policy
