"""AWS's own resource schemas, as cfn-lint carries them: which properties a type has and what each of them means.

They say what is required and allowed, what a change replaces (createOnly), what GetAtt answers (readOnly), what Ref
gives (primaryIdentifier, with exceptions that the resource types know) and where tags go. Nothing is remembered here.
"""

from __future__ import annotations

import functools
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from localaws.services.cloudformation.schema_validation import converted, problems

Path = tuple[str, ...]
_FALLBACK_REGION = "us-east-1"
# Types whose attributes are made by what they run, by the prefix of the names.
_OPEN_ATTRIBUTES = {"AWS::CloudFormation::Stack": "Outputs.", "AWS::CloudFormation::CustomResource": ""}


class UnknownResourceTypeError(Exception):
    """AWS has no such type in this region."""


@dataclass(frozen=True)
class ResourceSchema:
    """One type's schema; paths are property names from the top, ``*`` for the items of a list."""

    type_name: str
    document: dict[str, Any]
    create_only: tuple[Path, ...]
    conditional_create_only: tuple[Path, ...]
    read_only: tuple[Path, ...]
    identifier: tuple[Path, ...]
    tag_property: str | None
    takes_system_tags: bool

    def problems(self, properties: dict[str, Any]) -> list[str]:
        """What AWS would refuse in resolved ``properties``, one sentence each; empty where they are valid."""
        return problems(properties, self.document)

    def converted(self, properties: dict[str, Any]) -> dict[str, Any]:
        """``properties`` with each scalar of the type that the schema wants: a name of digits is a text."""
        found: dict[str, Any] = converted(properties, self.document, self.document)
        return found

    def recreation(self, path: Path) -> str:
        """``Always``, ``Conditionally`` or ``Never``: whether a change at ``path`` needs a new resource."""
        if any(_touches(path, only) for only in self.create_only):
            return "Always"
        if any(_touches(path, only) for only in self.conditional_create_only):
            return "Conditionally"
        return "Never"

    def has_attribute(self, name: str) -> bool:
        if self.type_name in _OPEN_ATTRIBUTES and name.startswith(_OPEN_ATTRIBUTES[self.type_name]):
            return True
        return name in self.document.get("properties", {}) or tuple(name.split(".")) in self.read_only


def _touches(path: Path, other: Path) -> bool:
    """Whether one path lies at or below the other."""
    return all(theirs in (ours, "*") for ours, theirs in zip(path, other, strict=False))


@functools.lru_cache(maxsize=512)
def resource_schema(type_name: str, region: str) -> ResourceSchema:
    """The schema of a type in a region; UnknownResourceTypeError where AWS has none."""
    name = "AWS::CloudFormation::CustomResource" if type_name.startswith("Custom::") else type_name
    digest = _types(region).get(name)
    if digest is None:
        raise UnknownResourceTypeError(type_name)
    document = json.loads((_schema_directory() / "resources" / f"{digest}.json").read_text(encoding="utf-8"))
    tagging = document.get("tagging") or {}
    taggable = tagging.get("taggable", True) and tagging.get("tagOnCreate", True)
    tag_property = str(tagging.get("tagProperty", "/properties/Tags")).rsplit("/", 1)[-1]
    return ResourceSchema(
        type_name,
        document,
        _paths(document, "createOnlyProperties"),
        _paths(document, "conditionalCreateOnlyProperties"),
        _paths(document, "readOnlyProperties"),
        _paths(document, "primaryIdentifier"),
        tag_property if taggable and tag_property in document.get("properties", {}) else None,
        bool(tagging.get("cloudFormationSystemTags", True)),
    )


@functools.cache
def _types(region: str) -> dict[str, str]:
    """Type name -> name of its schema's file, for one region."""
    file = _schema_directory() / "providers" / f"{region}.json"
    if not file.exists():
        file = file.with_name(f"{_FALLBACK_REGION}.json")
    found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return found


@functools.cache
def _schema_directory() -> FilePath:
    """Where cfn-lint keeps the schemas. Importing it would take seconds (it brings sympy); its files are enough."""
    found = importlib.util.find_spec("cfnlint")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("cfn-lint, which carries AWS's resource schemas, is not installed")
    return FilePath(found.submodule_search_locations[0]) / "data" / "schemas"


def _paths(document: dict[str, Any], key: str) -> tuple[Path, ...]:
    return tuple(tuple(pointer.removeprefix("/properties/").split("/")) for pointer in document.get(key) or [])
