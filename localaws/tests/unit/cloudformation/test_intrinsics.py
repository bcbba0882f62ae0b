"""Intrinsic functions, with texts and lists of every shape."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.services.cloudformation.errors import TemplateError
from localaws.services.cloudformation.intrinsics import KNOWN_AFTER_APPLY, evaluate
from tests.unit.cloudformation.scopes import scope

TEXT = st.text(alphabet=st.characters(categories=("L", "N", "P", "Zs"), exclude_characters="$"), max_size=30)
NAME = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,10}", fullmatch=True)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(NAME.filter(lambda key: key not in ("Ref",)), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(VALUE)
def test_a_value_without_functions_stays_itself(value: Any) -> None:
    assert evaluate(value, scope()) == value


@given(st.lists(TEXT.filter(lambda text: "," not in text), min_size=1, max_size=6))
def test_split_undoes_join(parts: list[str]) -> None:
    joined = {"Fn::Join": [",", parts]}
    assert evaluate({"Fn::Split": [",", joined]}, scope()) == ",".join(parts).split(",")


@given(st.lists(TEXT, min_size=1, max_size=6), st.data())
def test_select_takes_the_item_at_its_index(items: list[str], data: Any) -> None:
    index = data.draw(st.integers(0, len(items) - 1))
    assert evaluate({"Fn::Select": [index, items]}, scope()) == items[index]
    assert evaluate({"Fn::Select": [str(index), items]}, scope()) == items[index]


@given(TEXT, NAME, TEXT)
def test_sub_puts_in_exactly_what_is_named(before: str, name: str, value: str) -> None:
    text = f"{before}${{{name}}}-${{!{name}}}"
    expected = f"{before}{value}-${{{name}}}"
    assert evaluate({"Fn::Sub": [text, {name: value}]}, scope()) == expected
    assert evaluate({"Fn::Sub": text}, scope(parameters={name: value})) == expected


@given(TEXT)
def test_base64_can_be_read_back(text: str) -> None:
    assert base64.b64decode(evaluate({"Fn::Base64": text}, scope())).decode() == text


@given(st.dictionaries(NAME, st.integers() | TEXT, max_size=4))
def test_to_json_string_can_be_read_back(value: dict[str, Any]) -> None:
    document = {"Transform": "AWS::LanguageExtensions"}
    assert json.loads(evaluate({"Fn::ToJsonString": value}, scope(document))) == value


def test_no_value_removes_the_key_and_the_item() -> None:
    nothing = {"Ref": "AWS::NoValue"}
    assert evaluate({"A": nothing, "B": [1, nothing, 2]}, scope()) == {"B": [1, 2]}


def test_what_is_made_of_an_unknown_value_is_unknown() -> None:
    unknown = scope(resources={"R": {"PhysicalId": "old"}})
    unknown.unknown.add("R")
    for value in (
        {"Ref": "R"},
        {"Fn::GetAtt": ["R", "Arn"]},
        {"Fn::Sub": "x-${R}-y"},
        {"Fn::Join": ["", ["a", {"Ref": "R"}]]},
        {"Fn::Select": [0, {"Fn::Split": ["/", {"Ref": "R"}]}]},
    ):
        assert evaluate(value, unknown) == KNOWN_AFTER_APPLY


def test_references_reach_resources_attributes_exports_and_pseudo_parameters() -> None:
    here = scope(
        resources={"R": {"PhysicalId": "id", "Attributes": {"A.B": "x"}, "Properties": {"P": {"Q": "y"}}}},
        exports={"shared": "z"},
    )
    assert evaluate({"Ref": "R"}, here) == "id"
    assert evaluate({"Fn::GetAtt": "R.A.B"}, here) == "x"
    assert evaluate({"Fn::Sub": "${R.P.Q} ${AWS::Region}"}, here) == "y eu-west-1"
    assert (
        evaluate({"Fn::ImportValue": {"Fn::Sub": "shar${X}"}}, scope(parameters={"X": "ed"}, exports={"shared": "z"}))
        == "z"
    )
    assert evaluate({"Fn::GetAZs": ""}, here) == ["eu-west-1a", "eu-west-1b"]


def test_conditions_choose_the_branch() -> None:
    document = {
        "Conditions": {
            "Prod": {"Fn::Equals": [{"Ref": "Env"}, "prod"]},
            "Either": {"Fn::Or": [{"Condition": "Prod"}, {"Fn::Equals": [1, "1"]}]},
            "Both": {"Fn::And": [{"Condition": "Prod"}, {"Condition": "Either"}]},
            "Not": {"Fn::Not": [{"Condition": "Prod"}]},
        }
    }
    found = scope(document, {"Env": "dev"}).conditions()
    assert found == {"Prod": False, "Either": True, "Both": False, "Not": True}
    chosen = {"Fn::If": ["Prod", {"Fn::ImportValue": "never looked up"}, "dev"]}
    assert evaluate(chosen, scope(document, {"Env": "dev"})) == "dev"


@pytest.mark.aws_rule(
    "Intrinsic functions and pseudo parameters give the documented values",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html",
)
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"Fn::Select": [5, ["a"]]}, "cannot select nonexistent value at index 5"),
        ({"Fn::FindInMap": ["M", "a", "b"]}, "Mapping named 'M' is not present"),
        ({"Fn::Sub": "${a b}"}, "variable names in Fn::Sub syntax"),
        ({"Fn::Sub": ["x"]}, "don't specify expected arguments"),
        ({"Fn::Join": "x"}, "every Fn::Join object requires two parameters"),
        ({"Fn::Cidr": ["10.0.0.0/30", 9, 8]}, "Fn::Cidr cannot make"),
        ({"Fn::ImportValue": "x"}, "No export named x found."),
        ({"Fn::ToJsonString": {}}, "needs the transform AWS::LanguageExtensions"),
        ({"Fn::Nonsense": []}, "Fn::Nonsense is not supported"),
        ({"Fn::Transform": {"Name": "AWS::Include"}}, "No transform named AWS::Include found."),
    ],
)
def test_a_function_that_cannot_be_evaluated_says_why(value: Any, message: str) -> None:
    with pytest.raises(TemplateError, match=None) as error:
        evaluate(value, scope())
    assert message in error.value.message
