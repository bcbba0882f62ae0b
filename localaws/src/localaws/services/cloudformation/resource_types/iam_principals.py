"""What IAM roles and users have in common: inline policies, attached managed policies, a boundary, tags. One class that
brings a principal from one set of properties to another."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from localaws.services.cloudformation.resource_types.base import Properties, already_gone
from localaws.services.cloudformation.resource_types.tags import tag_map


@dataclass
class Principal:
    """One role, user or group through an IAM client; ``kind`` is "role", "user" or "group"."""

    client: Any
    kind: str
    name: str

    def call(self, operation: str, **more: Any) -> Any:
        """``call("put_{}_policy", ...)`` on this principal."""
        member = f"{self.kind.capitalize()}Name"
        return getattr(self.client, operation.format(self.kind))(**{member: self.name}, **more)

    def configure(self, before: Properties, after: Properties) -> None:
        """Inline and managed policies, boundary and tags, from what they were to what they shall be."""
        self.set_inline(_inline(before), _inline(after))
        self.set_attached(before.get("ManagedPolicyArns", []), after.get("ManagedPolicyArns", []))
        boundary = after.get("PermissionsBoundary")
        if boundary and boundary != before.get("PermissionsBoundary"):
            self.call("put_{}_permissions_boundary", PermissionsBoundary=boundary)
        elif before.get("PermissionsBoundary") and not boundary:
            with already_gone():
                self.call("delete_{}_permissions_boundary")
        old, new = tag_map(before.get("Tags")), tag_map(after.get("Tags"))
        removed = [key for key in old if key not in new]
        if removed:
            self.call("untag_{}", TagKeys=removed)
        changed = [{"Key": key, "Value": value} for key, value in new.items() if old.get(key) != value]
        if changed:
            self.call("tag_{}", Tags=changed)

    def set_inline(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        for name, document in after.items():
            if before.get(name) != document:
                self.call("put_{}_policy", PolicyName=name, PolicyDocument=policy_text(document))
        for name in before:
            if name not in after:
                self.remove_inline(name)

    def remove_inline(self, name: str) -> None:
        with already_gone():
            self.call("delete_{}_policy", PolicyName=name)

    def set_attached(self, before: list[str], after: list[str]) -> None:
        for arn in after:
            if arn not in before:
                self.call("attach_{}_policy", PolicyArn=arn)
        for arn in before:
            if arn not in after:
                self.detach(arn)

    def detach(self, arn: str) -> None:
        with already_gone():
            self.call("detach_{}_policy", PolicyArn=arn)


def policy_text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def _inline(properties: Properties) -> dict[str, Any]:
    return {each["PolicyName"]: each["PolicyDocument"] for each in properties.get("Policies", [])}
