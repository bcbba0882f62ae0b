"""JSON and YAML with short tags give the same documents."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from localaws.services.cloudformation.errors import TemplateError
from localaws.services.cloudformation.template_text import read_document

TEXT = st.text(alphabet=st.characters(categories=("L", "N", "P", "Zs")), max_size=20)
DOCUMENT = st.dictionaries(
    TEXT,
    st.recursive(
        TEXT | st.integers() | st.booleans(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=10,
    ),
    min_size=1,
    max_size=4,
)


@given(DOCUMENT)
def test_json_and_yaml_of_a_document_read_the_same(document: dict[str, Any]) -> None:
    assert read_document(json.dumps(document)) == document
    assert read_document(yaml.safe_dump(document, allow_unicode=True)) == document


def test_short_tags_become_functions() -> None:
    text = """
A: !Ref B
C: !GetAtt D.E.F
G: !Sub ["${H}", {H: !If [I, !Ref J, !Ref "AWS::NoValue"]}]
K: !Condition L
M: !Base64
  Fn::Join: ["", [a]]
Version: 2012-10-17
"""
    assert read_document(text) == {
        "A": {"Ref": "B"},
        "C": {"Fn::GetAtt": "D.E.F"},
        "G": {"Fn::Sub": ["${H}", {"H": {"Fn::If": ["I", {"Ref": "J"}, {"Ref": "AWS::NoValue"}]}}]},
        "K": {"Condition": "L"},
        "M": {"Fn::Base64": {"Fn::Join": ["", ["a"]]}},
        "Version": "2012-10-17",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "YAML not well-formed. (line"),
        ('{"a": 1,,}', "JSON not well-formed. (line 1, column"),
        ('{"a"="b"}', "JSON not well-formed. (line 1, column"),
    ],
)
def test_text_that_is_none_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(TemplateError) as error:
        read_document(text)
    assert message in error.value.message


@pytest.mark.parametrize("text", ["a: 1\na: 2\n", '{"a": 1, "a": 2}', '{"a": 1, "a": 2,\n}'])
def test_of_a_key_that_occurs_twice_the_last_value_counts(text: str) -> None:
    assert read_document(text) == {"a": 2}


@given(DOCUMENT)
def test_a_last_comma_of_json_is_no_error_and_texts_keep_theirs(document: dict[str, Any]) -> None:
    text = json.dumps({"list": [document, ",}", ", ]"], **document})
    assert read_document(f"{text[:-1]},\n}}") == json.loads(text)


@pytest.mark.aws_rule(
    "A YAML template has no aliases; package or the CLI writes them out first",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html",
)
@pytest.mark.parametrize("text", ["A: &a [x]\nB: *a\n", "A: &a {b: c}\nB: {<<: *a}\n", "A: &a [*a]\n"])
def test_aliases_are_refused(text: str) -> None:
    with pytest.raises(TemplateError, match="Template error: YAML aliases are not allowed in CloudFormation templates"):
        read_document(text)


@pytest.mark.parametrize(
    "text", ['{"a":' * 300 + "1" + "}" * 300, "[" * 300 + "]" * 300, "a: " + "{b: " * 200 + "}" * 200]
)
def test_a_template_that_nests_without_end_is_refused(text: str) -> None:
    with pytest.raises(TemplateError, match="nests deeper than 100 levels"):
        read_document(text)
