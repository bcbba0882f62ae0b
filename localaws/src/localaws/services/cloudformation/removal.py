"""Removes a stack's resources in the reverse of the order in which they depend on each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.services.cloudformation.errors import ResourceError
from localaws.services.cloudformation.records import Records
from localaws.services.cloudformation.references import creation_order
from localaws.services.cloudformation.resource_lifecycle import ResourceLifecycle, is_present

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


class Removal:
    """The deletions of one stack, by its key."""

    def __init__(self, cloud: Cloud, records: Records, key: str) -> None:
        self._cloud = cloud
        self._records = records
        self._key = key
        self._operations = ResourceLifecycle(cloud, records, key)

    def remove_all(self, *, on_rollback: bool = False, retain: set[str] | None = None) -> list[str]:
        """Delete every resource of the stack and answer the names of those that could not be deleted.

        Whatever a resource that stays depends on stays as well. ``on_rollback`` tells the deletion policy
        RetainExceptOnCreate that the resource was only just created; ``retain`` names resources to leave alone.
        """
        stack = self._records.get(self._key)
        resources: dict[str, Any] = stack["Resources"]
        only_created = on_rollback and bool(stack.get("RetainExceptOnCreate"))
        failed: list[str] = []
        blocked: set[str] = set()
        order = creation_order({name: set(record["Dependencies"]) for name, record in resources.items()})
        for name in reversed(order):
            record = resources[name]
            if name in blocked:
                blocked.update(record["Dependencies"])
                continue
            if not is_present(record) or self._cloud.workers.stopping.is_set():
                failed += [name] if is_present(record) else []
                continue
            if name in (retain or ()) or (_is_kept(record, on_rollback) and not only_created):
                self._operations.skip_deletion(name, record, keep_record=True)
                continue
            try:
                self._operations.delete(name, record, keep_record=True)
            except ResourceError:
                failed.append(name)
                blocked.update(record["Dependencies"])
        return failed

    def clean_up(self, items: list[dict[str, Any]]) -> None:
        """Delete what an update replaced or dropped; each item has Name, Policy and Record. A failure is an event."""
        dependencies = {item["Name"]: set(item["Record"]["Dependencies"]) for item in items}
        by_name: dict[str, list[dict[str, Any]]] = {}
        for item in items:
            by_name.setdefault(item["Name"], []).append(item)
        for name in reversed(creation_order(dependencies)):
            for item in by_name[name]:
                if item["Policy"] in ("Retain", "RetainExceptOnCreate", "Snapshot"):
                    self._operations.skip_deletion(name, item["Record"], keep_record=False)
                    continue
                try:
                    self._operations.delete(name, item["Record"], keep_record=False)
                except ResourceError:
                    continue  # its DELETE_FAILED event says why; AWS leaves such a resource behind as well


def _is_kept(record: dict[str, Any], on_rollback: bool) -> bool:
    policy = record.get("DeletionPolicy") or "Delete"
    return policy in ("Retain", "Snapshot") or (policy == "RetainExceptOnCreate" and not on_rollback)
