"""A template's values, once account and parameters are given."""

from __future__ import annotations

from typing import Any

from scripts.decisions.rendered_stack import RenderedStack

ROLE = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Fn::Sub": "${Project}-build"}}}


def rendered(resources: dict[str, Any], imports: dict[str, str] | None = None, **members: Any) -> RenderedStack:
    parameters = {"Project": {"Type": "String"}, "Arns": {"Type": "CommaDelimitedList", "Default": ""}}
    conditions = {"HasArns": {"Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": "Arns"}]}, ""]}]}}
    given = {"Project": "sample", **members.pop("given", {})}
    template = {"Parameters": parameters, "Conditions": conditions, "Resources": resources, **members}
    return RenderedStack("stack", template, "660011223344", given, imports or {})


def value_of(value: Any, **members: Any) -> Any:
    stack = rendered({"Thing": {"Type": "Custom::Thing", "Properties": {"Value": value}}, "Role": ROLE}, **members)
    return stack.of_type("Custom::Thing")["Thing"].get("Value")


def test_names_and_arns_are_those_of_the_account() -> None:
    assert value_of({"Fn::GetAtt": ["Role", "Arn"]}) == "arn:aws:iam::660011223344:role/sample-build"
    assert value_of({"Ref": "Role"}) == "sample-build"
    assert value_of({"Fn::Sub": "${AWS::Partition}:${AWS::Region}:${AWS::AccountId}:${Role.Arn}"}) == (
        "aws:ap-southeast-2:660011223344:arn:aws:iam::660011223344:role/sample-build"
    )
    assert value_of({"Fn::Sub": ["${Project}-${Own}", {"Own": {"Fn::Join": ["-", ["a", "b"]]}}]}) == "sample-a-b"
    assert value_of({"Fn::GetAtt": "Thing.Size"}) == "stack.Thing.Size"


def test_lists_and_conditions_follow_the_parameters() -> None:
    chosen = {"Fn::If": ["HasArns", {"Ref": "Arns"}, {"Ref": "AWS::NoValue"}]}
    assert value_of(chosen) is None
    assert value_of(chosen, given={"Arns": "x,y"}) == ["x", "y"]
    assert value_of([{"Fn::If": ["HasArns", "a", {"Ref": "AWS::NoValue"}]}, "b"]) == ["b"]
    assert value_of({"Fn::Split": ["_", {"Ref": "Project"}]}, given={"Project": "a_b"}) == ["a", "b"]


def test_a_resource_whose_condition_does_not_hold_is_not_there() -> None:
    conditional = {"Role": {**ROLE, "Condition": "HasArns"}}
    assert rendered(conditional).resources == {}
    assert list(rendered(conditional, given={"Arns": "x"}).resources) == ["Role"]


def test_a_statement_of_nothing_but_a_condition_is_no_reference_to_one() -> None:
    assert value_of({"Condition": {"Bool": {"a": "b"}}}) == {"Condition": {"Bool": {"a": "b"}}}


def test_what_one_stack_exports_another_imports() -> None:
    outputs = {"Key": {"Value": {"Ref": "Role"}, "Export": {"Name": {"Fn::Sub": "${Project}-key"}}}}
    exports = rendered({"Role": ROLE}, Outputs=outputs).exports
    assert exports == {"sample-key": "sample-build"}
    imported = {"Fn::ImportValue": {"Fn::Sub": "${Project}-key"}}
    assert value_of(imported, imports=exports) == "sample-build"
    assert value_of(imported) == "import sample-key"
