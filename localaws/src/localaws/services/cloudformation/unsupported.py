"""What a template asks for that localaws does not have, told all at once before anything is made.

AWS would take it; a stack that fails at its twentieth resource, and again at the next thing once that is mended, helps
nobody. So resource types, transforms and loops are gathered over the whole template and refused together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from localaws.core.errors import ServiceError
from localaws.services.cloudformation.resource_types.registry import is_implemented

LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"


def declared_transforms(document: Mapping[str, Any]) -> list[Any]:
    declared = document.get("Transform") or []
    return list(declared) if isinstance(declared, list) else [declared]


def refuse_unsupported_language(document: Mapping[str, Any]) -> None:
    """Refuse transforms and Fn::ForEach, together with the resource types that are not here either."""
    found = list(dict.fromkeys(_language(document)))
    if found:
        resources = document.get("Resources")
        raise _refusal([*found, *_types(resources if isinstance(resources, dict) else {})])


def refuse_unsupported_types(resources: Mapping[str, Any]) -> None:
    """Refuse the types of ``resources`` (those whose conditions hold) that no class here makes."""
    found = _types(resources)
    if found:
        raise _refusal(found)


def _language(document: Mapping[str, Any]) -> Iterator[str]:
    for transform in declared_transforms(document):
        if transform != LANGUAGE_EXTENSIONS:
            yield f"transform {_name(transform)}"
    yield from _functions(document)


def _functions(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _functions(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "Fn::Transform":
                yield f"transform {_name(item)}"
            elif str(key).startswith("Fn::ForEach"):
                yield f"function {key}"
            else:
                yield from _functions(item)


def _name(transform: Any) -> str:
    return str(transform.get("Name") if isinstance(transform, dict) else transform)


def _types(resources: Mapping[str, Any]) -> list[str]:
    named: dict[str, list[str]] = {}
    for name, resource in resources.items():
        kind = resource.get("Type") if isinstance(resource, dict) else None
        if isinstance(kind, str) and not is_implemented(kind):
            named.setdefault(kind, []).append(str(name))
    return [f"resource type {kind} ({', '.join(named[kind])})" for kind in sorted(named)]


def _refusal(found: list[str]) -> ServiceError:
    listed = "; ".join(found)
    return ServiceError("NotImplemented", f"localaws does not implement what this template uses: {listed}.", 501)
