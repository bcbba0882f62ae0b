"""Whether a script that travels with a release is Python at all: a job would find out after minutes, at a cost.

It is only compiled, never run. Pure: a path to name and the bytes of the file.
"""

from __future__ import annotations

import ast
import sys
import warnings

from scripts.errors import DefinitionError


def require_python(path: str, content: bytes) -> None:
    """Raises DefinitionError, with the line, for a script that Python cannot compile."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # No file has this name: Python would show its line, be it another content.
            compile(content, f"<{path}>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:  # ValueError: a null byte, or bytes that are no text
        line = getattr(error, "lineno", None)
        source = (getattr(error, "text", None) or "").strip()
        # A job's image may have a newer Python than the one at hand, and that one decides here.
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise DefinitionError(
            f"{path}" + (f" line {line}" if line else "") + f" is not Python: {getattr(error, 'msg', None) or error}",
            found=[*([source] if source else []), f"compiled by Python {version}"],
            next_command=f"python3 -m py_compile {path}   # after correcting it; then the same command again",
        ) from error


def names_used(content: bytes) -> frozenset[str]:
    """Every name that a script uses, by itself or of a module; none where it is not Python, which others tell."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return frozenset()
    nodes = list(ast.walk(tree))
    return frozenset(
        [node.id for node in nodes if isinstance(node, ast.Name)]
        + [node.attr for node in nodes if isinstance(node, ast.Attribute)]
        + [alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names]
    )
