"""What updating a stack would change, resource by resource and property by property. Pure.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from localaws.services.cloudformation.differences import Difference, differences
from localaws.services.cloudformation.intrinsics import KNOWN_AFTER_APPLY
from localaws.services.cloudformation.no_echo import MASK, masked, secret_properties
from localaws.services.cloudformation.references import Reference, creation_order, depends_on, references
from localaws.services.cloudformation.schema import ResourceSchema
from localaws.services.cloudformation.scope import StackScope, resolved_properties

Change = dict[str, Any]
_OTHER_ATTRIBUTES = ("Metadata", "DeletionPolicy", "UpdateReplacePolicy")


def resource_changes(
    scope: StackScope,
    tags: Mapping[str, str],
    schema_of: Callable[[str], ResourceSchema],
    previous: Mapping[str, Mapping[str, Any]],
) -> list[Change]:
    """One ResourceChange per resource that is added, modified or removed, with every detail; ``scope.unknown`` gathers
    what is added or replaced.

    ``scope`` holds the new template and parameters over the stack's present resources; ``previous`` are those
    resources' declarations in the old template by logical id.
    """
    active = scope.active_resources()
    conditions = scope.conditions()
    changes: list[Change] = []
    order = creation_order(resource_dependencies(active, conditions))
    present = scope.resources
    scope.resources = resources = dict(present)
    # First the new ones: whatever refers to them is unknown, wherever it stands.
    scope.unknown |= {name for name in order if not exists(scope.resources.get(name))}
    for name in order:
        resource, record = active[name], present.get(name)
        kind = resource["Type"]
        schema = schema_of(kind)
        properties = resolved_properties(resource, scope, tags, schema.tag_property, takes_map(schema))
        secret = secret_properties(resource, scope.parameters)
        if record is None or not exists(record):
            changes.append(_addition(name, kind, masked(properties, secret)))
            continue
        if record["Type"] != kind:
            scope.unknown.add(name)
            changes.append(_type_change(name, kind, record, masked(properties, secret)))
            continue
        change = _modification(name, resource, record, properties, schema, scope, previous.get(name, {}))
        if change is not None:
            changes.append(change)
            if change["Replacement"] != "False":
                scope.unknown.add(name)
            else:
                resources[name] = {**record, "Properties": properties}
    changes += [_removal(name, record) for name, record in present.items() if name not in active]
    return changes


def exists(record: Mapping[str, Any] | None) -> bool:
    """Whether a record stands for something that was made: a resource that failed to be created has no id."""
    return bool(record and record.get("PhysicalId"))


def takes_map(schema: ResourceSchema) -> bool:
    """Whether the type's tags are a map instead of a list of Key and Value."""
    declared = schema.document.get("properties", {}).get(schema.tag_property or "", {})
    return "object" in (declared.get("type") or ())


def resource_dependencies(active: Mapping[str, Any], conditions: Mapping[str, bool]) -> dict[str, set[str]]:
    """Logical id -> logical ids of active resources that must be there before."""
    return {
        name: ({each.name for each in references(resource, conditions)} | set(depends_on(resource))) & active.keys()
        for name, resource in active.items()
    }


def _addition(name: str, kind: str, properties: dict[str, Any]) -> Change:
    return {
        "Action": "Add",
        "LogicalResourceId": name,
        "ResourceType": kind,
        "Scope": [],
        "Details": [],
        "AfterContext": json.dumps({"Properties": properties}),
    }


def _removal(name: str, record: Mapping[str, Any]) -> Change:
    policy = record.get("DeletionPolicy") or "Delete"
    return {
        "PolicyAction": "Delete" if policy == "RetainExceptOnCreate" else policy,
        "Action": "Remove",
        "LogicalResourceId": name,
        "PhysicalResourceId": record.get("PhysicalId") or "",
        "ResourceType": record["Type"],
        "Scope": [],
        "Details": [],
        "BeforeContext": _before(record, []),
    }


def _before(record: Mapping[str, Any], secret: list[str]) -> str:
    """A record's properties as a change set shows them, without what is or was secret in them."""
    return json.dumps({"Properties": masked(record.get("Properties", {}), [*record.get("Secret", []), *secret])})


def _type_change(name: str, kind: str, record: Mapping[str, Any], properties: dict[str, Any]) -> Change:
    return {
        **_addition(name, kind, properties),
        "PolicyAction": "ReplaceAndDelete",
        "Action": "Modify",
        "PhysicalResourceId": record["PhysicalId"],
        "Replacement": "True",
        "BeforeContext": _before(record, []),
    }


def _modification(
    name: str,
    resource: Mapping[str, Any],
    record: Mapping[str, Any],
    properties: dict[str, Any],
    schema: ResourceSchema,
    scope: StackScope,
    previous: Mapping[str, Any],
) -> Change | None:
    found = list(differences(record.get("Properties", {}), properties))
    secret = secret_properties(resource, scope.parameters)
    details = [detail for each in found for detail in _details(each, resource, previous, schema, scope)]
    for detail in details:
        if detail["Target"].get("Name", schema.tag_property) in [*secret, *record.get("Secret", [])]:
            shown = [key for key in ("BeforeValue", "AfterValue") if key in detail["Target"]]
            detail["Target"] = {**detail["Target"], **dict.fromkeys(shown, MASK)}
    for attribute in _OTHER_ATTRIBUTES:
        if record.get(attribute) != resource.get(attribute):
            details.append({"Target": {"Attribute": attribute, "RequiresRecreation": "Never"}, **_direct()})
    if not details:
        return None
    replacement = _replacement(details)
    keeps = (resource.get("UpdateReplacePolicy") or "Delete") if replacement != "False" else None
    change = {
        "Action": "Modify",
        "LogicalResourceId": name,
        "PhysicalResourceId": record["PhysicalId"],
        "ResourceType": record["Type"],
        "Replacement": replacement,
        "Scope": list(dict.fromkeys(detail["Target"]["Attribute"] for detail in details)),
        "Details": details,
        "BeforeContext": _before(record, secret),
        "AfterContext": json.dumps({"Properties": masked(properties, secret)}),
    }
    return {"PolicyAction": f"ReplaceAnd{keeps}", **change} if keeps else change


def _replacement(details: list[Change]) -> str:
    needs = {(detail["Target"]["RequiresRecreation"], detail["Evaluation"]) for detail in details}
    if ("Always", "Static") in needs:
        return "True"
    return "Conditional" if any(recreation != "Never" for recreation, _ in needs) else "False"


def _direct() -> Change:
    return {"Evaluation": "Static", "ChangeSource": "DirectModification"}


def _details(
    difference: Difference,
    resource: Mapping[str, Any],
    previous: Mapping[str, Any],
    schema: ResourceSchema,
    scope: StackScope,
) -> list[Change]:
    name = difference.path[0]
    target = {
        "Attribute": "Tags" if name == schema.tag_property else "Properties",
        "Name": name,
        "RequiresRecreation": schema.recreation(difference.path),
        "Path": "/Properties/" + "/".join(difference.path),
        "BeforeValue": _shown(difference.before),
        "AfterValue": _shown(difference.after),
        "AttributeChangeType": difference.kind,
    }
    target = {key: value for key, value in target.items() if value is not None}
    if target["Attribute"] == "Tags":
        del target["Name"]
    before = (previous.get("Properties") or {}).get(name)
    after = (resource.get("Properties") or {}).get(name)
    sources = _sources(after, scope, difference.is_dynamic) if before == after or difference.is_dynamic else []
    details = [{"Target": target, **source} for source in sources]
    if before != after or not details:
        dynamic = "Dynamic" if difference.is_dynamic else "Static"
        details.append({"Target": target, "Evaluation": dynamic, "ChangeSource": "DirectModification"})
    return details


def _sources(value: Any, scope: StackScope, dynamic: bool) -> list[Change]:
    """Which parameters or replaced resources a property's new value comes from."""
    found: list[Change] = []
    for each in dict.fromkeys(references(value, scope.conditions())):
        source = _source(each, scope, dynamic)
        if source is not None:
            found.append(source)
    return found


def _source(reference: Reference, scope: StackScope, dynamic: bool) -> Change | None:
    if reference.name in scope.parameters:
        if dynamic:
            return None
        return {"Evaluation": "Static", "ChangeSource": "ParameterReference", "CausingEntity": reference.name}
    if reference.name not in scope.unknown or not dynamic:
        return None
    if reference.attribute is None:
        return {"Evaluation": "Dynamic", "ChangeSource": "ResourceReference", "CausingEntity": reference.name}
    return {
        "Evaluation": "Dynamic",
        "ChangeSource": "ResourceAttribute",
        "CausingEntity": f"{reference.name}.{reference.attribute}",
    }


def _shown(value: Any) -> str | None:
    if value is None:
        return None
    if KNOWN_AFTER_APPLY in str(value) and isinstance(value, str):
        return KNOWN_AFTER_APPLY
    return value if isinstance(value, str) else json.dumps(value)


def without_values(changes: list[Change]) -> list[Change]:
    """The same changes as DescribeChangeSet gives them without IncludePropertyValues: names, no values."""
    result = []
    for change in changes:
        kept = {key: value for key, value in change.items() if key not in ("BeforeContext", "AfterContext")}
        details: dict[str, Change] = {}
        for detail in change["Details"]:
            names = ("Attribute", "Name", "RequiresRecreation")
            target = {key: detail["Target"][key] for key in names if key in detail["Target"]}
            shorter = {**detail, "Target": target}
            details[json.dumps(shorter, sort_keys=True)] = shorter
        result.append({**kept, "Details": list(details.values())})
    return result
