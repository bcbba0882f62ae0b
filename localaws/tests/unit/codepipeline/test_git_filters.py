"""Globs of V2 triggers."""

from __future__ import annotations

import pytest

from localaws.services.codepipeline.git_filters import selects


@pytest.mark.aws_rule(
    "In a trigger's glob one asterisk stays within a folder and two reach over folders",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/syntax-glob.html",
)
@pytest.mark.parametrize(
    ("pattern", "name", "selected"),
    [
        ({"includes": ["main"]}, "main", True),
        ({"includes": ["feature/*"]}, "feature/a", True),
        ({"includes": ["feature/*"]}, "feature/a/b", False),
        ({"includes": ["feature/**"]}, "feature/a/b", True),
        ({"includes": ["**/*.py"]}, "top.py", True),
        ({"includes": ["src/**/test_?.py"]}, "src/a/b/test_1.py", True),
        ({"includes": ["{main,release}"]}, "release", True),
        ({"excludes": ["docs/**"]}, "docs/a.md", False),
        ({"excludes": ["docs/**"]}, "src/a.py", True),
        ({"includes": ["v1.0"]}, "v1x0", False),
        (None, "anything", True),
    ],
)
def test_a_glob_selects_as_codepipeline_does(pattern: dict[str, list[str]] | None, name: str, selected: bool) -> None:
    assert selects(pattern, [name]) is selected
