"""What is left of the pages once the sample is removed says nothing of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scripts.flows.remove_example import GROUP, PAGES, PIPELINE, PROJECT, remove_example

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", PAGES)
def test_nothing_of_the_sample_is_left_in_the_pages(tmp_path: Path, page: str) -> None:
    (tmp_path / page).parent.mkdir(exist_ok=True)
    shutil.copy(ROOT / page, tmp_path / page)
    remove_example(None, force=True, root=tmp_path)
    left = (tmp_path / page).read_text()
    # The list of all verbs names their own folders, whether they are there or not.
    said = "\n".join(line for line in left.splitlines() if not line.startswith(("  remove-example ", "  test  ")))
    for name in (PIPELINE, GROUP, PROJECT, "tumo", "the sample -->", "examples/", "remove-example", "A SAMPLE"):
        assert name not in said, name


def test_what_a_team_does_first_is_left(tmp_path: Path) -> None:
    shutil.copy(ROOT / "README.md", tmp_path)
    remove_example(None, force=True, root=tmp_path)
    assert "make new PIPELINE=" in (tmp_path / "README.md").read_text()
