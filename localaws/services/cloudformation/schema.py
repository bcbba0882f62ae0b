"""AWS's own resource schemas, as cfn-lint carries them: which properties a type has and what each of them means.

They say what is required and allowed, what a change replaces (createOnly), what GetAtt answers (readOnly), what Ref
gives (primaryIdentifier, with exceptions that the resource types know) and where tags go. Nothing is remembered here.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import regex

from localaws.services.cloudformation.schema_validation import problems

Path = tuple[str, ...]
_FALLBACK_REGION = "us-east-1"


class UnknownResourceType(Exception):
    """AWS has no such type in this region."""


@dataclass(frozen=True)
class ResourceSchema:
    """One type's schema; paths are property names from the top, ``*`` for the items of a list."""

    type_name: str
    document: dict[str, Any]
    attributes: tuple[str, ...]  # patterns of what Fn::GetAtt may ask
    create_only: tuple[Path, ...]
    conditional_create_only: tuple[Path, ...]
    read_only: tuple[Path, ...]
    identifier: tuple[Path, ...]
    tag_property: str | None
    takes_system_tags: bool

    def problems(self, properties: dict[str, Any]) -> list[str]:
        """What AWS would refuse in resolved ``properties``, one sentence each; empty where they are valid."""
        return problems(properties, self.document)

    def recreation(self, path: Path) -> str:
        """``Always``, ``Conditionally`` or ``Never``: whether a change at ``path`` needs a new resource."""
        if any(_touches(path, only) for only in self.create_only):
            return "Always"
        if any(_touches(path, only) for only in self.conditional_create_only):
            return "Conditionally"
        return "Never"

    def has_attribute(self, name: str) -> bool:
        return name in self.document.get("properties", {}) or any(
            regex.fullmatch(pattern, name) for pattern in self.attributes
        )


def _touches(path: Path, other: Path) -> bool:
    """Whether one path lies at or below the other."""
    return all(ours == theirs or theirs == "*" for ours, theirs in zip(path, other, strict=False))


@functools.lru_cache(maxsize=512)
def resource_schema(type_name: str, region: str) -> ResourceSchema:
    """The schema of a type in a region; UnknownResourceType where AWS has none."""
    from cfnlint.helpers import REGIONS
    from cfnlint.schema._exceptions import ResourceNotFoundError
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    try:
        found = PROVIDER_SCHEMA_MANAGER.get_resource_schema(
            region if region in REGIONS else _FALLBACK_REGION, type_name
        )
    except ResourceNotFoundError as error:
        raise UnknownResourceType(type_name) from error
    document = found.schema
    tagging = document.get("tagging") or {}
    taggable = tagging.get("taggable", True) and tagging.get("tagOnCreate", True)
    tag_property = str(tagging.get("tagProperty", "/properties/Tags")).rsplit("/", 1)[-1]
    return ResourceSchema(
        type_name,
        document,
        tuple(found.get_atts.data),
        _paths(document, "createOnlyProperties"),
        _paths(document, "conditionalCreateOnlyProperties"),
        _paths(document, "readOnlyProperties"),
        _paths(document, "primaryIdentifier"),
        tag_property if taggable and tag_property in document.get("properties", {}) else None,
        bool(tagging.get("cloudFormationSystemTags", True)),
    )


def warm_up() -> None:
    """Import cfn-lint and load its index now, so that the first request need not wait for it."""
    resource_schema("AWS::S3::Bucket", _FALLBACK_REGION)


def _paths(document: dict[str, Any], key: str) -> tuple[Path, ...]:
    return tuple(tuple(pointer.removeprefix("/properties/").split("/")) for pointer in document.get(key) or [])
