"""Makes an API request of CloudFormation properties, by the API's own service model. Pure.

CloudFormation names properties as the API names its members, but for case; types differ in known ways: a policy is a
document here and text there, scalars may come as text, tags are a list or a map. So a resource type only says where it
differs. A property that the API has no member for is an error, never left out.
"""

from __future__ import annotations

import json
from typing import Any

from localaws.services.cloudformation.errors import ResourceError


def to_request(shape: Any, properties: dict[str, Any], rename: dict[str, str]) -> dict[str, Any]:
    """``properties`` as a request of the input ``shape``; ``rename`` maps property names to member names."""
    return _structure(shape, {rename.get(name, name): value for name, value in properties.items()}, "")


def convert(shape: Any, value: Any, path: str = "") -> Any:
    """One property's value as the API's ``shape`` wants it."""
    kind = shape.type_name
    if kind == "structure":
        return _structure(shape, _expect(value, dict, path), path)
    if kind == "list":
        if isinstance(value, dict) and shape.member.type_name == "structure":  # a map of tags
            return [convert(shape.member, {"Key": key, "Value": item}, path) for key, item in value.items()]
        items = value if isinstance(value, list) else [value]
        return [convert(shape.member, item, f"{path}/{number}") for number, item in enumerate(items)]
    if kind == "map":
        if isinstance(value, list):  # a list of tags
            value = {item["Key"]: item["Value"] for item in value}
        return {key: convert(shape.value, item, f"{path}/{key}") for key, item in _expect(value, dict, path).items()}
    return _scalar(kind, value, path)


def _structure(shape: Any, properties: dict[str, Any], path: str) -> dict[str, Any]:
    members = {name.lower(): name for name in shape.members}
    request = {}
    for name, value in properties.items():
        member = members.get(name.lower())
        if member is None:
            raise ResourceError(f"localaws does not implement the property {path}/{name} of this resource type.")
        request[member] = convert(shape.members[member], value, f"{path}/{name}")
    return request


def _scalar(kind: str, value: Any, path: str) -> Any:
    if kind == "string":
        if isinstance(value, bool):
            return "true" if value else "false"
        return json.dumps(value) if isinstance(value, dict | list) else str(value)
    if kind == "boolean":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    try:
        if kind in ("integer", "long"):
            return int(float(value)) if "." in str(value) else int(value)
        if kind in ("float", "double"):
            return float(value)
    except (TypeError, ValueError) as error:
        raise ResourceError(f"#{path}: expected type: Number, found: {value!r}") from error
    return value


def _expect(value: Any, kind: type, path: str) -> Any:
    if not isinstance(value, kind):
        raise ResourceError(f"#{path}: expected {kind.__name__}, found: {type(value).__name__}")
    return value
