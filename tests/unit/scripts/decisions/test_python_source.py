"""A script that no job could run is refused before anything is released, with its line; and nothing is run for that."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.python_source import require_python
from scripts.errors import DefinitionError

PATH = "scripts/errors.py"  # there is such a file, with other content than is looked at


def refusal(content: bytes) -> DefinitionError:
    with pytest.raises(DefinitionError) as refused:
        require_python(PATH, content)
    return refused.value


def test_a_syntax_error_is_told_with_its_line_and_what_stands_there() -> None:
    error = refusal(b"import sys\n\ndef clean(:\n    pass\n")
    assert error.problem.startswith(f"{PATH} line 3 is not Python: ")
    assert "def clean(:" in error.found


@pytest.mark.parametrize(
    "content", [b"this is no python", b"return 1\n", b"if x:\npass\n", b"\x00", b"\xff\xfe", b"x = '"]
)
def test_what_does_not_compile_is_refused(content: bytes) -> None:
    assert PATH in str(refusal(content).next_command)


@pytest.mark.parametrize(
    "content", [b"", b"# coding: latin-1\nname = '\xe9'\n", b"\xef\xbb\xbfx = 1\n", b"raise SystemExit(3)\n"]
)
def test_what_compiles_is_taken_and_not_run(content: bytes) -> None:
    require_python(PATH, content)


def test_a_warning_is_no_matter_of_the_release() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        require_python(PATH, b"pattern = '\\d'\nassert (1, 'x')\n")


@given(st.binary())
def test_whatever_the_bytes_are_it_is_taken_or_refused_in_words(content: bytes) -> None:
    try:
        require_python(PATH, content)
    except DefinitionError as error:
        assert error.next_command
