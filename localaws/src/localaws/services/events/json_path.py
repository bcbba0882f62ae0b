"""The JSON paths that EventBridge knows: those that lead to one value, by names and by indices from the front. Pure."""

from __future__ import annotations

from typing import Any

from jsonpath_rfc9535.selectors import IndexSelector

from localaws.core.json_paths import JsonPathError, read, values

ABSENT: Any = object()


def is_path(text: str) -> bool:
    """Whether ``text`` is ``$``, or ``$`` with steps such as ``.detail``, ``['a b']`` and ``[0]``."""
    try:
        query = read(text)
    except JsonPathError:
        return False
    selectors = (selector for segment in query.segments for selector in segment.selectors)
    return query.singular_query() and not any(isinstance(each, IndexSelector) and each.index < 0 for each in selectors)


def value_at(document: Any, path: str) -> Any:
    """What a valid path leads to in ``document``, or ABSENT."""
    return next(iter(values(path, document)), ABSENT)
