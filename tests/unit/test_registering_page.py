"""The page on registering a model: its snippets are Python, and it names every option of the verb."""

from __future__ import annotations

import ast
import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs/registering-a-model.md").read_text()
MAKEFILE = (Path(__file__).parents[2] / "Makefile").read_text()


def test_the_snippets_are_python() -> None:
    snippets = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(snippets) == 2
    for snippet in snippets:
        ast.parse(snippet)


def test_every_variable_of_the_target_is_on_the_page() -> None:
    options = MAKEFILE.partition("register_options =")[2].partition("more_options")[0]
    names = set(re.findall(r"[A-Z][A-Z_]{3,}", options))
    assert {"ARTIFACT", "APPROVE", "REQUIREMENTS", "FORCE"} <= names
    assert {name for name in names if f"`{name}" not in PAGE} == set()
