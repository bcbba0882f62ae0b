"""Parameters and rules: values, constraints, assertions."""

from __future__ import annotations

from typing import Any

import pytest

from localaws.services.cloudformation.errors import TemplateError
from localaws.services.cloudformation.parameters import resolve_parameters
from localaws.services.cloudformation.rules import check_rules
from localaws.services.cloudformation.template import Template
from tests.unit.cloudformation.scopes import scope


def _resolve(declared: dict[str, Any], given: list[dict[str, Any]], previous: dict[str, str] | None = None) -> Any:
    stored = {"/there": "value"}
    template = Template("", {"Parameters": declared})
    return resolve_parameters(
        template, given, previous or {}, lambda names: {name: stored[name] for name in names if name in stored}
    )


@pytest.mark.aws_rule(
    "A parameter without a default and a value is refused; UsePreviousValue takes what the stack has",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html",
)
def test_given_beats_previous_beats_default() -> None:
    declared = {"A": {"Type": "String", "Default": "d"}}
    assert _resolve(declared, [])["A"].value == "d"
    assert _resolve(declared, [{"ParameterKey": "A", "UsePreviousValue": True}], {"A": "p"})["A"].value == "p"
    assert _resolve(declared, [{"ParameterKey": "A", "ParameterValue": "g"}], {"A": "p"})["A"].value == "g"


@pytest.mark.aws_rule(
    "A CommaDelimitedList is split at commas and its items are trimmed",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html",
)
def test_lists_are_split_and_trimmed() -> None:
    assert _resolve({"A": {"Type": "CommaDelimitedList", "Default": "a, b"}}, [])["A"].value == ["a", "b"]
    assert _resolve({"A": {"Type": "List<Number>", "Default": "1,2"}}, [])["A"].value == ["1", "2"]
    assert _resolve({"A": {"Type": "CommaDelimitedList", "Default": ""}}, [])["A"].value == []


def test_ssm_types_give_what_is_stored() -> None:
    found = _resolve({"A": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/there"}}, [])["A"]
    assert (found.text, found.value) == ("/there", "value")


@pytest.mark.aws_rule(
    "A parameter keeps its type, AllowedValues, AllowedPattern, lengths and bounds; its default does as well",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html",
)
@pytest.mark.parametrize(
    ("declaration", "given", "message"),
    [
        ({"Type": "String"}, [], "Parameters: [A] must have values"),
        ({"Type": "Sting"}, [{"ParameterKey": "A", "ParameterValue": "x"}], "Unrecognized parameter type: Sting"),
        ({"Type": "String"}, [{"ParameterKey": "A", "UsePreviousValue": True}], "Cannot specify usePreviousValue"),
        ({"Type": "List<Number>", "Default": "1,x"}, [], "Parameter 'A' must be a number"),
        ({"Type": "String", "Default": "ab", "AllowedPattern": "a"}, [], "Parameter 'A' must match pattern a"),
        ({"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/no"}, [], "Unable to fetch parameters [/no]"),
    ],
)
def test_what_a_parameter_must_not_be(declaration: dict[str, Any], given: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(TemplateError) as error:
        _resolve({"A": declaration}, given)
    assert message in error.value.message


@pytest.mark.aws_rule(
    "Rules are asserted on the parameters before anything is made",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html",
)
@pytest.mark.parametrize(
    ("assertion", "holds"),
    [
        ({"Fn::Contains": [["a", "b"], {"Ref": "One"}]}, True),
        ({"Fn::Contains": [["b"], {"Ref": "One"}]}, False),
        ({"Fn::EachMemberIn": [{"Ref": "Many"}, ["x", "y", "z"]]}, True),
        ({"Fn::EachMemberIn": [{"Ref": "Many"}, ["x"]]}, False),
        ({"Fn::EachMemberEquals": [["a", "a"], {"Ref": "One"}]}, True),
        ({"Fn::Not": [{"Fn::Equals": [{"Ref": "One"}, ""]}]}, True),
        (
            {"Fn::And": [{"Fn::Equals": [1, "1"]}, {"Fn::Or": [{"Fn::Equals": [1, 2]}, {"Fn::Equals": ["a", "a"]}]}]},
            True,
        ),
        ({"Fn::EachMemberIn": [{"Fn::RefAll": "String"}, ["a"]]}, True),
    ],
)
def test_rule_functions(assertion: dict[str, Any], holds: bool) -> None:
    document = {
        "Parameters": {"One": {"Type": "String"}, "Many": {"Type": "CommaDelimitedList"}},
        "Rules": {"R": {"Assertions": [{"Assert": assertion, "AssertDescription": "because"}]}},
    }
    here = scope(document, {"One": "a", "Many": "x,y"})
    if holds:
        check_rules(here.template, here, here.parameters)
        return
    with pytest.raises(TemplateError, match="because"):
        check_rules(here.template, here, here.parameters)
