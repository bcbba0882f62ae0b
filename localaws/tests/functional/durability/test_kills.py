"""A server killed in the middle of keeping its state: a sample; ``make -C localaws kills`` plays every write."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.durability.kills import NOT_REACHED, survived
from tests.functional.durability.stories import STORIES

_SAMPLE = [
    ("upload", "before the commit", 6),
    ("upload", "half of the commit", 5),
    ("deployment", "after the cut", 5),
    ("deployment", "after the commit", 4),
    ("deployment", "half of the commit", 4),
    ("codepipeline", "before the commit", 3),
]


@pytest.mark.parametrize(("story", "point", "number"), _SAMPLE)
def test_the_same_command_finishes_after_the_server_was_killed(
    tmp_path: Path, story: str, point: str, number: int
) -> None:
    # Writes that come at once share a commit, so how many there are is told by the moment: the last one that there is.
    outcome: str | None = NOT_REACHED
    while number and outcome == NOT_REACHED:
        folder = tmp_path / str(number)
        folder.mkdir()
        outcome = survived(STORIES[story], point, number, folder)
        number -= 1
    assert outcome != NOT_REACHED, "the story has fewer writes than this sample knows"
    assert outcome is None, outcome
