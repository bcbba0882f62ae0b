"""The JSON paths that EventBridge knows: names, quoted names and indices from ``$``. Pure."""

from __future__ import annotations

import re
from typing import Any

ABSENT: Any = object()
_STEP = re.compile(r"""\.([\w-]+)|\[(\d+)\]|\['([^']+)'\]|\["([^"]+)"\]""")


def is_path(text: str) -> bool:
    """Whether ``text`` is ``$``, or ``$`` with steps such as ``.detail``, ``['a b']`` and ``[0]``."""
    return text.startswith("$") and _steps(text) is not None


def value_at(document: Any, path: str) -> Any:
    """What a valid path leads to in ``document``, or ABSENT."""
    value = document
    for step in _steps(path) or []:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):  # the document has nothing there
            return ABSENT
    return value


def _steps(path: str) -> list[str | int] | None:
    steps: list[str | int] = []
    position = 1
    while position < len(path):
        found = _STEP.match(path, position)
        if not found:
            return None
        steps.append(int(found[2]) if found[2] else found[1] or found[3] or found[4])
        position = found.end()
    return steps
