import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from localaws.core.documents import (
    DEEPEST,
    DocumentLimitError,
    read_json,
    refuse_deep_json,
    refuse_hostile_xml,
    refuse_unbounded_yaml,
)

documents = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=200,
)


def depth(document: Any) -> int:
    if isinstance(document, dict):
        document = list(document.values())
    return 1 + max(map(depth, document), default=0) if isinstance(document, list) else 0


@given(documents, st.integers(0, 120))
def test_json_is_read_as_json_reads_it_unless_it_nests_too_deep(document: Any, wrapped: int) -> None:
    for level in range(wrapped):
        document = [document] if level % 2 else {'[{"': document}
    text = json.dumps(document)
    if depth(document) > DEEPEST:
        with pytest.raises(DocumentLimitError, match="nests deeper than 100 levels"):
            read_json(text)
    else:
        assert read_json(text) == read_json(text.encode()) == document


@pytest.mark.parametrize("text", ["[" * 1_000_000, '{"a":' * 200_000, "[{" * 1000, b"[" * 500])
def test_brackets_without_end_are_refused_before_a_parser_sees_them(text: str | bytes) -> None:
    with pytest.raises(DocumentLimitError):
        refuse_deep_json(text)


@pytest.mark.parametrize("text", ['"' + "[" * 500 + '"', '["' + "{" * 500 + '\\"[[["]', '"' + "[" * 500])
def test_brackets_in_a_string_nest_nothing(text: str) -> None:
    refuse_deep_json(text)


@given(documents)
def test_yaml_without_tricks_passes(document: Any) -> None:
    refuse_unbounded_yaml(yaml.safe_dump(document))


def bomb(levels: int, width: int, start: str = "[x, x]") -> str:
    lines = [f"a0: &a0 {start}"]
    for level in range(1, levels):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * width)}]")
    return "\n".join(lines)


@pytest.mark.parametrize("text", [bomb(30, 9), bomb(9, 9), bomb(60, 2), bomb(4, 100, "x")])
def test_aliases_that_expand_to_too_much_are_refused(text: str) -> None:
    with pytest.raises(DocumentLimitError, match="500,000 values"):
        refuse_unbounded_yaml(text)


@given(st.integers(1, 5), st.integers(1, 6))
def test_aliases_count_as_what_they_stand_for(levels: int, width: int) -> None:
    text = bomb(levels, width)
    refuse_unbounded_yaml(text)  # at most 6 ** 5 values


@pytest.mark.parametrize("text", ["&a [*a]", "a: &a {b: *a}", "&a [[&b [*a]]]"])
def test_an_anchor_that_contains_itself_is_refused(text: str) -> None:
    with pytest.raises(DocumentLimitError, match="contains itself"):
        refuse_unbounded_yaml(text)


@pytest.mark.parametrize("text", ["[" * 500, "\n".join("  " * n + "a:" for n in range(300)), "- " * 300])
def test_yaml_that_nests_too_deep_is_refused(text: str) -> None:
    with pytest.raises((DocumentLimitError, yaml.YAMLError)):
        refuse_unbounded_yaml(text)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"<a>" * 5000 + b"</a>" * 5000, "nests deeper than 100"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type"),
        (b"<a>", "not well-formed"),
        (b"", "not well-formed"),
        (b"\xff\xfe", "not well-formed"),
    ],
)
def test_xml_made_to_exhaust_its_reader_is_refused(content: bytes, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        refuse_hostile_xml(content)


def test_ordinary_xml_passes() -> None:
    refuse_hostile_xml(
        b'<?xml version="1.0" encoding="UTF-8"?><Tagging xmlns="urn:x"><TagSet>&amp;&#65;</TagSet></Tagging>'
    )
