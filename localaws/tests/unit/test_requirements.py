"""What is pinned: the tests' environment holds exactly what a user's has, and the repository around agrees."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2]
AROUND = FOLDER.parent / "requirements" / "test.txt"


def pins(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", path.read_text(), re.MULTILINE))


def test_the_tests_run_with_the_versions_that_a_user_gets() -> None:
    found = pins(FOLDER / "requirements/run.txt")
    assert found
    assert found.items() <= pins(FOLDER / "requirements/test.txt").items()


@pytest.mark.skipif(not AROUND.exists(), reason="localaws stands alone")
def test_one_environment_serves_these_tests_and_those_of_the_repository_around() -> None:
    assert pins(FOLDER / "requirements/test.txt").items() <= pins(AROUND).items()
