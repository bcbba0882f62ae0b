"""What somebody wrote is read within bounds: no alias, depth or size ends the reader, and ordinary files are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scripts.errors import SettingsError
from scripts.workspace.bounded_yaml import DEEPEST, LARGEST, read_bounded

FILE = Path("stages/x.yml")
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + number)}: &{chr(98 + number)} [{', '.join([f'*{chr(97 + number)}'] * 9)}]\n" for number in range(8)
)
MERGES = "m0: &m0 {a: 1}\n" + "".join(
    f"m{number}: &m{number} {{<<: [{', '.join([f'*m{number - 1}'] * 9)}]}}\n" for number in range(1, 9)
)
HOSTILE = {
    "aliases of aliases": (BOMB, "line 5: more than"),
    "merged aliases": (MERGES, "more than"),
    "a list that holds itself": ("x: &x [*x]\n", "line 1: an alias stands for a value that holds it"),
    "a mapping that holds itself": ("y: 1\nx: &x {a: *x}\n", "line 2: an alias stands for a value that holds it"),
    "deep": (f"x: {'[' * 60}{']' * 60}\n", f"deeper than {DEEPEST}"),
    "so deep that it cannot be parsed": (f"x: {'[' * 5000}{']' * 5000}\n", f"deeper than {DEEPEST}"),
    "large": (f"x: {'y' * LARGEST}\n", "characters, and"),
    "a number without end": (f"x: {'9' * 5000}\n", "not YAML"),
    "a date that is none": ("x: 2026-99-99\n", "not YAML"),
    "an object of Python": ("x: !!python/object/apply:os.system ['true']\n", "not YAML"),
    "a key that is a list": ("? [a, b]\n: c\n", "not YAML"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_beyond_the_bounds_is_refused_by_file_and_reason(kind: str) -> None:
    text, why = HOSTILE[kind]
    with pytest.raises(SettingsError) as refused:
        read_bounded(FILE, text)
    assert str(refused.value.problem).startswith("stages/x.yml")
    assert why in refused.value.problem
    assert len(refused.value.problem) < 400


def test_an_alias_that_stays_small_is_read() -> None:
    assert read_bounded(FILE, "a: &a {x: 1}\nb: *a\nc: {<<: *a, y: 2}\n")[1]["c"] == {"x": 1, "y": 2}


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(categories=["L", "N"])),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=5),
    max_leaves=30,
)


@given(values)
def test_whatever_is_within_them_is_read_as_yaml_reads_it(value: Any) -> None:
    assert read_bounded(FILE, yaml.safe_dump(value))[1] == value


@given(st.text(alphabet="&*[]{}:,- \n#!|>'\"ab%@?<~0.", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_bounded(FILE, text)
    except SettingsError as refused:
        assert refused.next_command
