"""Change sets: what they say will happen, and that executing them does it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.functional.stacks import HANDLE, Stacks, parameter, refused, resources

Client = Callable[..., Any]


@pytest.fixture
def stacks(client: Client) -> Stacks:
    return Stacks(client("cloudformation"))


def _queue_template(unique: str, queue: str, value: Any) -> dict[str, Any]:
    template = resources(
        Queue={"Type": "AWS::SQS::Queue", "Properties": {"QueueName": queue}},
        Arn=parameter(f"/{unique}/arn", {"Fn::GetAtt": ["Queue", "Arn"]}),
        Value=parameter(f"/{unique}/value", value),
    )
    template["Parameters"] = {"Env": {"Type": "String", "Default": "dev"}}
    return template


@pytest.mark.aws_rule(
    "A change set tells each property's path, value before and after, and whether it replaces the resource",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html",
)
def test_a_change_set_tells_every_property_before_and_after(stacks: Stacks, unique: str) -> None:
    template = _queue_template(unique, f"{unique}-1", {"Fn::Sub": "is ${Env}"})
    stacks.create(unique, template)
    changes = stacks.changes(
        unique,
        _queue_template(unique, f"{unique}-2", {"Fn::Sub": "is ${Env}"}),
        Parameters=[{"ParameterKey": "Env", "ParameterValue": "prod"}],
    )
    assert list(changes) == ["Queue", "Value", "Arn"]
    queue = changes["Queue"]
    assert (queue["Action"], queue["Replacement"], queue["Scope"], queue["PolicyAction"]) == (
        "Modify",
        "True",
        ["Properties"],
        "ReplaceAndDelete",
    )
    assert queue["Details"][0]["Target"] == {
        "Attribute": "Properties",
        "Name": "QueueName",
        "RequiresRecreation": "Always",
        "Path": "/Properties/QueueName",
        "BeforeValue": f"{unique}-1",
        "AfterValue": f"{unique}-2",
        "AttributeChangeType": "Modify",
    }
    value = changes["Value"]
    assert value["Replacement"] == "False"
    detail = value["Details"][0]
    assert (detail["ChangeSource"], detail["CausingEntity"]) == ("ParameterReference", "Env")
    assert (detail["Target"]["BeforeValue"], detail["Target"]["AfterValue"]) == ("is dev", "is prod")
    dependent = changes["Arn"]["Details"][0]
    assert (dependent["Evaluation"], dependent["ChangeSource"], dependent["CausingEntity"]) == (
        "Dynamic",
        "ResourceAttribute",
        "Queue.Arn",
    )
    assert dependent["Target"]["AfterValue"] == "{{changeSet:KNOWN_AFTER_APPLY}}"


def test_without_property_values_only_names_are_told(stacks: Stacks, unique: str) -> None:
    stacks.create(unique, resources(P=parameter(f"/{unique}", "secret")))
    stacks.change_set(unique, resources(P=parameter(f"/{unique}", "other")))
    found = stacks.client.describe_change_set(StackName=unique, ChangeSetName="changes")
    change = found["Changes"][0]["ResourceChange"]
    assert change["Details"][0]["Target"] == {
        "Attribute": "Properties",
        "Name": "Value",
        "RequiresRecreation": "Never",
    }
    assert "BeforeContext" not in change
    assert "secret" not in json.dumps(found, default=str)


def test_a_change_set_of_a_new_stack_adds_and_executes(stacks: Stacks, client: Client, unique: str) -> None:
    template = resources(P=parameter(f"/{unique}"))
    found = stacks.change_set(unique, template, ChangeSetType="CREATE")
    assert [each["ResourceChange"]["Action"] for each in found["Changes"]] == ["Add"]
    assert stacks.client.describe_stacks(StackName=unique)["Stacks"][0]["StackStatus"] == "REVIEW_IN_PROGRESS"
    stacks.client.execute_change_set(StackName=unique, ChangeSetName="changes", ClientRequestToken="t-1")
    stack = stacks.rest(unique)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["ChangeSetId"] == found["ChangeSetId"]
    assert client("ssm").get_parameter(Name=f"/{unique}")
    deadline = time.monotonic() + 10
    while (status := _execution_status(stacks, found["ChangeSetId"])) == "EXECUTE_IN_PROGRESS":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert status == "EXECUTE_COMPLETE"


def _execution_status(stacks: Stacks, arn: str) -> str:
    return str(stacks.client.describe_change_set(ChangeSetName=arn)["ExecutionStatus"])


def test_removed_and_added_resources_are_told_apart(stacks: Stacks, unique: str) -> None:
    stacks.create(unique, resources(Old=parameter(f"/{unique}/old", DeletionPolicy="Retain"), H=HANDLE))
    changes = stacks.changes(unique, resources(New=parameter(f"/{unique}/new"), H=HANDLE))
    assert {name: change["Action"] for name, change in changes.items()} == {"New": "Add", "Old": "Remove"}
    assert changes["Old"]["PolicyAction"] == "Retain"


def test_stack_tags_change_the_tags_of_resources(stacks: Stacks, unique: str) -> None:
    stacks.create(unique, resources(T={"Type": "AWS::SNS::Topic"}), Tags=[{"Key": "a", "Value": "1"}])
    changes = stacks.changes(unique, resources(T={"Type": "AWS::SNS::Topic"}), Tags=[{"Key": "a", "Value": "2"}])
    assert changes["T"]["Scope"] == ["Tags"]
    assert changes["T"]["Replacement"] == "False"


@pytest.mark.aws_rule(
    "A change set without changes has status FAILED and cannot be executed",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html",
)
def test_a_change_set_without_changes_fails_with_awss_reason(stacks: Stacks, unique: str) -> None:
    stacks.create(unique, resources(H=HANDLE))
    found = stacks.change_set(unique, resources(H=HANDLE))
    assert (found["Status"], found["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert found["StatusReason"].startswith("The submitted information didn't contain changes.")
    code, message = refused(stacks.client.execute_change_set, ChangeSetName=found["ChangeSetId"])
    assert code == "InvalidChangeSetStatus"
    assert "cannot be executed in its current status of [FAILED]" in message


@pytest.mark.aws_rule(
    "A change set's name is taken once per stack; the same client token makes one change set",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html",
)
def test_names_and_tokens_of_change_sets(stacks: Stacks, unique: str) -> None:
    stacks.create(unique, resources(H=HANDLE))
    request = {
        "StackName": unique,
        "ChangeSetName": "changes",
        "TemplateBody": json.dumps(resources(H=HANDLE, P=parameter(f"/{unique}"))),
    }
    first = stacks.client.create_change_set(**request, ClientToken="one")
    assert stacks.client.create_change_set(**request, ClientToken="one")["Id"] == first["Id"]
    assert refused(stacks.client.create_change_set, **request)[0] == "AlreadyExistsException"
    names = [each["ChangeSetName"] for each in stacks.client.list_change_sets(StackName=unique)["Summaries"]]
    assert names == ["changes"]
    stacks.client.delete_change_set(StackName=unique, ChangeSetName="changes")
    assert (
        refused(stacks.client.describe_change_set, StackName=unique, ChangeSetName="changes")[0] == "ChangeSetNotFound"
    )


@pytest.mark.aws_rule(
    "A change set of type CREATE needs a stack that does not exist, one of type UPDATE a stack that does",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html",
)
def test_change_sets_need_the_right_kind_of_stack(stacks: Stacks, unique: str) -> None:
    body = json.dumps(resources(H=HANDLE))
    call = stacks.client.create_change_set
    assert refused(call, StackName=unique, ChangeSetName="c", TemplateBody=body) == (
        "ValidationError",
        f"Stack [{unique}] does not exist",
    )
    stacks.create(unique, resources(H=HANDLE))
    _, message = refused(call, StackName=unique, ChangeSetName="c", TemplateBody=body, ChangeSetType="CREATE")
    assert "already exists and cannot be created again with the changeSet [c]" in message


def test_a_new_output_alone_is_a_change(stacks: Stacks, unique: str) -> None:
    stacks.create(unique, resources(H=HANDLE))
    template = resources(H=HANDLE) | {"Outputs": {"Out": {"Value": "x"}}}
    found = stacks.change_set(unique, template)
    assert (found["Status"], found["Changes"]) == ("CREATE_COMPLETE", [])
    stacks.client.execute_change_set(StackName=unique, ChangeSetName="changes")
    stacks.rest(unique)
    assert stacks.outputs(unique) == {"Out": "x"}


@pytest.mark.aws_rule(
    "The value of a NoEcho parameter is shown as asterisks",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html",
)
def test_the_value_of_a_noecho_parameter_is_shown_nowhere(stacks: Stacks, unique: str) -> None:
    def template(name: str) -> dict[str, Any]:
        found = resources(P=parameter(f"/{unique}/{name}", {"Fn::Sub": "x-${Secret}"}))
        return found | {"Parameters": {"Secret": {"Type": "String", "NoEcho": True}}}

    def given(value: str) -> list[dict[str, Any]]:
        return [{"ParameterKey": "Secret", "ParameterValue": value}]

    stacks.create(unique, template("a"), Parameters=given("first-secret"))
    found = stacks.change_set(unique, template("a"), Parameters=given("second-secret"))
    target = found["Changes"][0]["ResourceChange"]["Details"][0]["Target"]
    assert (target["BeforeValue"], target["AfterValue"]) == ("****", "****")
    stacks.client.execute_change_set(StackName=unique, ChangeSetName="changes")
    stacks.rest(unique)
    stacks.update(unique, template("b"), Parameters=given("third-secret"))
    shown = json.dumps(
        [found, stacks.full_events(unique), stacks.client.describe_stacks(StackName=unique)], default=str
    )
    assert "-secret" not in shown


def test_a_change_set_that_failed_gives_way_to_the_next_of_its_name(stacks: Stacks, unique: str) -> None:
    template = resources(H=HANDLE)
    stacks.create(unique, template)
    for _ in range(2):  # two deployments with nothing to do within one second name their change sets alike
        assert stacks.change_set(unique, template)["Status"] == "FAILED"
