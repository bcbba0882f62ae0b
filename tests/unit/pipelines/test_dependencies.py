"""What the files of pipelines/ may depend on."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[3]


def imported(path: Path) -> set[str]:
    """Top-level packages that a module imports anywhere."""
    tree = ast.parse(path.read_bytes())
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level]
    return {name.partition(".")[0] for name in names}


def test_pipelines_import_neither_the_deployment_code_nor_the_embedded_aws() -> None:
    found = {name for path in (ROOT / "pipelines").rglob("*.py") for name in imported(path)}
    assert not found & {"scripts", "localaws", "examples"}
