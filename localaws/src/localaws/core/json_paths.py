"""JSON paths as AWS writes them, read by the one library for RFC 9535. Pure.

AWS's guides use a dialect older than the RFC: a name may hold hyphens and begin with a digit, as in
``$.detail.instance-id``, and a dot may stand before a bracket, as in ``$.features.['a','b']``. Both are translated;
everything else is the RFC's.
https://www.rfc-editor.org/rfc/rfc9535
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import jsonpath_rfc9535

# Quoted names and numbers with a fraction keep their dots; then a dot before a bracket, and a name after a dot.
_DIALECT = re.compile(
    r"""(?P<kept>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|(?<![\w.-])\d+\.\d+)|(?<!\.)\.(?=\[)|(?<!\.)\.(?P<name>[\w-]+)"""
)


class JsonPathError(ValueError):
    """A path that cannot be read, or that finds nothing where it must find something."""


def translated(path: str) -> str:
    """``path`` in the RFC's own words."""

    def replace(found: re.Match[str]) -> str:
        return found["kept"] or (f"['{found['name']}']" if found["name"] else "")

    return _DIALECT.sub(replace, path)


@lru_cache(maxsize=1024)
def read(path: str) -> jsonpath_rfc9535.JSONPathQuery:
    """The query that ``path`` means. JsonPathError says where it cannot be read."""
    try:
        return jsonpath_rfc9535.compile(translated(path))
    except jsonpath_rfc9535.JSONPathError as error:
        raise JsonPathError(f"{path!r} is not a JSON path: {error}") from error


def values(path: str, document: Any) -> list[Any]:
    """Every value that ``path`` finds in ``document``, in order."""
    return list(read(path).find(document).values())
