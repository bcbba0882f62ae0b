"""The expressions inside a pipeline definition: ``Get``, ``Std:Join`` and ``Std:JsonGet``. Pure: values in, values out.

Nothing here knows about AWS calls; where a property file has to be read, the scope is asked.
https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-properties.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from localaws.core import json_paths
from localaws.core.json_paths import JsonPathError

EXECUTION_VARIABLES = frozenset(
    {
        "StartDateTime",
        "CurrentDateTime",
        "PipelineName",
        "PipelineArn",
        "PipelineExecutionId",
        "PipelineExecutionArn",
    }
)
_PATH_PART = re.compile(r"\.?([^.\[\]'\"]+)|\[(-?\d+)\]|\[\s*(?:'([^']*)'|\"([^\"]*)\")\s*\]")


class ExpressionError(ValueError):
    """An expression that is malformed, or whose value cannot be had."""


@dataclass(frozen=True)
class Reference:
    """What one ``Get`` points at. ``kind`` is Parameters, Execution or Steps; ``name`` what it names there; ``path``
    is the rest of a step's reference, e.g. ``ProcessingOutputConfig.Outputs['o'].S3Output.S3Uri``."""

    kind: str
    name: str
    path: str = ""


class Scope(Protocol):
    """Where the values of references come from while an execution runs; each raises ExpressionError."""

    def parameter(self, name: str) -> Any: ...

    def execution_variable(self, name: str) -> Any: ...

    def step_property(self, step: str, path: str) -> Any: ...

    def property_file(self, step: str, name: str) -> str:
        """The text of a property file that ``step`` wrote."""

    def s3_object(self, uri: str) -> str:
        """The text of an object in S3."""


def parse_reference(text: Any) -> Reference:
    if not isinstance(text, str):
        raise ExpressionError(f"Get expects a string, found {json.dumps(text)}")
    kind, _, rest = text.partition(".")
    if kind in ("Parameters", "Execution") and rest:
        if kind == "Execution" and rest not in EXECUTION_VARIABLES:
            known = ", ".join(sorted(EXECUTION_VARIABLES))
            raise ExpressionError(f"'{text}' is not an execution variable; valid are {known}")
        return Reference(kind, rest)
    if kind == "Steps":
        step, _, path = rest.partition(".")
        if step and path:
            return Reference(kind, step, path)
    raise ExpressionError(
        f"'{text}' is not a reference; expected Parameters.<name>, Execution.<variable> or Steps.<step>.<property>"
    )


def is_expression(value: Any) -> bool:
    """Whether ``value`` is a well-formed operator, whatever stands in it."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in ("Get", "Std:Join", "Std:JsonGet")


def references(value: Any) -> Iterator[Reference]:
    """Every reference in ``value``, in order; raises ExpressionError for a malformed expression."""
    operator = _operator(value)
    if operator == "Get":
        yield parse_reference(value["Get"])
    elif operator == "Std:Join":
        yield from references(_join_parts(value)[1])
    elif operator == "Std:JsonGet":
        yield from references(_json_get_source(value))
    elif isinstance(value, dict):
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def resolve(value: Any, scope: Scope) -> Any:
    """``value`` with every expression replaced by what it stands for in ``scope``."""
    operator = _operator(value)
    if operator == "Get":
        return _get(parse_reference(value["Get"]), scope)
    if operator == "Std:Join":
        on, values = _join_parts(value)
        return on.join(as_text(resolve(item, scope)) for item in values)
    if operator == "Std:JsonGet":
        return _json_get(value, scope)
    if isinstance(value, dict):
        return {key: resolve(item, scope) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, scope) for item in value]
    return value


def as_text(value: Any) -> str:
    """A resolved value as ``Std:Join`` writes it: strings as they are, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def select(value: Any, path: str) -> Any:
    """The part of ``value`` at ``path``: names, ``[0]`` and ``['name']``.

    In a list of named things (``Outputs['predictions']``) a name picks the entry whose ``...Name`` member is that
    name. Raises ExpressionError where nothing is there.
    """
    here = value
    for part in path_parts(path):
        here = _member(here, part, path)
    return here


def path_parts(path: str) -> list[str | int]:
    parts: list[str | int] = []
    position = 0
    while position < len(path):
        found = _PATH_PART.match(path, position)
        if not found:
            raise ExpressionError(f"'{path}' cannot be read at '{path[position:]}'")
        name, index, *quoted = found.groups()
        if index is not None:
            parts.append(int(index))
        else:
            parts.append(next(text for text in (name, *quoted) if text is not None))
        position = found.end()
    return parts


def select_json(text: str, path: str) -> Any:
    """The one value at ``path`` of a JSON text: ``metrics.auc.value``, with or without a leading ``$``, or any
    JSONPath of RFC 9535 that finds exactly one value."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ExpressionError(f"the property file is not JSON: {error}") from error
    try:
        found = json_paths.values(path if path.startswith("$") else f"$.{path}", document)
    except JsonPathError as error:
        raise ExpressionError(str(error)) from error
    if not found:
        raise ExpressionError(f"the property file has no value at the JSON path '{path}'")
    if len(found) != 1:
        raise ExpressionError(f"the JSON path '{path}' finds {len(found)} values; exactly one is needed")
    return found[0]


def _operator(value: Any) -> str | None:
    if not isinstance(value, dict) or len(value) != 1:
        return None
    (name,) = value
    if name in ("Get", "Std:Join", "Std:JsonGet"):
        return str(name)
    if str(name).startswith("Std:"):
        raise ExpressionError(
            f"'{name}' is not a function of a pipeline definition; valid are Std:Join and Std:JsonGet"
        )
    return None


def _get(reference: Reference, scope: Scope) -> Any:
    if reference.kind == "Parameters":
        return scope.parameter(reference.name)
    if reference.kind == "Execution":
        return scope.execution_variable(reference.name)
    return scope.step_property(reference.name, reference.path)


def _join_parts(value: dict[str, Any]) -> tuple[str, list[Any]]:
    body = value["Std:Join"]
    if not isinstance(body, dict) or not isinstance(body.get("Values"), list):
        raise ExpressionError('Std:Join expects {"On": string, "Values": [...]}')
    on = body.get("On", "")
    if not isinstance(on, str):
        raise ExpressionError("the On of Std:Join must be a string")
    return on, body["Values"]


def _json_get_source(value: dict[str, Any]) -> Any:
    body = value["Std:JsonGet"]
    if not isinstance(body, dict) or not isinstance(body.get("Path"), str):
        raise ExpressionError('Std:JsonGet expects {"PropertyFile" or "S3Uri": ..., "Path": string}')
    if ("PropertyFile" in body) == ("S3Uri" in body):
        raise ExpressionError("Std:JsonGet expects either PropertyFile or S3Uri")
    if "S3Uri" in body:
        return body["S3Uri"]
    source = body["PropertyFile"]
    if _operator(source) != "Get" or not parse_reference(source["Get"]).path.startswith("PropertyFiles."):
        raise ExpressionError('the PropertyFile of Std:JsonGet must be {"Get": "Steps.<step>.PropertyFiles.<name>"}')
    return source


def _json_get(value: dict[str, Any], scope: Scope) -> Any:
    source, path = _json_get_source(value), value["Std:JsonGet"]["Path"]
    if "S3Uri" in value["Std:JsonGet"]:
        return select_json(scope.s3_object(as_text(resolve(source, scope))), path)
    reference = parse_reference(source["Get"])
    return select_json(scope.property_file(reference.name, reference.path.removeprefix("PropertyFiles.")), path)


def _member(value: Any, part: str | int, path: str) -> Any:
    if isinstance(value, dict) and isinstance(part, str) and part in value:
        return value[part]
    if isinstance(value, list):
        if isinstance(part, int) and -len(value) <= part < len(value):
            return value[part]
        for item in value:
            if isinstance(item, dict) and part in (text for key, text in item.items() if key.endswith("Name")):
                return item
    raise ExpressionError(f"'{path}' does not exist: '{part}' was not found")
