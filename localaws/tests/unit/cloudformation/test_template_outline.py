"""What a template must look like before anybody asks what it means, and what of it localaws does not have."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localaws.core.errors import ServiceError
from localaws.services.cloudformation.change_set import resource_changes
from localaws.services.cloudformation.deployment import outputs
from localaws.services.cloudformation.parameters import resolve_parameters
from localaws.services.cloudformation.rules import check_rules
from localaws.services.cloudformation.schema import ResourceSchema, resource_schema
from localaws.services.cloudformation.template import parse_template
from localaws.services.cloudformation.unsupported import refuse_unsupported_types
from localaws.services.cloudformation.validation import check_capabilities, check_policies, validate_template
from tests.unit.cloudformation.scopes import scope

TOPIC = {"Type": "AWS::SNS::Topic"}
TOPICS: dict[str, Any] = {"Resources": {"T": TOPIC}}


def _refusal(document: Any) -> str:
    with pytest.raises(ServiceError) as error:
        template = parse_template(json.dumps(document))
        validate_template(template, _schema)
    assert error.value.code in ("ValidationError", "NotImplemented")
    return error.value.message


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (TOPICS | {"Parameters": {"My-P": {"Type": "String"}}}, "Parameter name My-P is non alphanumeric."),
        (TOPICS | {"Parameters": {"AWS::NoValue": {"Type": "String"}}}, "name AWS::NoValue is non alphanumeric."),
        (TOPICS | {"Outputs": {"a-b": {"Value": "x"}}}, "Outputs name 'a-b' is non alphanumeric."),
        (TOPICS | {"Mappings": {"a-b": {"c": {"d": "e"}}}}, "Mappings name 'a-b' is non alphanumeric."),
        ({"Resources": {"T-x": TOPIC}}, "Resource name T-x is non alphanumeric."),
        ({"Resources": {"T": "x"}}, "Any Resources member must be an object."),
        ({"Resources": {"T": TOPIC | {"Condition": ["x"]}}}, "Every Condition member must be a string."),
        ({"Resources": {"T": TOPIC | {"DependsOn": [["x"]]}}}, "DependsOn must be a string or list of strings."),
        ({"Resources": {"T": TOPIC | {"Properties": {"Fn::Sub": "x"}}}}, "not an intrinsic function"),
        (
            {"Resources": {"T": TOPIC | {"DeletionPolicy": {"Fn::Sub": "Retain"}}}},
            "Every DeletionPolicy member must be",
        ),
        (TOPICS | {"Outputs": {"A": {"Value": None}}}, "[/Outputs/A/Value] 'null' values are not allowed in templates"),
        (TOPICS | {"Outputs": {"A": {}}}, "Every Outputs member must contain a Value object"),
        (TOPICS | {"Mappings": {"A": {"b": "c"}}}, "Every Mappings member b must be a map"),
        (TOPICS | {"Mappings": {"A": {"b": {"c": {"d": "e"}}}}}, "Every Mappings attribute must be a String or"),
    ],
)
def test_what_is_no_template_is_refused_in_awss_words(document: Any, message: str) -> None:
    assert message in _refusal(document)


def test_a_condition_may_have_any_name() -> None:
    condition = {"Conditions": {"AWS::NoValue": {"Fn::Equals": ["a", "a"]}}}
    template = parse_template(json.dumps({"Resources": {"T": TOPIC | {"Condition": "AWS::NoValue"}}, **condition}))
    validate_template(template, _schema)


def test_transforms_loops_and_types_that_are_not_here_are_told_all_at_once() -> None:
    message = _refusal(
        {
            "Transform": ["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"],
            "Globals": {"Function": {"Timeout": 3}},
            "Resources": {
                "F": {"Type": "AWS::Serverless::Function"},
                "G": {"Type": "AWS::Serverless::Function"},
                "T": TOPIC | {"Properties": {"Fn::Transform": {"Name": "AWS::Include"}}},
                "Fn::ForEach::Topics": ["Name", ["A"], {"T${Name}": TOPIC}],
            },
        }
    )
    assert message == (
        "localaws does not implement what this template uses: transform AWS::Serverless-2016-10-31; transform "
        "AWS::Include; function Fn::ForEach::Topics; resource type AWS::Serverless::Function (F, G)."
    )


def test_types_are_refused_together_and_those_that_are_here_are_not() -> None:
    with pytest.raises(ServiceError, match=r"AWS::EC2::Route \(B\); resource type AWS::Glue::Job \(A\)\."):
        refuse_unsupported_types({"A": {"Type": "AWS::Glue::Job"}, "B": {"Type": "AWS::EC2::Route"}, "T": TOPIC})


def test_a_transform_needs_the_capability_where_nobody_looks_at_what_it_makes() -> None:
    template = parse_template(json.dumps(TOPICS | {"Transform": "AWS::LanguageExtensions"}))
    with pytest.raises(ServiceError, match=r"Requires capabilities : \[CAPABILITY_AUTO_EXPAND\]"):
        check_capabilities(template, ["CAPABILITY_NAMED_IAM"], is_change_set=False)
    check_capabilities(template, ["CAPABILITY_AUTO_EXPAND"], is_change_set=False)
    check_capabilities(template, [], is_change_set=True)


FUNCTIONS = (
    "Ref",
    "Condition",
    *(f"Fn::{name}" for name in ["If", "Sub", "GetAtt", "Join", "Select", "Split", "FindInMap"]),
)
MORE = tuple(
    f"Fn::{name}"
    for name in ["ImportValue", "Base64", "Cidr", "GetAZs", "Length", "Equals", "And", "Or", "Not", "Contains"]
)
TEXTS = ("T", "P", "C", "M", "x", "", "AWS::Region", "AWS::NoValue", "T.TopicName", "${T} ${P} ${", "a,b", ",")
JUNK = st.recursive(
    st.booleans() | st.integers(-2, 2) | st.sampled_from(TEXTS),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from((*FUNCTIONS, *MORE)), inner, min_size=1, max_size=1)
    ),
    max_leaves=6,
)
DECLARATION = st.fixed_dictionaries(
    {"Type": st.sampled_from(["String", "Number", "CommaDelimitedList"]) | JUNK},
    optional=dict.fromkeys(("Default", "AllowedValues", "AllowedPattern", "MinLength", "MaxValue", "NoEcho"), JUNK),
)
TEMPLATE = st.fixed_dictionaries(
    {
        "Parameters": st.fixed_dictionaries({"P": DECLARATION | JUNK}),
        "Conditions": st.fixed_dictionaries({"C": st.just({"Fn::Equals": ["a", "a"]}) | JUNK}),
        "Mappings": st.just({"M": {"a": {"b": "c"}}}) | JUNK,
        "Outputs": st.fixed_dictionaries({"O": st.fixed_dictionaries({"Value": JUNK}, optional={"Condition": JUNK})}),
        "Properties": JUNK,
    },
    optional={
        "Rules": st.fixed_dictionaries({"R": st.fixed_dictionaries({"Assertions": JUNK})}) | JUNK,
        "Transform": st.just("AWS::LanguageExtensions") | JUNK,
        "DependsOn": JUNK,
        "DeletionPolicy": JUNK,
    },
)


@settings(max_examples=200)
@given(TEMPLATE)
def test_whatever_is_sent_as_a_template_is_taken_or_refused_never_a_failure(document: dict[str, Any]) -> None:
    own = {key: document.pop(key) for key in ("DependsOn", "DeletionPolicy") if key in document}
    topic = TOPIC | own | {"Properties": {"DisplayName": document.pop("Properties")}}
    try:
        template = parse_template(json.dumps(document | {"Resources": {"T": topic}}))
        validate_template(template, _schema)
        given_scope = scope(template.document)
        given_scope.parameters = resolve_parameters(template, [], {}, lambda _: {})
        given_scope.conditions()
        check_rules(template, given_scope, given_scope.parameters)
        check_policies(given_scope.active_resources(), may_be_functions=False)
        resource_changes(given_scope, {}, _schema, {})
        outputs(given_scope)
    except ServiceError as error:
        assert error.code in ("ValidationError", "NotImplemented")


def test_a_condition_that_waits_for_itself_is_refused() -> None:
    circle = {"Conditions": {"A": {"Fn::Not": [{"Condition": "B"}]}, "B": {"Condition": "A"}}}
    with pytest.raises(ServiceError, match=r"Circular dependency between conditions: \[A, B\]"):
        scope(circle).conditions()


def _schema(kind: str) -> ResourceSchema:
    return resource_schema(kind, "eu-west-1")
