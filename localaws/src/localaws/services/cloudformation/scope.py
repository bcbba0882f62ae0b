"""What names mean inside one stack: parameters, pseudo parameters, conditions, mappings, resources and imports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from localaws.core.partitions import partition_at, partition_of
from localaws.services.cloudformation.errors import TemplateError
from localaws.services.cloudformation.intrinsics import (
    KNOWN_AFTER_APPLY,
    NO_VALUE,
    as_text,
    evaluate,
    evaluate_condition,
)
from localaws.services.cloudformation.parameters import Parameter
from localaws.services.cloudformation.template import Template

POLICIES = ("DeletionPolicy", "UpdateReplacePolicy")


def pseudo_parameters(account: str, region: str, stack_id: str, stack_name: str, topics: list[str]) -> dict[str, Any]:
    return {
        "AWS::AccountId": account,
        "AWS::NotificationARNs": topics,
        "AWS::NoValue": NO_VALUE,
        "AWS::Partition": partition_of(region),
        "AWS::Region": region,
        "AWS::StackId": stack_id,
        "AWS::StackName": stack_name,
        "AWS::URLSuffix": partition_at(region).suffix,
    }


@dataclass
class StackScope:
    """A ``Scope`` (see ``intrinsics``).

    ``resources`` are the stack's records by logical id. What is named in ``unknown`` answers KNOWN_AFTER_APPLY: a
    resource that a change set would create or replace. ``exports`` looks up an export; the names that were looked up
    gather in ``imports``. ``stored`` reads the dynamic references of an output.
    """

    template: Template
    parameters: Mapping[str, Parameter]
    pseudo: Mapping[str, Any]
    resources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    exports: Callable[[str], str | None] = lambda _: None
    zones: Callable[[str], list[str]] = lambda _: []
    stored: Callable[[str], str] = lambda text: text
    absent_exports_are_unknown: bool = False
    imports: set[str] = field(default_factory=set)
    _conditions: dict[str, bool] = field(default_factory=dict)
    _pending: list[str] = field(default_factory=list)

    @property
    def language_extensions(self) -> bool:
        return self.template.has_language_extensions

    def reference(self, name: str) -> Any:
        if name in self.pseudo:
            return self.pseudo[name]
        if name in self.parameters:
            return self.parameters[name].value
        if name in self.unknown:
            return KNOWN_AFTER_APPLY
        record = self._resource(name)
        return record.get("Ref") or record["PhysicalId"]

    def attribute(self, resource: str, attribute: str) -> Any:
        if resource in self.unknown:
            return KNOWN_AFTER_APPLY
        record = self._resource(resource)
        attributes = record.get("Attributes", {})
        if attribute in attributes:
            return attributes[attribute]
        found: Any = record.get("Properties", {})
        for part in attribute.split("."):
            if not isinstance(found, dict) or part not in found:
                raise TemplateError(
                    f"Template error: resource {resource} does not support attribute type {attribute} in Fn::GetAtt"
                )
            found = found[part]
        return found

    def condition(self, name: str) -> bool:
        if name not in self._conditions:
            if name not in self.template.conditions:
                raise TemplateError(f"Template format error: Unresolved condition dependency {name}")
            if name in self._pending:
                raise TemplateError(f"Circular dependency between conditions: [{', '.join(self._pending)}]")
            self._pending.append(name)
            self._conditions[name] = evaluate_condition(self.template.conditions[name], self)
            self._pending.remove(name)
        return self._conditions[name]

    def conditions(self) -> dict[str, bool]:
        return {name: self.condition(name) for name in self.template.conditions}

    def mapping(self, name: str) -> dict[str, Any] | None:
        return self.template.mappings.get(name)

    def imported(self, export: str) -> Any:
        value = self.exports(export)
        if value is None and self.absent_exports_are_unknown:
            return KNOWN_AFTER_APPLY
        if value is None:
            raise TemplateError(f"No export named {export} found.")
        self.imports.add(export)
        return value

    def availability_zones(self, region: str) -> list[str]:
        return self.zones(region or as_text(self.pseudo["AWS::Region"]))

    def active_resources(self) -> dict[str, dict[str, Any]]:
        """The template's resources whose condition holds; their policies, which may be functions, are texts."""
        return {
            name: resource | {key: evaluate(resource[key], self) for key in POLICIES if key in resource}
            for name, resource in self.template.resources.items()
            if "Condition" not in resource or self.condition(resource["Condition"])
        }

    def _resource(self, name: str) -> Mapping[str, Any]:
        record = self.resources.get(name)
        if record is None or not record.get("PhysicalId"):
            raise TemplateError(
                f"Template format error: Unresolved resource dependencies [{name}] in the Resources block of the "
                "template"
            )
        return record


def resolved_properties(
    resource: Mapping[str, Any], scope: StackScope, tags: Mapping[str, str], tag_property: str | None, map_tags: bool
) -> dict[str, Any]:
    """A resource's properties, every function evaluated, with the stack's tags where it has none of that key."""
    properties: dict[str, Any] = evaluate(resource.get("Properties") or {}, scope)
    if not tags or tag_property is None:
        return properties
    own = properties.get(tag_property)
    if map_tags:
        return {**properties, tag_property: {**tags, **(own or {})}}
    listed = own if isinstance(own, list) else []
    named = {each.get("Key") for each in listed if isinstance(each, dict)}
    added = [{"Key": key, "Value": value} for key, value in tags.items() if key not in named]
    return {**properties, tag_property: [*listed, *added]}
