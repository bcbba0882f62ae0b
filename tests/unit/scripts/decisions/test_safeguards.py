"""What a plan marks: a permissions boundary, a policy or a statement that a change set takes away."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scripts.decisions.change_set import ResourceChange, resource_changes
from scripts.decisions.safeguards import removed_safeguards
from scripts.decisions.stack_preview import creation_lines, removals, update_lines

BOUNDARY = "arn:aws:iam::550011223344:policy/corporate-boundary"


def statement(sid: str, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Sid": sid, "Effect": effect, "Action": "s3:*", "Resource": "*", **more}


def changed(before: dict[str, Any], after: dict[str, Any], kind: str = "AWS::IAM::Role") -> ResourceChange:
    document = {
        "Action": "Modify",
        "LogicalResourceId": "R",
        "ResourceType": kind,
        "Replacement": "False",
        "BeforeContext": json.dumps({"Properties": before}),
        "AfterContext": json.dumps({"Properties": after}),
    }
    return resource_changes([{"ResourceChange": document}])[0]


def role(*statements: dict[str, Any], name: str = "Use", **more: Any) -> dict[str, Any]:
    return {"Policies": [{"PolicyName": name, "PolicyDocument": {"Statement": list(statements)}}], **more}


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (role(PermissionsBoundary=BOUNDARY), role(), [f"the permissions boundary {BOUNDARY}"]),
        ({"ManagedPolicyArns": ["a", "b"]}, {"ManagedPolicyArns": ["b"]}, ["the managed policy a"]),
        (role(statement("A")), {"Policies": []}, ["the policy Policies/Use/PolicyDocument"]),
        (
            role(statement("A"), statement("B", "Deny")),
            role(statement("A")),
            ["the statement B (Deny) of Policies/Use/PolicyDocument"],
        ),
        (
            {"PolicyDocument": json.dumps({"Statement": [statement("A"), statement("B")]})},
            {"PolicyDocument": json.dumps({"Statement": statement("B")})},
            ["the statement A (Allow) of PolicyDocument"],
        ),
    ],
)
def test_what_guards_and_goes_is_named(before: dict[str, Any], after: dict[str, Any], found: list[str]) -> None:
    change = changed(before, after)
    assert removed_safeguards(change) == found
    assert removals([change, change]) == 2
    assert [line for line in update_lines({}, {}, [change]) if "REMOVES" in line] == [
        f"    !! REMOVES {each}" for each in found
    ]


def test_what_moves_or_says_something_else_is_no_removal() -> None:
    before = role(statement("A"), statement("B"), {"Effect": "Allow", "Action": "x:Y", "Resource": "*"})
    after = role(
        {"Resource": "*", "Effect": "Allow", "Action": "x:Y"}, statement("B", Action="s3:Get*"), statement("A")
    )
    assert removed_safeguards(changed(before, after)) == []
    assert removed_safeguards(changed(role(PermissionsBoundary="a"), role(PermissionsBoundary="b"))) == []


def test_a_statement_that_turns_from_deny_to_allow_is_a_removal() -> None:
    assert removed_safeguards(changed(role(statement("A", "Deny")), role(statement("A")))) == [
        "the statement A (Deny) of Policies/Use/PolicyDocument"
    ]


def test_a_policy_that_is_deleted_is_a_removal_and_another_resource_is_none() -> None:
    removed = [
        {"ResourceChange": {"Action": "Remove", "LogicalResourceId": "P", "ResourceType": kind}}
        for kind in ("AWS::S3::BucketPolicy", "AWS::SNS::Topic")
    ]
    assert [removed_safeguards(each) for each in resource_changes(removed)] == [["the policy P"], []]


def test_where_cloudformation_tells_no_values_a_boundary_is_seen_by_its_path() -> None:
    detail = {"Target": {"Path": "/Properties/PermissionsBoundary", "BeforeValue": BOUNDARY}}
    document = {"Action": "Modify", "LogicalResourceId": "R", "ResourceType": "AWS::IAM::Role", "Details": [detail]}
    (change,) = resource_changes([{"ResourceChange": document}])
    assert removed_safeguards(change) == [f"the permissions boundary {BOUNDARY}"]


def test_a_preview_lists_parameters_properties_and_what_a_new_resource_is_made_with() -> None:
    new = {
        "Action": "Add",
        "LogicalResourceId": "N",
        "ResourceType": "AWS::SNS::Topic",
        "AfterContext": json.dumps({"Properties": {"DisplayName": "x"}}),
    }
    lines = update_lines({"A": "1", "B": "1"}, {"A": "2", "B": "1"}, resource_changes([{"ResourceChange": new}]))
    assert lines == ["parameter A: 1 -> 2", "+ N  AWS::SNS::Topic", "    DisplayName: x"]
    assert creation_lines({"A": "1", "B": None, "C": ""}) == ["A: 1"]
