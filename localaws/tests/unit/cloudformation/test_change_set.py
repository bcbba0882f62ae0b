"""What a change set says, from records and a template alone."""

from __future__ import annotations

from typing import Any

import pytest

from localaws.services.cloudformation.change_set import resource_changes, without_values
from localaws.services.cloudformation.schema import resource_schema
from tests.unit.cloudformation.scopes import scope


def _changes(
    new: dict[str, Any], records: dict[str, Any], old: dict[str, Any], parameters: dict[str, str] | None = None
) -> dict[str, Any]:
    found = resource_changes(
        scope({"Resources": new}, parameters, records),
        {},
        lambda kind: resource_schema(kind, "eu-west-1"),
        old,
    )
    return {each["LogicalResourceId"]: each for each in found}


def _record(kind: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Type": kind, "PhysicalId": "id", "Properties": properties, "Status": "CREATE_COMPLETE", **more}


def test_dependents_of_a_replaced_resource_may_change() -> None:
    kind = "AWS::SageMaker::Model"
    new = {
        "Model": {"Type": kind, "Properties": {"PrimaryContainer": {"Image": "two"}}},
        "Rule": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "Model"}}},
    }
    records = {
        "Model": _record(kind, {"PrimaryContainer": {"Image": "one"}}),
        "Rule": _record("AWS::SSM::Parameter", {"Type": "String", "Value": "id"}),
    }
    found = _changes(new, records, {**new, "Model": {"Properties": {"PrimaryContainer": {"Image": "one"}}}})
    assert found["Model"]["Replacement"] == "True"
    assert found["Model"]["Details"][0]["Target"]["Path"] == "/Properties/PrimaryContainer/Image"
    assert found["Rule"]["Replacement"] == "False"
    assert found["Rule"]["Details"][0]["CausingEntity"] == "Model"


@pytest.mark.aws_rule(
    "A property that may change makes a Conditional replacement where a change of it would replace",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html",
)
def test_a_createonly_property_that_may_change_makes_a_conditional_replacement() -> None:
    new = {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "two"}},
        "Name": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": {"Fn::GetAtt": ["Queue", "QueueName"]}}},
    }
    records = {
        "Queue": _record("AWS::SQS::Queue", {"QueueName": "one"}),
        "Name": _record("AWS::SSM::Parameter", {"Name": "one"}),
    }
    found = _changes(new, records, {**new, "Queue": {"Properties": {"QueueName": "one"}}})
    assert found["Name"]["Replacement"] == "Conditional"
    assert found["Name"]["Details"][0]["Evaluation"] == "Dynamic"


def test_policies_and_metadata_are_changes_without_replacement() -> None:
    new = {"T": {"Type": "AWS::SNS::Topic", "DeletionPolicy": "Retain", "Metadata": {"a": 1}}}
    found = _changes(new, {"T": _record("AWS::SNS::Topic", {})}, new)
    assert found["T"]["Scope"] == ["Metadata", "DeletionPolicy"]
    assert found["T"]["Replacement"] == "False"


def test_another_type_under_the_same_name_replaces() -> None:
    new = {"T": {"Type": "AWS::SQS::Queue"}}
    found = _changes(new, {"T": _record("AWS::SNS::Topic", {})}, {"T": {"Type": "AWS::SNS::Topic"}})
    assert (found["T"]["Action"], found["T"]["Replacement"]) == ("Modify", "True")


def test_values_are_left_out_unless_asked_for() -> None:
    new = {"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Value": "secret-two"}}}
    records = {"P": _record("AWS::SSM::Parameter", {"Value": "secret-one"})}
    found = list(_changes(new, records, {"P": {"Properties": {"Value": "secret-one"}}}).values())
    assert "secret" in str(found)
    assert "secret" not in str(without_values(found))
