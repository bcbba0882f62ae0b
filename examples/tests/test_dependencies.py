"""What the sample may depend on, and what it must agree with."""

from __future__ import annotations

import json
import re

from examples.tests.conftest import ROOT
from tests.unit.pipelines.test_dependencies import imported


def test_the_serving_code_imports_nothing_of_this_repository() -> None:
    assert not imported(ROOT / "examples/inference.py") & {"scripts", "localaws", "examples", "pipelines"}


def test_the_stock_image_has_the_scikit_learn_that_the_example_is_trained_with() -> None:
    pinned = re.search(r"^scikit-learn==(\d+\.\d+)\.", (ROOT / "requirements/local.txt").read_text(), re.MULTILINE)
    definition = json.loads((ROOT / "pipelines/batch_inference/definition.json").read_text())
    assert pinned
    assert definition["Metadata"]["StockImages"]["Inference"]["Version"].startswith(f"{pinned[1]}-")
