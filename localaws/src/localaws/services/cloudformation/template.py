"""A template's text read into plain dicts, and refused where its outline is not a template's.

YAML and JSON are read in ``template_text.py``. What the sections say is checked in ``validation.py``.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from localaws.services.cloudformation.errors import TemplateError
from localaws.services.cloudformation.template_text import read_document
from localaws.services.cloudformation.unsupported import (
    LANGUAGE_EXTENSIONS,
    declared_transforms,
    refuse_unsupported_language,
)

MAXIMUM_BODY = 51_200  # bytes; a template from S3 may have MAXIMUM_OBJECT
MAXIMUM_OBJECT = 1_000_000
_SECTIONS = {
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
}
# Names of conditions may be anything: recordings have a condition named AWS::NoValue.
_NAMED = {
    "Parameters": "Parameter name {}",
    "Resources": "Resource name {}",
    "Outputs": "Outputs name '{}'",
    "Mappings": "Mappings name '{}'",
}
_RESOURCE_KEYS = {
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "Description",
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
    "Version",
}


@dataclass(frozen=True)
class Template:
    """One template. Sections that it lacks are empty dicts; nothing in it is resolved yet."""

    body: str
    document: dict[str, Any]

    def _section(self, name: str) -> dict[str, Any]:
        return self.document.get(name) or {}

    @property
    def parameters(self) -> dict[str, Any]:
        return self._section("Parameters")

    @property
    def resources(self) -> dict[str, Any]:
        return self._section("Resources")

    @property
    def outputs(self) -> dict[str, Any]:
        return self._section("Outputs")

    @property
    def conditions(self) -> dict[str, Any]:
        return self._section("Conditions")

    @property
    def mappings(self) -> dict[str, Any]:
        return self._section("Mappings")

    @property
    def rules(self) -> dict[str, Any]:
        return self._section("Rules")

    @property
    def metadata(self) -> dict[str, Any]:
        return self._section("Metadata")

    @property
    def description(self) -> str | None:
        found = self.document.get("Description")
        return None if found is None else str(found)

    @property
    def transforms(self) -> list[Any]:
        return declared_transforms(self.document)

    @property
    def has_language_extensions(self) -> bool:
        return LANGUAGE_EXTENSIONS in self.transforms


@functools.lru_cache(maxsize=64)
def parse_template(body: str) -> Template:
    """Read a template; raises TemplateError where AWS answers ``Template format error``."""
    document = read_document(body)
    if not isinstance(document, dict):
        raise TemplateError("Template format error: unsupported structure.")
    refuse_unsupported_language(document)
    _check_outline(document)
    return Template(body, document)


def _check_outline(document: dict[str, Any]) -> None:
    unknown = sorted(set(document) - _SECTIONS)
    if unknown:
        raise TemplateError(f"Invalid template property or properties [{', '.join(unknown)}]")
    version = document.get("AWSTemplateFormatVersion", "2010-09-09")
    if version != "2010-09-09":
        raise TemplateError(f"Template format error: {version} is not a supported value for AWSTemplateFormatVersion.")
    for section in ("Parameters", "Resources", "Outputs", "Conditions", "Mappings", "Rules", "Metadata"):
        if document.get(section) is not None and not isinstance(document[section], dict):
            raise TemplateError(f"Template format error: {section} section must be a map.")
    if not document.get("Resources"):
        raise TemplateError("Template format error: At least one Resources member must be defined.")
    _check_logical_ids(document)
    for name, resource in document["Resources"].items():
        _check_resource(name, resource)
    for name, output in (document.get("Outputs") or {}).items():
        if not isinstance(output, dict) or "Value" not in output:
            raise TemplateError("Template format error: Every Outputs member must contain a Value object")
        _check_condition("Outputs", name, output)
    for name, mapping in (document.get("Mappings") or {}).items():
        _check_mapping(name, mapping)
    for section in ("Parameters", "Resources", "Outputs", "Conditions", "Mappings", "Rules"):
        _refuse_nulls(document.get(section) or {}, f"/{section}")


def _check_logical_ids(document: dict[str, Any]) -> None:
    for section, called in _NAMED.items():
        for name in document.get(section) or {}:
            if not str(name).isalnum():
                raise TemplateError(f"Template format error: {called.format(name)} is non alphanumeric.")


def _check_condition(section: str, name: str, holder: dict[str, Any]) -> None:
    if not isinstance(holder.get("Condition", ""), str):
        raise TemplateError(f"Template format error: [/{section}/{name}] Every Condition member must be a string.")


def _check_resource(name: str, resource: Any) -> None:
    if not isinstance(resource, dict):
        raise TemplateError("Template format error: Any Resources member must be an object.")
    if not isinstance(resource.get("Type"), str):
        raise TemplateError(
            f"Template format error: [/Resources/{name}] Every Resources object must contain a Type member."
        )
    for key in resource:
        if key not in _RESOURCE_KEYS:
            raise TemplateError(f"Invalid template resource property '{key}'")
    properties = resource.get("Properties")
    if properties is not None and not isinstance(properties, dict):
        raise TemplateError(f"Template format error: [/Resources/{name}/Properties] Properties must be a map.")
    if isinstance(properties, dict) and any(key == "Ref" or key.startswith("Fn::") for key in map(str, properties)):
        raise TemplateError(
            f"Template format error: [/Resources/{name}/Properties] Properties must be a map of properties, not an "
            "intrinsic function."
        )
    _check_condition("Resources", name, resource)
    depends = resource.get("DependsOn", [])
    if not isinstance(depends, str | list) or any(not isinstance(each, str) for each in depends):
        raise TemplateError("Template format error: DependsOn must be a string or list of strings.")


def _check_mapping(name: str, mapping: Any) -> None:
    if not isinstance(mapping, dict):
        raise TemplateError("Template format error: Every Mappings member must be a map.")
    for key, attributes in mapping.items():
        if not isinstance(attributes, dict):
            raise TemplateError(f"Template format error: Every Mappings member {key} must be a map")
        if any(isinstance(value, dict) for value in attributes.values()):
            raise TemplateError("Template format error: Every Mappings attribute must be a String or a List.")


def _refuse_nulls(value: Any, path: str) -> None:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if item is None:
            raise TemplateError(f"[{path}/{key}] 'null' values are not allowed in templates")
        if key != "Metadata":
            _refuse_nulls(item, f"{path}/{key}")
