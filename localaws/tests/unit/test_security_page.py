"""docs/security.md names the tests that show its promises: they exist, whatever is renamed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_PAGE = (_ROOT / "docs/security.md").read_text(encoding="utf-8")
_TESTS = re.findall(r"`((?:security|unit|functional)/[\w/]+\.py)(?:::(\w+))?`", _PAGE)
_ROWS = [line for line in _PAGE.splitlines() if line.startswith("| ") and not line.startswith("| promise")]


@pytest.mark.parametrize(("file", "name"), _TESTS)
def test_a_test_that_the_page_names_is_there(file: str, name: str) -> None:
    text = (_ROOT / "tests" / file).read_text(encoding="utf-8")
    assert not name or f"def {name}(" in text


def test_every_promise_names_code_and_a_test_that_are_there() -> None:
    assert len(_ROWS) > 10
    for row in _ROWS:
        _, promise, code, shown, _ = row.split("|")
        named = re.findall(r"`([\w/]+(?:\.py|/))`", code)
        assert re.search(r"\.py", shown), promise
        assert named, promise
        for path in named:
            found = list((_ROOT / "src/localaws").rglob(path.rstrip("/").rpartition("/")[2]))
            assert found, f"{promise}: there is no {path}"
