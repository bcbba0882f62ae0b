"""The sentences with which the registry refuses properties."""

from __future__ import annotations

from typing import Any

import pytest

from localaws.services.cloudformation.schema import UnknownResourceTypeError, resource_schema
from localaws.services.cloudformation.schema_validation import problems

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["Name"],
    "dependentRequired": {"Low": ["High"]},
    "definitions": {"Mode": {"type": "string", "enum": ["ON", "OFF"]}},
    "properties": {
        "Name": {"type": "string", "minLength": 2, "maxLength": 4, "pattern": "^[a-z]+$"},
        "Low": {"type": "integer", "minimum": 1},
        "High": {"type": "number", "maximum": 9.5},
        "On": {"type": "boolean"},
        "Mode": {"$ref": "#/definitions/Mode"},
        "List": {"type": "array", "items": {"type": "string"}, "maxItems": 2, "uniqueItems": True},
        "Either": {"oneOf": [{"required": ["A"]}, {"required": ["B"]}], "type": "object"},
    },
}


@pytest.mark.parametrize(
    "properties",
    [
        {"Name": "ab"},
        {"Name": "ab", "Low": "3", "High": "9.5", "On": "true", "Mode": "ON", "List": ["a", 1]},
        {"Name": "ab", "Either": {"A": 1}},
    ],
)
def test_valid_properties_pass_scalars_as_text_too(properties: dict[str, Any]) -> None:
    assert problems(properties, SCHEMA) == []


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({}, "#: required key [Name] not found"),
        ({"Name": "ab", "Nam": 1}, "#: extraneous key [Nam] is not permitted"),
        ({"Name": ["ab"]}, "#/Name: expected type: String, found: JSONArray"),
        ({"Name": "a"}, "#/Name: expected minLength: 2, actual: 1"),
        ({"Name": "abcde"}, "#/Name: expected maxLength: 4, actual: 5"),
        ({"Name": "A1"}, "#/Name: failed validation constraint for keyword [pattern]"),
        ({"Name": "ab", "Low": "x", "High": 1}, "#/Low: expected type: Integer, found: String"),
        ({"Name": "ab", "Low": 0, "High": 1}, "#/Low: 0 is not greater or equal to 1"),
        ({"Name": "ab", "High": 10}, "#/High: 10 is not less or equal to 9.5"),
        ({"Name": "ab", "On": "maybe"}, "#/On: expected type: Boolean, found: String"),
        ({"Name": "ab", "Mode": "HALF"}, "#/Mode: HALF is not a valid enum value"),
        ({"Name": "ab", "List": ["a", "b", "c"]}, "#/List: expected maximum item count: 2, found: 3"),
        ({"Name": "ab", "List": ["a", "a"]}, "#/List: array items are not unique"),
        ({"Name": "ab", "List": [{}]}, "#/List/0: expected type: String, found: JSONObject"),
        ({"Name": "ab", "Low": 1}, "#: property [High] is required because [Low] is present"),
        ({"Name": "ab", "Either": {}}, "#/Either: #: no subschema matched out of the total 2 subschemas"),
    ],
)
def test_what_is_wrong_is_said_in_awss_words(properties: dict[str, Any], problem: str) -> None:
    assert problem in problems(properties, SCHEMA)


def test_awss_schemas_tell_what_a_change_replaces() -> None:
    pipeline = resource_schema("AWS::SageMaker::Pipeline", "eu-west-1")
    assert pipeline.recreation(("PipelineName",)) == "Always"
    assert pipeline.recreation(("PipelineDefinition", "PipelineDefinitionBody")) == "Never"
    model = resource_schema("AWS::SageMaker::Model", "eu-west-1")
    assert model.recreation(("PrimaryContainer", "Image")) == "Always"
    assert model.has_attribute("ModelName")
    assert not model.has_attribute("Colour")


def test_a_type_that_aws_does_not_have_is_unknown() -> None:
    with pytest.raises(UnknownResourceTypeError):
        resource_schema("AWS::Nothing::Here", "eu-west-1")
