"""What a change set would do, resource by resource and property by property, as people read it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_VALUE = 100
CONTEXT = 30  # characters of a long value before the first that differs
_SIGN = {"Add": "+", "Remove": "-", "Modify": "~", "Import": "<", "Dynamic": "?"}


@dataclass(frozen=True)
class PropertyChange:
    """One property: where it is, its value before and after where CloudFormation tells, and whether it replaces."""

    path: str
    before: str | None
    after: str | None
    replaces: str

    def __str__(self) -> str:
        values = ""
        if self.before is not None or self.after is not None:
            before, after = _where_they_differ(_flat(self.before), _flat(self.after))
            values = f": {before} -> {after}"
        return f"{self.path}{values}" + ("" if self.replaces == "Never" else f"   (replaces: {self.replaces.lower()})")


@dataclass(frozen=True)
class ResourceChange:
    """One resource of a change set. ``replacement``: True, False or Conditional, as CloudFormation says.

    ``before`` and ``after`` are all its properties, where CloudFormation tells them.
    """

    action: str
    logical_id: str
    type: str
    replacement: str
    properties: tuple[PropertyChange, ...]
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None

    @property
    def replaced(self) -> bool:
        return self.action == "Modify" and self.replacement in ("True", "Conditional")

    def lines(self) -> list[str]:
        note = {"True": "   REPLACED", "Conditional": "   may be REPLACED"}.get(
            self.replacement if self.replaced else "", ""
        )
        return [
            f"{_SIGN.get(self.action, '?')} {self.logical_id}  {self.type}{note}",
            *(f"    {each}" for each in self.properties),
        ]


def resource_changes(changes: list[dict[str, Any]]) -> tuple[ResourceChange, ...]:
    """The changes of DescribeChangeSet, in its order."""
    return tuple(_resource_change(each["ResourceChange"]) for each in changes if each.get("ResourceChange"))


def parameter_changes(before: dict[str, str], after: dict[str, str]) -> tuple[PropertyChange, ...]:
    """What a stack's parameters would change; a plan shows it for a stack that has no change set yet."""
    names = sorted(before.keys() | after.keys())
    return tuple(
        PropertyChange(name, before.get(name), after.get(name), "Never")
        for name in names
        if before.get(name) != after.get(name)
    )


def _resource_change(change: dict[str, Any]) -> ResourceChange:
    properties: dict[str, PropertyChange] = {}
    for detail in change.get("Details", []):
        target = detail.get("Target", {})
        path = target.get("Path") or "/".join(filter(None, [target.get("Attribute"), target.get("Name")]))
        # The same property may stand there twice, once for the parameter that causes it and once for its own value.
        if path not in properties or target.get("AfterValue") is not None:
            properties[path] = PropertyChange(
                path, target.get("BeforeValue"), target.get("AfterValue"), target.get("RequiresRecreation", "Never")
            )
    return ResourceChange(
        action=change["Action"],
        logical_id=change["LogicalResourceId"],
        type=change["ResourceType"],
        replacement=change.get("Replacement", "False"),
        properties=tuple(properties.values()),
        before=_context(change.get("BeforeContext")),
        after=_context(change.get("AfterContext")),
    )


def _context(text: str | None) -> dict[str, Any] | None:
    """The properties in BeforeContext or AfterContext, which are JSON text; None where there is nothing to read."""
    try:
        properties = json.loads(text or "{}").get("Properties")
    except (ValueError, AttributeError):
        return None
    return properties if isinstance(properties, dict) else None


def shortened(text: str) -> str:
    """A value on one line, cut where it is long."""
    return _cut(_flat(text), 0)


def _flat(value: str | None) -> str:
    return "(none)" if value is None else " ".join(value.split())


def _where_they_differ(before: str, after: str) -> tuple[str, str]:
    """Both values; of long ones the part that begins shortly before their first difference."""
    if max(len(before), len(after)) <= LONGEST_VALUE:
        return before, after
    pairs = enumerate(zip(before, after, strict=False))
    same = next((index for index, (left, right) in pairs if left != right), min(len(before), len(after)))
    start = max(0, same - CONTEXT)
    return _cut(before, start), _cut(after, start)


def _cut(text: str, start: int) -> str:
    end = start + LONGEST_VALUE
    return ("..." if start else "") + text[start:end] + ("..." if end < len(text) else "")
