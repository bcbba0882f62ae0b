"""Change sets as people read them."""

from __future__ import annotations

import pytest

from scripts.decisions.change_set import parameter_changes, resource_changes

MODEL = {
    "ResourceChange": {
        "Action": "Modify",
        "LogicalResourceId": "Model",
        "ResourceType": "AWS::SageMaker::Model",
        "Replacement": "True",
        "Details": [
            {
                "Target": {
                    "Attribute": "Properties",
                    "Name": "Containers",
                    "Path": "/Properties/Containers/0/ModelPackageName",
                    "RequiresRecreation": "Always",
                    "BeforeValue": "old",
                    "AfterValue": "new",
                },
            }
        ],
    }
}


@pytest.mark.aws_rule(
    "A change set tells each property's path, value before and after, and whether it replaces the resource",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html",
)
def test_a_replaced_resource_is_flagged_with_each_property() -> None:
    (change,) = resource_changes([MODEL])
    assert change.replaced
    assert change.lines() == [
        "~ Model  AWS::SageMaker::Model   REPLACED",
        "    /Properties/Containers/0/ModelPackageName: old -> new   (replaces: always)",
    ]


def test_added_and_removed_resources_are_never_called_replaced() -> None:
    changes = resource_changes(
        [
            {"ResourceChange": {"Action": action, "LogicalResourceId": "A", "ResourceType": "T"}}
            for action in ("Add", "Remove")
        ]
    )
    assert [change.lines()[0] for change in changes] == ["+ A  T", "- A  T"]
    assert not any(change.replaced for change in changes)


def test_a_property_that_stands_twice_is_shown_once_with_its_values() -> None:
    detail = MODEL["ResourceChange"]["Details"][0]
    bare = {"Target": {**detail["Target"], "BeforeValue": None, "AfterValue": None}}  # type: ignore[index]
    twice = {"ResourceChange": {**MODEL["ResourceChange"], "Details": [bare, detail]}}
    (change,) = resource_changes([twice])
    assert [each.after for each in change.properties] == ["new"]


def test_long_values_are_cut() -> None:
    (change,) = parameter_changes({"A": "x" * 500}, {"A": "y"})
    assert len(str(change)) < 200


def test_parameters_that_stay_are_not_shown() -> None:
    changes = parameter_changes({"A": "1", "B": "2", "C": "3"}, {"A": "1", "B": "3", "D": "4"})
    assert [str(each) for each in changes] == ["B: 2 -> 3", "C: 3 -> (none)", "D: (none) -> 4"]


def test_long_values_are_shown_where_they_differ() -> None:
    body = "x" * 200
    (change,) = parameter_changes({"A": f"{body} release 1 {body}"}, {"A": f"{body} release 2 {body}"})
    assert "release 1 x" in str(change)
    assert "release 2 x" in str(change)
    assert len(str(change)) < 300


def test_values_that_differ_in_length_alone_are_shown_at_their_end() -> None:
    (change,) = parameter_changes({"A": "x" * 200}, {"A": "x" * 200 + "the end"})
    assert "the end" in str(change)
