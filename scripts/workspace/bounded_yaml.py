"""YAML that somebody wrote, read within bounds: what it says is small, whatever its aliases would make of it.

An alias may stand for a value that holds the alias itself, or for ten that hold ten each; both are read in no time and
end no reader. A settings file has neither, so what goes beyond the bounds is refused, with the line where it begins.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from scripts.errors import SettingsError

LARGEST = 256 * 1024
MOST_VALUES = 20_000
DEEPEST = 40


def read_bounded(path: Path, text: str) -> tuple[yaml.Node | None, Any]:
    """The document as nodes, which know their lines, and as values.

    Raises SettingsError for what is no YAML, and for what is beyond the bounds.
    """
    if len(text) > LARGEST:
        raise _refused(path, None, f"it has {len(text)} characters, and {LARGEST} are allowed")
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is not None:
            _measure(path, root, {}, [])
        return root, yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _refused(path, mark.line if mark else None, f"not YAML: {error.problem}") from error
    except RecursionError as error:
        raise _refused(path, None, f"lists and mappings in one another deeper than {DEEPEST}") from error
    except (yaml.YAMLError, ValueError) as error:  # also a date that is none, a number of thousands of digits
        raise _refused(path, None, f"not YAML: {str(error)[:200]}") from error


def _measure(path: Path, node: yaml.Node, sizes: dict[int, int], around: list[yaml.Node]) -> int:
    """How many values a node is with all its aliases written out; ``around``: the nodes that it stands in."""
    if any(node is each for each in around):
        raise _refused(path, node.start_mark.line, "an alias stands for a value that holds it")
    if len(around) >= DEEPEST:
        raise _refused(path, node.start_mark.line, f"lists and mappings in one another deeper than {DEEPEST}")
    if id(node) not in sizes:
        inside = [*around, node]
        sizes[id(node)] = 1 + sum(_measure(path, each, sizes, inside) for each in _children(node))
        if sizes[id(node)] > MOST_VALUES:
            raise _refused(path, node.start_mark.line, f"more than {MOST_VALUES} values, with aliases written out")
    return sizes[id(node)]


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [each for pair in node.value for each in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _refused(path: Path, line: int | None, why: str) -> SettingsError:
    where = f"{path} line {line + 1}" if line is not None else str(path)
    return SettingsError(f"{where}: {why}", next_command=f"correct {path}")
