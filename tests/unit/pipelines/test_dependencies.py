"""What the files of pipelines/ and examples/ may depend on."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def imported(path: Path) -> set[str]:
    """Top-level packages that a module imports anywhere."""
    tree = ast.parse(path.read_bytes())
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level]
    return {name.partition(".")[0] for name in names}


def test_only_pipelines_import_the_sagemaker_sdk() -> None:
    elsewhere = [path for folder in ("scripts", "localaws/src", "examples") for path in (ROOT / folder).rglob("*.py")]
    assert [path for path in elsewhere if "sagemaker" in imported(path)] == []


def test_pipelines_import_neither_the_deployment_code_nor_the_embedded_aws() -> None:
    found = {name for path in (ROOT / "pipelines").rglob("*.py") for name in imported(path)}
    assert not found & {"scripts", "localaws", "examples"}


def test_preprocessing_needs_the_standard_library_alone() -> None:
    assert imported(ROOT / "pipelines/batch_inference/preprocess.py") <= sys.stdlib_module_names


def test_the_serving_code_imports_nothing_of_this_repository() -> None:
    assert not imported(ROOT / "examples/inference.py") & {"scripts", "localaws", "examples", "pipelines"}


def test_the_stock_image_has_the_scikit_learn_that_the_example_is_trained_with() -> None:
    pinned = re.search(r"^scikit-learn==(\d+\.\d+)\.", (ROOT / "requirements/local.txt").read_text(), re.MULTILINE)
    definition = json.loads((ROOT / "pipelines/batch_inference/definition.json").read_text())
    assert pinned
    assert all(f":{pinned[1]}-" in uri for uri in definition["Metadata"]["InferenceImageUris"].values())
