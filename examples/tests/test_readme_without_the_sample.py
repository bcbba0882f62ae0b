"""What is left of README.md once the sample is removed says nothing of it."""

from __future__ import annotations

import shutil
from pathlib import Path

from scripts.flows.remove_example import GROUP, PIPELINE, PROJECT, remove_example

README = Path(__file__).parents[2] / "README.md"


def test_nothing_of_the_sample_is_left_in_the_readme(tmp_path: Path) -> None:
    shutil.copy(README, tmp_path)
    remove_example(None, force=True, root=tmp_path)
    left = (tmp_path / README.name).read_text()
    assert "make new PIPELINE=" in left
    for name in (PIPELINE, GROUP, PROJECT, "tumo", "the sample -->"):
        assert name not in left, name
