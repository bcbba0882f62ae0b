"""The room of policies imports nothing of localaws but its core, and no other room reads a statement's elements."""

from __future__ import annotations

import ast
from pathlib import Path

import localaws

ROOT = Path(localaws.__file__).parent


def test_policies_import_only_the_core() -> None:
    for module in sorted((ROOT / "policies").glob("*.py")):
        for node in ast.walk(ast.parse(module.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                if name.startswith("localaws."):
                    assert name.split(".")[1] in ("core", "policies"), f"{module.name} imports {name}"


def test_nothing_else_asks_what_a_statements_effect_is() -> None:
    """Making a statement is anybody's; deciding by one is not. S3 looks at the form, for AWS's own words."""
    for module in ROOT.rglob("*.py"):
        if module.parent.name == "policies" or module.name == "bucket_policy_operations.py":
            continue
        for node in ast.walk(ast.parse(module.read_text())):
            read = isinstance(node, ast.Subscript) and ast.unparse(node.slice) == "'Effect'"
            asked = isinstance(node, ast.Call) and ast.unparse(node.args[0] if node.args else node) == "'Effect'"
            assert not (read or asked), f"{module.relative_to(ROOT)} reads a statement's Effect"
