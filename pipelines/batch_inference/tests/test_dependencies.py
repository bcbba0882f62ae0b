"""What this pipeline's scripts may depend on: a processing job has no network to install from."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.unit.pipelines.test_dependencies import imported


def test_preprocessing_needs_the_standard_library_alone_and_what_travels_with_it() -> None:
    assert imported(Path(__file__).parents[1] / "preprocess.py") <= {*sys.stdlib_module_names, "pipelines"}
