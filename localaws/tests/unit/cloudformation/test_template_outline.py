"""What a template must look like before anybody asks what it means, and what of it localaws does not have."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.core.errors import ServiceError
from localaws.services.cloudformation.schema import resource_schema
from localaws.services.cloudformation.template import parse_template
from localaws.services.cloudformation.unsupported import refuse_unsupported_types
from localaws.services.cloudformation.validation import check_capabilities, validate_template

TOPIC = {"Type": "AWS::SNS::Topic"}
TOPICS: dict[str, Any] = {"Resources": {"T": TOPIC}}


def _refusal(document: Any) -> str:
    with pytest.raises(ServiceError) as error:
        template = parse_template(json.dumps(document))
        validate_template(template, lambda kind: resource_schema(kind, "eu-west-1"))
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
    validate_template(template, lambda kind: resource_schema(kind, "eu-west-1"))


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


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["x", "", "T", "AWS::SNS::Topic"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Ref", "Fn::If", "Fn::Sub", "Fn::GetAtt", "Type", "Condition", "Value", "Name", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["Parameters", "Outputs", "Conditions", "Mappings", "Rules", "Metadata", "Transform"]), JUNK
    ),
    st.dictionaries(
        st.sampled_from(["Properties", "Condition", "DependsOn", "DeletionPolicy", "Metadata", "UpdatePolicy"]), JUNK
    ),
)
def test_whatever_is_sent_as_a_template_is_taken_or_refused_never_a_failure(
    sections: dict[str, Any], resource: dict[str, Any]
) -> None:
    body = json.dumps({**sections, "Resources": {"T": {**TOPIC, **resource}}})
    try:
        template = parse_template(body)
        validate_template(template, lambda kind: resource_schema(kind, "eu-west-1"))
    except ServiceError as error:
        assert error.code in ("ValidationError", "NotImplemented")
