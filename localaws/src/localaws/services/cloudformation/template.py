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

MAXIMUM_BODY = 51_200  # bytes; a template from S3 may have MAXIMUM_OBJECT
MAXIMUM_OBJECT = 1_000_000
LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"

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
        declared = self.document.get("Transform") or []
        return list(declared) if isinstance(declared, list) else [declared]

    @property
    def has_language_extensions(self) -> bool:
        return LANGUAGE_EXTENSIONS in self.transforms


@functools.lru_cache(maxsize=64)
def parse_template(body: str) -> Template:
    """Read a template; raises TemplateError where AWS answers ``Template format error``."""
    document = read_document(body)
    if not isinstance(document, dict):
        raise TemplateError("Template format error: unsupported structure.")
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
    for name, resource in document["Resources"].items():
        _check_resource(name, resource)
    for name, output in (document.get("Outputs") or {}).items():
        if not isinstance(output, dict) or output.get("Value") is None:
            raise TemplateError(
                f"Template format error: Output {name} is malformed. The Value field of every Outputs member must be "
                "specified."
            )


def _check_resource(name: str, resource: Any) -> None:
    if name.startswith("Fn::ForEach"):
        raise TemplateError("localaws does not implement Fn::ForEach: write the resources out.")
    if not name.isalnum():
        raise TemplateError(f"Template format error: Resource name {name} is non alphanumeric.")
    if not isinstance(resource, dict):
        raise TemplateError(f"Template format error: [/Resources/{name}] resource definition is malformed")
    if not isinstance(resource.get("Type"), str):
        raise TemplateError(
            f"Template format error: [/Resources/{name}] Every Resources object must contain a Type member."
        )
    for key in resource:
        if key not in _RESOURCE_KEYS:
            raise TemplateError(f"Invalid template resource property '{key}'")
    if resource.get("Properties") is not None and not isinstance(resource["Properties"], dict):
        raise TemplateError(f"Template format error: [/Resources/{name}/Properties] Properties must be a map.")
