"""Python 3.11.2, which Debian 12 has, runs localaws: what later patch releases added stays out."""

from __future__ import annotations

import ast
from pathlib import Path

import localaws


def test_no_archive_is_unpacked_by_the_filter_argument_of_python_3_11_4() -> None:
    found = [
        f"{path}:{call.lineno}"
        for path in sorted(Path(localaws.__file__).parent.rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in ("extract", "extractall")
        and any(keyword.arg == "filter" for keyword in call.keywords)
    ]
    assert not found
