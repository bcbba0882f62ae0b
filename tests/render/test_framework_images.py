"""The committed table of AWS's stock images is what the SDK's tables give."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

from pipelines.write_framework_images import main


def test_the_committed_table_of_images_is_the_sdks() -> None:
    assert main(["--check"]) == 0, "next: python -m pipelines.write_framework_images, in the render environment"


def test_the_sdk_has_what_the_page_on_registering_imports() -> None:
    page = (Path(__file__).parents[2] / "docs/registering-a-model.md").read_text()
    snippet = next(each for each in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "sagemaker.core" in each)
    for node in ast.parse(snippet).body:
        if isinstance(node, ast.ImportFrom):
            assert all(hasattr(import_module(str(node.module)), alias.name) for alias in node.names)
