"""What the files of pipelines/ may depend on."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def imported(path: Path) -> set[str]:
    """Top-level packages that a module imports anywhere."""
    tree = ast.parse(path.read_bytes())
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level]
    return {name.partition(".")[0] for name in names}


def test_the_machinery_of_pipelines_imports_neither_the_deployment_code_nor_the_embedded_aws() -> None:
    modules = [*(ROOT / "pipelines").glob("*.py"), *(ROOT / "pipelines/tabular").glob("*.py")]
    assert not {name for path in modules for name in imported(path)} & {"scripts", "localaws", "examples"}


@pytest.mark.parametrize("module", ["__init__", "schema", "input_files", "preprocessing"])
def test_what_runs_in_a_job_needs_the_standard_library_alone(module: str) -> None:
    in_the_tree_alone = {"yaml"}  # for schema.yml, which travels as JSON
    found = imported(ROOT / f"pipelines/tabular/{module}.py") - in_the_tree_alone
    assert found <= {*sys.stdlib_module_names, "pipelines"}
