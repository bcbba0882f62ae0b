"""Checks a resource's properties against its JSON schema and says what is wrong as AWS's registry says it. Pure.

CloudFormation converts scalars before it validates: ``"3"`` is an integer, ``"true"`` a boolean, ``3`` a string.
``format`` is not checked: its values (``AWS::KMS::Key.Arn``) are cfn-lint's own.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import regex

Schema = dict[str, Any]
_NAMES = {dict: "JSONObject", list: "JSONArray", str: "String", bool: "Boolean", int: "Integer", float: "Number"}
_EXPECTED = {
    "object": "JSONObject",
    "array": "JSONArray",
    "string": "String",
    "boolean": "Boolean",
    "integer": "Integer",
    "number": "Number",
    "null": "null",
}


def problems(value: Any, root: Schema) -> list[str]:
    """Sentences such as ``#: extraneous key [X] is not permitted`` or ``#/Name: expected type: String, found: ...``."""
    return list(_Validator(root).check(value, root, "#"))


def converted(value: Any, schema: Any, root: Schema) -> Any:
    """``value`` with its scalars as the schema types them; what the schema leaves open stays as it is."""
    if not isinstance(schema, dict):
        return value
    if "$ref" in schema:
        return converted(value, _resolved(schema["$ref"], root), root)
    if isinstance(value, dict):
        declared = schema.get("properties", {})
        return {name: converted(item, declared.get(name), root) for name, item in value.items()}
    if isinstance(value, list):
        return [converted(item, schema.get("items"), root) for item in value]
    kinds = _listed(schema.get("type", []))
    return _scalar(value, kinds[0]) if len(kinds) == 1 else value


def _scalar(value: Any, kind: str) -> Any:
    if kind == "string" and isinstance(value, bool | int | float):
        return _text(value)
    if isinstance(value, str) and kind == "boolean":
        return value.lower() == "true"
    return int(float(value)) if isinstance(value, str) and kind == "integer" else value


def _resolved(pointer: str, root: Schema) -> Any:
    found: Any = root
    for part in pointer.removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


class _Validator:
    def __init__(self, root: Schema) -> None:
        self._root = root

    def check(self, value: Any, schema: Any, path: str) -> Iterator[str]:
        if not isinstance(schema, dict):
            if schema is False:
                yield f"{path}: is not permitted"
            return
        if "$ref" in schema:
            yield from self.check(value, _resolved(schema["$ref"], self._root), path)
        kinds = schema.get("type")
        if kinds is not None and not any(_is_type(value, kind) for kind in _listed(kinds)):
            expected = " or ".join(_EXPECTED[kind] for kind in _listed(kinds))
            yield f"{path}: expected type: {expected}, found: {_NAMES.get(type(value), type(value).__name__)}"
            return
        yield from _value_problems(value, schema, path)
        if isinstance(value, dict):
            yield from self._object(value, schema, path)
        elif isinstance(value, list):
            yield from self._array(value, schema, path)
        elif isinstance(value, str | int | float):
            yield from _scalar_problems(value, schema, path)
        yield from self._combined(value, schema, path)

    def _object(self, value: dict[str, Any], schema: Schema, path: str) -> Iterator[str]:
        declared = schema.get("properties", {})
        patterns = schema.get("patternProperties", {})
        for name in schema.get("required", []):
            if name not in value:
                yield f"{path}: required key [{name}] not found"
        for name, item in value.items():
            below = f"{path}/{name}"
            matching = [each for pattern, each in patterns.items() if _search(pattern, name)]
            if name in declared:
                yield from self.check(item, declared[name], below)
            for each in matching:
                yield from self.check(item, each, below)
            if name not in declared and not matching:
                additional = schema.get("additionalProperties", True)
                if additional is False:
                    yield f"{path}: extraneous key [{name}] is not permitted"
                else:
                    yield from self.check(item, additional, below)
        low, high = schema.get("minProperties"), schema.get("maxProperties")
        if low is not None and len(value) < low:
            yield f"{path}: minimum size: [{low}], found: [{len(value)}]"
        if high is not None and len(value) > high:
            yield f"{path}: maximum size: [{high}], found: [{len(value)}]"
        yield from _key_problems(value, schema, path)

    def _array(self, value: list[Any], schema: Schema, path: str) -> Iterator[str]:
        for number, item in enumerate(value):
            if "items" in schema:
                yield from self.check(item, schema["items"], f"{path}/{number}")
        low, high = schema.get("minItems"), schema.get("maxItems")
        if low is not None and len(value) < low:
            yield f"{path}: expected minimum item count: {low}, found: {len(value)}"
        if high is not None and len(value) > high:
            yield f"{path}: expected maximum item count: {high}, found: {len(value)}"
        if schema.get("uniqueItems"):
            texts = [json.dumps(item, sort_keys=True) for item in value]
            if len(set(texts)) < len(texts):
                yield f"{path}: array items are not unique"

    def _combined(self, value: Any, schema: Schema, path: str) -> Iterator[str]:
        for each in schema.get("allOf", []):
            yield from self.check(value, each, path)
        for keyword in ("anyOf", "oneOf"):
            choices = schema.get(keyword)
            if not choices:
                continue
            found = [list(self.check(value, each, path)) for each in choices]
            fitting = sum(not each for each in found)
            if fitting == 0:
                least = min(found, key=len)
                yield f"{path}: #: no subschema matched out of the total {len(choices)} subschemas"
                yield from least
            elif keyword == "oneOf" and fitting > 1:
                yield f"{path}: #: {fitting} subschemas matched instead of one"
        if "if" in schema:
            branch = "else" if list(self.check(value, schema["if"], path)) else "then"
            yield from self.check(value, schema.get(branch, True), path)
        if "not" in schema and not list(self.check(value, schema["not"], path)):
            yield f"{path}: subject must not be valid against schema"


def _value_problems(value: Any, schema: Schema, path: str) -> Iterator[str]:
    allowed = schema.get("enum")
    if allowed is not None and _text(value) not in [_text(each) for each in allowed]:
        yield f"{path}: {_text(value)} is not a valid enum value"
    if "const" in schema and _text(value) != _text(schema["const"]):
        yield f"{path}: {_text(value)} is not the expected value {_text(schema['const'])}"


def _scalar_problems(value: str | int | float, schema: Schema, path: str) -> Iterator[str]:
    kinds = _listed(schema.get("type", []))
    if "string" in kinds:
        text = _text(value)
        low, high, pattern = schema.get("minLength"), schema.get("maxLength"), schema.get("pattern")
        if low is not None and len(text) < low:
            yield f"{path}: expected minLength: {low}, actual: {len(text)}"
        if high is not None and len(text) > high:
            yield f"{path}: expected maxLength: {high}, actual: {len(text)}"
        if pattern is not None and not _search(pattern, text):
            yield f"{path}: failed validation constraint for keyword [pattern]"
    elif "integer" in kinds or "number" in kinds:
        number = float(value)
        low, high = schema.get("minimum"), schema.get("maximum")
        if low is not None and number < low:
            yield f"{path}: {_text(value)} is not greater or equal to {low}"
        if high is not None and number > high:
            yield f"{path}: {_text(value)} is not less or equal to {high}"


def _key_problems(value: dict[str, Any], schema: Schema, path: str) -> Iterator[str]:
    """Which keys go together: keywords that the registry and cfn-lint add to JSON Schema."""
    either = schema.get("requiredOr")
    if either and not any(key in value for key in either):
        yield f"{path}: at least one of the keys [{', '.join(either)}] is required"
    one = schema.get("requiredXor")
    if one and sum(key in value for key in one) != 1:
        yield f"{path}: exactly one of the keys [{', '.join(one)}] is required"
    for key, others in (schema.get("dependentRequired") or {}).items():
        for other in others if key in value else []:
            if other not in value:
                yield f"{path}: property [{other}] is required because [{key}] is present"
    for key, others in (schema.get("dependentExcluded") or {}).items():
        for other in others if key in value else []:
            if other in value:
                yield f"{path}: property [{other}] is not permitted together with [{key}]"


def _is_type(value: Any, kind: str) -> bool:  # noqa: PLR0911 (a table of types)
    match kind:
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)
        case "string":
            return isinstance(value, str | int | float)
        case "boolean":
            return isinstance(value, bool) or value in ("true", "false", "True", "False")
        case "integer":
            return not isinstance(value, bool) and re.fullmatch(r"-?\d+(\.0+)?", str(value)) is not None
        case "number":
            return not isinstance(value, bool) and _is_number(value)
    return value is None


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _search(pattern: str, text: str) -> bool:
    return _compiled(pattern)(text) is not None


@functools.lru_cache(maxsize=4096)
def _compiled(pattern: str) -> Callable[[str], Any]:
    """A pattern that no engine here reads matches everything: AWS's own engine is another one."""
    try:
        return regex.compile(pattern).search
    except regex.error:
        return lambda _: True
