"""What a target is given: the event, a constant, a part of the event, or a template filled from it. Pure.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from typing import Any

from localaws.services.events.json_path import ABSENT, is_path, value_at

_PLACEHOLDER = re.compile(r"<([\w.-]+)>")
# A JSON string of the template, or a placeholder outside any string.
_STRING_OR_PLACEHOLDER = re.compile(r'"(?:[^"\\]|\\.)*"|<[\w.-]+>', re.DOTALL)


def compact(document: Any) -> str:
    """JSON as EventBridge writes it."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def input_of(target: dict[str, Any], event: dict[str, Any], rule_arn: str, ingestion_time: str) -> str:
    """The text that a target of a rule receives for ``event``."""
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        part = value_at(event, target["InputPath"])
        return "{}" if part is ABSENT else compact(part)
    if "InputTransformer" in target:
        return _filled(target["InputTransformer"], event, rule_arn, ingestion_time)
    return compact(event)


def input_problem(target: dict[str, Any]) -> str | None:
    """What is wrong with a target's Input, InputPath or InputTransformer, in EventBridge's words, or None."""
    name = target["Id"]
    if sum(member in target for member in ("Input", "InputPath", "InputTransformer")) > 1:
        return f"Only one of Input, InputPath, or InputTransformer must be provided for target {name}."
    if "Input" in target:
        return None if _is_json(target["Input"]) else f"Invalid JSON text in Input for target {name}."
    if "InputPath" in target:
        return None if is_path(target["InputPath"]) else f"Invalid InputPath for target {name}."
    if "InputTransformer" in target:
        return _transformer_problem(target["InputTransformer"], name)
    return None


def must_be_json(target: dict[str, Any]) -> bool:
    """Whether a target's template is a JSON document, so that what it is filled to has to be one.

    An object or array that fills a placeholder inside quotes breaks it; EventBridge then invokes nothing.
    """
    return "InputTransformer" in target and _is_document(target["InputTransformer"]["InputTemplate"])


def _is_document(template: str) -> bool:
    return template.lstrip().startswith(("{", "["))


def _transformer_problem(transformer: dict[str, Any], name: str) -> str | None:
    paths = transformer.get("InputPathsMap", {})
    for variable, path in paths.items():
        if variable.startswith("AWS"):
            return f"InputPathsMap of target {name} has a reserved name: {variable}."
        if not is_path(path):
            return f"Invalid InputPath {path} for target {name}."
    template = transformer["InputTemplate"]
    for variable in _PLACEHOLDER.findall(template):
        if variable not in paths and variable not in _RESERVED:
            return f"InputTemplate for target {name} contains invalid placeholder {variable}."
    sample = _fill(template, dict.fromkeys([*paths, *_RESERVED], 0))
    if _is_json(sample) or all(_is_json(line) for line in sample.splitlines() if line.strip()):
        return None
    return f"Invalid InputTemplate for target {name} : it is neither JSON nor lines of quoted text."


_RESERVED = (
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event.ingestion-time",
    "aws.events.event",
    "aws.events.event.json",
)


def _filled(transformer: dict[str, Any], event: dict[str, Any], rule_arn: str, ingestion_time: str) -> str:
    values = {name: value_at(event, path) for name, path in transformer.get("InputPathsMap", {}).items()}
    without_detail = {
        {"detail-type": "detailType"}.get(name, name): value for name, value in event.items() if name != "detail"
    }
    known = (rule_arn, rule_arn.rsplit("/", 1)[-1], ingestion_time, without_detail, event)
    return _fill(transformer["InputTemplate"], {**dict(zip(_RESERVED, known, strict=True)), **values})


def _fill(template: str, values: dict[str, Any]) -> str:
    """Put values in: as JSON where a placeholder stands alone, as text where it stands in a string."""
    within = _within_document if _is_document(template) else _within_text

    def replace(found: re.Match[str]) -> str:
        piece = found[0]
        if piece.startswith("<"):
            name = piece[1:-1]
            return _alone(values[name]) if name in values else piece
        return _PLACEHOLDER.sub(lambda inner: within(values[inner[1]]) if inner[1] in values else inner[0], piece)

    return _STRING_OR_PLACEHOLDER.sub(replace, template)


def _alone(value: Any) -> str:
    return '""' if value is ABSENT else compact(value)


def _within_text(value: Any) -> str:
    """Objects and arrays lose their quotes in a text."""
    return compact(value).replace('"', "") if isinstance(value, dict | list) else _escaped(value)


def _within_document(value: Any) -> str:
    return compact(value) if isinstance(value, dict | list) else _escaped(value)


def _escaped(value: Any) -> str:
    if value is ABSENT:
        return ""
    return compact(value if isinstance(value, str) else compact(value))[1:-1]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
