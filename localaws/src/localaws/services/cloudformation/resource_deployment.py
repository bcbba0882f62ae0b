"""Brings one resource of a stack to what its template declares: creates, keeps, changes or replaces it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.policies.stack_policy import denial
from localaws.services.cloudformation.change_set import exists, takes_map
from localaws.services.cloudformation.differences import differences
from localaws.services.cloudformation.errors import ResourceError, TemplateError
from localaws.services.cloudformation.no_echo import secret_properties
from localaws.services.cloudformation.records import Records, Stack
from localaws.services.cloudformation.resource_lifecycle import ResourceLifecycle
from localaws.services.cloudformation.schema import resource_schema
from localaws.services.cloudformation.scope import StackScope, resolved_properties

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


class ResourceDeployment:
    """The resources of one stack, by its key. What a replacement leaves over goes to the stack's Cleanup."""

    def __init__(self, cloud: Cloud, records: Records, key: str) -> None:
        self._records = records
        self._key = key
        self._operations = ResourceLifecycle(cloud, records, key)

    def deploy(self, name: str, resource: dict[str, Any], dependencies: list[str], scope: StackScope) -> None:
        """Bring one resource to its declaration; ResourceError once its failure's event is written."""
        stack = self._records.get(self._key)
        present = stack["Resources"].get(name)
        record = _new_record(resource, dependencies)
        try:
            schema = resource_schema(resource["Type"], stack["Region"])
            record["Properties"] = resolved_properties(
                resource, scope, stack["Tags"], schema.tag_property, takes_map(schema)
            )
            record["Secret"] = secret_properties(resource, scope.parameters)
            action = self._action(stack, name, present, record)
        except (TemplateError, ResourceError) as error:
            failed = {**record, **present} if present else record
            self._operations.fail(name, failed, "UPDATE_FAILED" if exists(present) else "CREATE_FAILED", str(error))
            raise ResourceError(str(error)) from error
        if present is None or action == "create":
            self._operations.create(name, record)
        elif action == "keep":
            self._adopt_declaration(name, record)
        elif action == "replace":
            policy = resource.get("UpdateReplacePolicy") or "Delete"
            with self._records.edit(self._key) as stack:
                stack["Cleanup"].append({"Name": name, "Policy": policy, "Record": present})
            self._operations.create(name, record, former=present["PhysicalId"])
        else:
            kept = {field: present[field] for field in ("PhysicalId", "Ref", "Attributes")}
            self._operations.update(name, {**record, **kept}, present["Properties"], record["Properties"])

    def _action(
        self,
        stack: Stack,
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
        replacing = present["Type"] != record["Type"] or self._operations.replacement_needed(
            present, record["Properties"], paths
        )
        body = stack.get("StackPolicyDuringUpdateBody") or stack.get("StackPolicyBody")
        denied = denial(body, name, present["Type"], "Update:Replace" if replacing else "Update:Modify")
        if denied:
            raise ResourceError(denied)
        return "replace" if replacing else "update"

    def _adopt_declaration(self, name: str, record: dict[str, Any]) -> None:
        """Policies, metadata and dependencies change without touching the resource."""
        with self._records.edit(self._key) as stack:
            kept = stack["Resources"][name]
            for field in ("DeletionPolicy", "UpdateReplacePolicy", "Metadata", "Dependencies", "Secret"):
                kept[field] = record[field]


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
