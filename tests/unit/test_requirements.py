"""The environments agree: whatever is pinned for one of them has the same version where all are tested together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).parents[2] / "requirements"


def pins(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", path.read_text(), re.MULTILINE))


@pytest.mark.parametrize("name", ["deploy", "check", "local", "new"])
def test_the_tests_run_with_the_versions_that_are_used(name: str) -> None:
    found = pins(REQUIREMENTS / f"{name}.txt")
    assert found
    assert found.items() <= pins(REQUIREMENTS / "test.txt").items()
