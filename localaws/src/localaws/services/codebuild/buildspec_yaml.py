"""YAML as a buildspec wants it: every scalar is the string that was written, every key knows its line.

CodeBuild takes ``version: 0.2`` and ``DEBUG: yes`` as text, and its errors name lines. Duplicate keys are refused.
"""

from __future__ import annotations

from typing import Any

import yaml

from localaws.core.documents import DocumentLimitError, refuse_unbounded_yaml


class BuildspecError(ValueError):
    """The buildspec cannot be run: CodeBuild's YAML_FILE_ERROR, with what is wrong."""


class Mapping(dict[str, Any]):
    """A YAML mapping that remembers the line of each key."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}

    def line_of(self, key: str) -> int:
        return self.lines.get(key, 0)


class Sequence(list[Any]):
    """A YAML sequence that remembers the line of each item."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[int] = []


def read_yaml(text: str) -> Any:
    """``text`` as Mapping, Sequence and str. Raises BuildspecError for anything that is not one YAML document, and for
    one that is made to exhaust whoever reads it."""
    try:
        refuse_unbounded_yaml(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        return _read(node) if node is not None else ""
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise BuildspecError(f"{error.problem or error.context}{where}") from error
    except (yaml.YAMLError, DocumentLimitError) as error:
        raise BuildspecError(str(error)) from error


def _read(node: yaml.Node) -> Any:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        mapping = Mapping()
        for key_node, value_node in node.value:
            key = _read(key_node)
            if not isinstance(key, str):
                raise BuildspecError(f"a key must be a string: at line {line}")
            if key in mapping:
                raise BuildspecError(f'key "{key}" already set in map: at line {key_node.start_mark.line + 1}')
            value = _read(value_node)
            if key == "<<" and isinstance(value, Mapping):
                for inherited, content in value.items():
                    mapping.setdefault(inherited, content)
                continue
            mapping[key] = value
            mapping.lines[key] = key_node.start_mark.line + 1
        return mapping
    if isinstance(node, yaml.SequenceNode):
        sequence = Sequence()
        for item in node.value:
            sequence.append(_read(item))
            sequence.lines.append(item.start_mark.line + 1)
        return sequence
    if node.tag == "tag:yaml.org,2002:null":
        return ""
    return str(node.value)
