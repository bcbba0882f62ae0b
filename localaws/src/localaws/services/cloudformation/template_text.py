"""The text of a template, JSON or YAML with CloudFormation's short tags, as plain dicts, lists and scalars. Pure.

``!Ref x`` becomes ``{"Ref": "x"}``, ``!Sub x`` ``{"Fn::Sub": "x"}``. A date (the unquoted version of a policy) stays
the text it is written as. Of a key that occurs twice the last value counts, and a comma before a closing bracket is no
error of JSON, as on AWS.
"""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from localaws.core.documents import AliasError, DocumentLimitError, read_json, refuse_unbounded_yaml
from localaws.services.cloudformation.errors import TemplateError

_WITHOUT_PREFIX = ("Ref", "Condition")
_TEXT_OR_LAST_COMMA = re.compile(r'"(?:[^"\\]|\\.)*"|,(?=\s*[}\]])', re.DOTALL)
_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_document(body: str) -> Any:
    """The document; TemplateError with line and column where it is neither JSON nor YAML."""
    if body.lstrip().startswith("{"):
        try:
            return read_json(_TEXT_OR_LAST_COMMA.sub(lambda found: " " if found[0] == "," else found[0], body))
        except json.JSONDecodeError as error:
            place = f"(line {error.lineno}, column {error.colno})"
            raise TemplateError(f"Template format error: JSON not well-formed. {place}") from error
        except DocumentLimitError as error:
            raise TemplateError(f"Template format error: {error}") from error
    return _read_yaml(body)


def _read_yaml(body: str) -> Any:
    try:
        refuse_unbounded_yaml(body, aliases=False)
        return yaml.load(body, Loader=_Loader)  # noqa: S506 (a safe loader with tags of its own)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"(line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise TemplateError(
            f"Template format error: YAML not well-formed. {place} {error.problem or ''}".strip()
        ) from error
    except yaml.YAMLError as error:
        raise TemplateError(f"Template format error: YAML not well-formed. {error}") from error
    except AliasError as error:
        raise TemplateError("Template error: YAML aliases are not allowed in CloudFormation templates") from error
    except DocumentLimitError as error:
        raise TemplateError(f"Template format error: {error}") from error


class _Loader(_BASE):  # type: ignore[misc]  # which of yaml's loaders it is depends on the installation
    """A safe loader that knows every ``!Tag``."""


def _mapping(loader: Any, node: Any) -> dict[str, Any]:
    loader.flatten_mapping(node)
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        found[str(loader.construct_object(key_node, deep=True))] = loader.construct_object(value_node, deep=True)
    return found


def _tagged(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
    name = suffix if suffix in _WITHOUT_PREFIX else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = _mapping(loader, node)
    return {name: value}


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))
_Loader.add_multi_constructor("!", _tagged)
