"""Stacks: creation, update, rollback, replacement, deletion, exports, as boto3 sees them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.functional.doors import open_queue
from tests.functional.stacks import HANDLE, Stacks, parameter, refused, resources

Client = Callable[..., Any]
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "cloudformation.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


@pytest.fixture
def stacks(client: Client) -> Stacks:
    return Stacks(client("cloudformation"))


@pytest.mark.aws_rule(
    "Every step of every resource is an event of the stack, newest first",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html",
)
def test_a_stack_makes_its_resources_in_order_and_tells_each_step(stacks: Stacks, client: Client, unique: str) -> None:
    template = resources(
        Second=parameter(f"/{unique}/second", {"Fn::GetAtt": ["Queue", "Arn"]}),
        Queue={"Type": "AWS::SQS::Queue"},
    )
    template["Outputs"] = {"Url": {"Value": {"Ref": "Queue"}}}
    stack = stacks.create(unique, template, Tags=[{"Key": "team", "Value": "science"}], ClientRequestToken="token-1")
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stacks.events(unique) == [
        (unique, "CREATE_IN_PROGRESS"),
        ("Queue", "CREATE_IN_PROGRESS"),
        ("Queue", "CREATE_IN_PROGRESS"),
        ("Queue", "CREATE_COMPLETE"),
        ("Second", "CREATE_IN_PROGRESS"),
        ("Second", "CREATE_IN_PROGRESS"),
        ("Second", "CREATE_COMPLETE"),
        (unique, "CREATE_COMPLETE"),
    ]
    assert {event["ClientRequestToken"] for event in stacks.full_events(unique)} == {"token-1"}
    url = stacks.outputs(unique)["Url"]
    arn = client("ssm").get_parameter(Name=f"/{unique}/second")["Parameter"]["Value"]
    assert arn.rsplit(":", 1)[-1] == url.rsplit("/", 1)[-1]
    assert arn.rsplit(":", 1)[-1].startswith(f"{unique}-Queue-")
    assert client("sqs").list_queue_tags(QueueUrl=url)["Tags"] == {"team": "science"}
    request = {"ResourceType": "Parameter", "ResourceId": f"/{unique}/second"}
    tags = {tag["Key"]: tag["Value"] for tag in client("ssm").list_tags_for_resource(**request)["TagList"]}
    assert tags == {
        "team": "science",
        "aws:cloudformation:stack-name": unique,
        "aws:cloudformation:logical-id": "Second",
        "aws:cloudformation:stack-id": stack["StackId"],
    }


def test_a_failed_creation_is_rolled_back_with_its_reason(stacks: Stacks, client: Client, unique: str) -> None:
    client("ssm").put_parameter(Name=f"/{unique}/taken", Value="mine", Type="String")
    template = resources(Good=parameter(f"/{unique}/good"), Taken=parameter(f"/{unique}/taken", DependsOn="Good"))
    stack = stacks.create(unique, template)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "already exists" in stacks.reasons(unique, "CREATE_FAILED")[0]
    assert stacks.reasons(unique, "ROLLBACK_IN_PROGRESS") == [
        "The following resource(s) failed to create: [Taken]. Rollback requested by user."
    ]
    assert ("Good", "DELETE_COMPLETE") in stacks.events(unique)
    assert client("ssm").get_parameters(Names=[f"/{unique}/good", f"/{unique}/taken"])["InvalidParameters"] == [
        f"/{unique}/good"
    ]
    code, message = refused(stacks.client.update_stack, StackName=unique, TemplateBody=json.dumps(template))
    assert code == "ValidationError"
    assert "is in ROLLBACK_COMPLETE state and can not be updated." in message


@pytest.mark.aws_rule(
    "OnFailure and DisableRollback decide what follows a failed creation",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html",
)
@pytest.mark.parametrize(
    ("option", "status"),
    [
        ({"OnFailure": "DO_NOTHING"}, "CREATE_FAILED"),
        ({"DisableRollback": True}, "CREATE_FAILED"),
        ({"OnFailure": "DELETE"}, "DELETE_COMPLETE"),
    ],
)
def test_what_follows_a_failed_creation_can_be_chosen(
    stacks: Stacks, unique: str, option: dict[str, Any], status: str
) -> None:
    bad = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"a": "b"}}}
    assert stacks.create(unique, resources(Bad=bad), **option)["StackStatus"] == status


@pytest.mark.parametrize(
    ("kind", "properties", "reason"),
    [
        ("AWS::SNS::Topic", {"DisplayNam": "x"}, "extraneous key [DisplayNam] is not permitted"),
        ("AWS::SSM::Parameter", {"Type": "String"}, "required key [Value] not found"),
        ("AWS::SNS::Topic", {"DisplayName": ["x"]}, "#/DisplayName: expected type: String, found: JSONArray"),
        ("AWS::SSM::Parameter", {"Type": "Text", "Value": "x"}, "#/Type: Text is not a valid enum value"),
        (
            "AWS::S3::Bucket",
            {"BucketName": "No_Good"},
            "#/BucketName: failed validation constraint for keyword [pattern]",
        ),
        ("AWS::KMS::Key", {"PendingWindowInDays": 3}, "#/PendingWindowInDays: 3 is not greater or equal to 7"),
    ],
)
def test_properties_that_aws_refuses_fail_the_resource_before_it_is_made(
    stacks: Stacks, unique: str, kind: str, properties: dict[str, Any], reason: str
) -> None:
    stack = stacks.create(unique, resources(Bad={"Type": kind, "Properties": properties}))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert reason in stacks.reasons(unique, "CREATE_FAILED")[0]


def test_an_update_changes_in_place_and_follows_what_depends_on_it(stacks: Stacks, client: Client, unique: str) -> None:
    def template(value: str) -> dict[str, Any]:
        return resources(
            A=parameter(f"/{unique}/a", value), B=parameter(f"/{unique}/b", {"Fn::GetAtt": ["A", "Value"]})
        )

    stacks.create(unique, template("one"))
    assert stacks.update(unique, template("two"))["StackStatus"] == "UPDATE_COMPLETE"
    assert client("ssm").get_parameter(Name=f"/{unique}/b")["Parameter"]["Value"] == "two"
    assert refused(stacks.client.update_stack, StackName=unique, TemplateBody=json.dumps(template("two"))) == (
        "ValidationError",
        "No updates are to be performed.",
    )


def test_a_replacement_is_made_before_the_old_one_goes_and_dependents_follow(
    stacks: Stacks, client: Client, unique: str
) -> None:
    def template(queue: str) -> dict[str, Any]:
        return resources(
            Queue={"Type": "AWS::SQS::Queue", "Properties": {"QueueName": queue}},
            Arn=parameter(f"/{unique}/arn", {"Fn::GetAtt": ["Queue", "Arn"]}),
        )

    stacks.create(unique, template(f"{unique}-1"))
    assert stacks.update(unique, template(f"{unique}-2"))["StackStatus"] == "UPDATE_COMPLETE"
    assert client("ssm").get_parameter(Name=f"/{unique}/arn")["Parameter"]["Value"].endswith(f"{unique}-2")
    assert "QueueUrls" not in client("sqs").list_queues(QueueNamePrefix=f"{unique}-1")
    after = stacks.events(unique)[-9:]
    assert after.index(("Arn", "UPDATE_COMPLETE")) < after.index(("Queue", "DELETE_IN_PROGRESS"))
    assert (unique, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS") in after


def test_a_failed_update_puts_everything_back(stacks: Stacks, client: Client, unique: str) -> None:
    before = resources(
        Changed=parameter(f"/{unique}/changed", "old"),
        Replaced={"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"{unique}-1"}},
        Removed=parameter(f"/{unique}/removed"),
    )
    after = resources(
        Changed=parameter(f"/{unique}/changed", "new"),
        Replaced={"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"{unique}-2"}},
        Added=parameter(f"/{unique}/added"),
        Bad={"Type": "AWS::SNS::Topic", "Properties": {"Nonsense": 1}, "DependsOn": ["Changed", "Replaced", "Added"]},
    )
    stacks.create(unique, before)
    stack = stacks.update(unique, after)
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.reasons(unique, "UPDATE_ROLLBACK_IN_PROGRESS") == [
        "The following resource(s) failed to update: [Bad]."
    ]
    values = client("ssm").get_parameters(Names=[f"/{unique}/{name}" for name in ("changed", "removed", "added")])
    assert {each["Name"]: each["Value"] for each in values["Parameters"]} == {
        f"/{unique}/changed": "old",
        f"/{unique}/removed": "v",
    }
    urls = client("sqs").list_queues(QueueNamePrefix=unique)["QueueUrls"]
    assert [url.rsplit("/", 1)[-1] for url in urls] == [f"{unique}-1"]
    assert json.loads(json.dumps(stacks.client.get_template(StackName=unique)["TemplateBody"])) == before
    good = resources(**{**before["Resources"], "Changed": parameter(f"/{unique}/changed", "newer")})
    assert stacks.update(unique, good)["StackStatus"] == "UPDATE_COMPLETE"


def test_a_fixed_name_forbids_replacement(stacks: Stacks, unique: str) -> None:
    def template(path: str) -> dict[str, Any]:
        properties = {"RoleName": unique, "Path": path, "AssumeRolePolicyDocument": TRUST}
        return resources(Role={"Type": "AWS::IAM::Role", "Properties": properties})

    capabilities = ["CAPABILITY_NAMED_IAM"]
    stacks.create(unique, template("/a/"), Capabilities=capabilities)
    assert (
        stacks.update(unique, template("/b/"), Capabilities=capabilities)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    )
    assert "cannot update a stack when a custom-named resource" in stacks.reasons(unique, "UPDATE_FAILED")[0]


@pytest.mark.aws_rule(
    "DeletionPolicy decides what becomes of a resource that its stack no longer has",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html",
)
def test_deletion_goes_backwards_and_keeps_what_a_policy_retains(stacks: Stacks, client: Client, unique: str) -> None:
    template = resources(
        Kept=parameter(f"/{unique}/kept", DeletionPolicy="Retain"),
        Gone=parameter(f"/{unique}/gone", {"Ref": "Kept"}),
    )
    stacks.create(unique, template)
    stack = stacks.delete(unique)
    assert stack["StackStatus"] == "DELETE_COMPLETE"
    assert stacks.events(stack["StackId"])[-4:] == [
        ("Gone", "DELETE_IN_PROGRESS"),
        ("Gone", "DELETE_COMPLETE"),
        ("Kept", "DELETE_SKIPPED"),
        (unique, "DELETE_COMPLETE"),
    ]
    assert client("ssm").get_parameter(Name=f"/{unique}/kept")
    assert refused(stacks.client.describe_stacks, StackName=unique) == (
        "ValidationError",
        f"Stack with id {unique} does not exist",
    )
    assert stacks.client.delete_stack(StackName=unique)


def test_a_bucket_with_objects_fails_the_deletion_until_it_is_retained(
    stacks: Stacks, client: Client, unique: str
) -> None:
    stacks.create(unique, resources(Bucket={"Type": "AWS::S3::Bucket", "Properties": {"BucketName": unique}}))
    client("s3").put_object(Bucket=unique, Key="x", Body=b"x")
    assert stacks.delete(unique)["StackStatus"] == "DELETE_FAILED"
    assert "not empty" in stacks.reasons(unique, "DELETE_FAILED")[0]
    assert stacks.delete(unique, RetainResources=["Bucket"])["StackStatus"] == "DELETE_COMPLETE"


@pytest.mark.aws_rule(
    "A stack with termination protection is not deleted",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html",
)
def test_termination_protection_forbids_deletion(stacks: Stacks, unique: str) -> None:
    stacks.create(unique, resources(H=HANDLE), EnableTerminationProtection=True)
    code, message = refused(stacks.client.delete_stack, StackName=unique)
    assert (code, message) == (
        "ValidationError",
        f"Stack [{unique}] cannot be deleted while TerminationProtection is enabled",
    )
    stacks.client.update_termination_protection(StackName=unique, EnableTerminationProtection=False)
    assert stacks.delete(unique)["StackStatus"] == "DELETE_COMPLETE"


@pytest.mark.aws_rule(
    "An export's name is unique in account and region, and it stays as it is while a stack imports it",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-importvalue",
)
def test_an_export_is_unique_and_stays_while_it_is_imported(stacks: Stacks, unique: str) -> None:
    exporting = resources(H=HANDLE)
    exporting["Outputs"] = {"Out": {"Value": "shared", "Export": {"Name": unique}}}
    stacks.create(f"{unique}-a", exporting)
    importing = resources(P=parameter(f"/{unique}", {"Fn::ImportValue": unique}))
    assert stacks.create(f"{unique}-b", importing)["StackStatus"] == "CREATE_COMPLETE"
    assert stacks.client.list_imports(ExportName=unique)["Imports"] == [f"{unique}-b"]
    exports = stacks.client.get_paginator("list_exports").paginate()
    assert unique in [export["Name"] for page in exports for export in page["Exports"]]
    assert stacks.create(f"{unique}-c", exporting)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert stacks.update(f"{unique}-a", resources(H=HANDLE))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.delete(f"{unique}-a")["StackStatus"] == "DELETE_FAILED"
    stacks.delete(f"{unique}-b")
    assert stacks.delete(f"{unique}-a")["StackStatus"] == "DELETE_COMPLETE"


@pytest.mark.aws_rule(
    "Once a stack has a policy, every update that it does not allow is denied",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html",
)
def test_a_stack_policy_protects_a_resource_from_updates(stacks: Stacks, unique: str) -> None:
    def template(value: str) -> dict[str, Any]:
        return resources(P=parameter(f"/{unique}", value))

    deny = {"Effect": "Deny", "Principal": "*", "Action": "Update:*", "Resource": "LogicalResourceId/P"}
    allow = {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"}
    stacks.create(unique, template("1"), StackPolicyBody=json.dumps({"Statement": [deny, allow]}))
    assert stacks.update(unique, template("2"))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "denied by stack policy" in stacks.reasons(unique, "UPDATE_FAILED")[0].lower()
    during = json.dumps({"Statement": [allow]})
    stack = stacks.update(unique, template("3"), StackPolicyDuringUpdateBody=during)
    assert stack["StackStatus"] == "UPDATE_COMPLETE"


@pytest.mark.aws_rule(
    "A stack's service role must exist and trust CloudFormation; it makes all later changes of the stack",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html",
)
def test_a_service_role_must_exist_and_trust_cloudformation(stacks: Stacks, client: Client, unique: str) -> None:
    iam = client("iam")
    arn = iam.create_role(RoleName=unique, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    body = json.dumps(resources(H=HANDLE))
    code, message = refused(stacks.client.create_stack, StackName=unique, TemplateBody=body, RoleARN=f"{arn}x")
    assert (code, message) == ("ValidationError", f"Role {arn}x is invalid or cannot be assumed")
    assert stacks.create(unique, resources(H=HANDLE), RoleARN=arn)["RoleARN"] == arn


def test_a_nested_stack_gives_its_outputs_and_goes_with_its_parent(stacks: Stacks, client: Client, unique: str) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    child = resources(P=parameter(f"/{unique}/child", {"Ref": "Value"}))
    child |= {"Parameters": {"Value": {"Type": "String"}}, "Outputs": {"Name": {"Value": {"Ref": "P"}}}}
    s3.put_object(Bucket=unique, Key="child.json", Body=json.dumps(child).encode())
    url = f"https://{unique}.s3.eu-west-1.amazonaws.com/child.json"

    def parent(value: str) -> dict[str, Any]:
        nested = {
            "Type": "AWS::CloudFormation::Stack",
            "Properties": {"TemplateURL": url, "Parameters": {"Value": value}},
        }
        template = resources(Child=nested)
        template["Outputs"] = {"Name": {"Value": {"Fn::GetAtt": ["Child", "Outputs.Name"]}}}
        return template

    assert stacks.create(unique, parent("a"))["StackStatus"] == "CREATE_COMPLETE"
    assert stacks.outputs(unique)["Name"] == f"/{unique}/child"
    assert stacks.update(unique, parent("b"))["StackStatus"] == "UPDATE_COMPLETE"
    assert client("ssm").get_parameter(Name=f"/{unique}/child")["Parameter"]["Value"] == "b"
    nested_arn = stacks.physical_id(unique, "Child")
    assert stacks.client.describe_stacks(StackName=nested_arn)["Stacks"][0]["ParentId"]
    assert stacks.delete(unique)["StackStatus"] == "DELETE_COMPLETE"
    assert stacks.client.describe_stacks(StackName=nested_arn)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"


def test_operations_that_are_not_there_are_refused_by_name(stacks: Stacks) -> None:
    code, message = refused(stacks.client.list_stack_sets)
    assert code == "NotImplemented"
    assert "ListStackSets" in message


@pytest.mark.aws_rule(
    "Statuses of stacks and resources are events on the default bus",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-eventbridge.html",
)
def test_statuses_are_events_that_a_rule_can_deliver(stacks: Stacks, client: Client, unique: str) -> None:
    events, sqs = client("events"), client("sqs")
    url = sqs.create_queue(QueueName=unique)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    arn = open_queue(client, attributes["QueueArn"], "events")
    pattern = {"source": ["aws.cloudformation"], "detail-type": ["CloudFormation Stack Status Change"]}
    events.put_rule(Name=unique, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=unique, Targets=[{"Id": "queue", "Arn": arn}])
    stack = stacks.create(unique, resources(H=HANDLE))
    found: set[str] = set()
    deadline = time.monotonic() + 20
    while "CREATE_COMPLETE" not in found:
        assert time.monotonic() < deadline, found
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            detail = json.loads(message["Body"])["detail"]
            if detail["stack-id"] == stack["StackId"]:
                found.add(detail["status-details"]["status"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    events.remove_targets(Rule=unique, Ids=["queue"])
    events.delete_rule(Name=unique)


@pytest.mark.aws_rule(
    "DeletionPolicy decides what becomes of a resource that its stack no longer has",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html",
)
def test_what_a_template_no_longer_has_is_removed_unless_retained(stacks: Stacks, client: Client, unique: str) -> None:
    stacks.create(
        unique,
        resources(
            H=HANDLE,
            Gone=parameter(f"/{unique}/gone"),
            Kept=parameter(f"/{unique}/kept", DeletionPolicy="Retain"),
        ),
    )
    assert stacks.update(unique, resources(H=HANDLE))["StackStatus"] == "UPDATE_COMPLETE"
    found = client("ssm").get_parameters(Names=[f"/{unique}/gone", f"/{unique}/kept"])["Parameters"]
    assert [each["Name"] for each in found] == [f"/{unique}/kept"]
    assert stacks.events(unique)[-4:] == [
        ("Kept", "DELETE_SKIPPED"),
        ("Gone", "DELETE_IN_PROGRESS"),
        ("Gone", "DELETE_COMPLETE"),
        (unique, "UPDATE_COMPLETE"),
    ]
    names = [
        each["LogicalResourceId"] for each in stacks.client.describe_stack_resources(StackName=unique)["StackResources"]
    ]
    assert names == ["H"]


@pytest.mark.aws_rule(
    "DeletionPolicy decides what becomes of a resource that its stack no longer has",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html",
)
def test_policies_say_what_becomes_of_replaced_and_rolled_back_resources(
    stacks: Stacks, client: Client, unique: str
) -> None:
    def template(name: str) -> dict[str, Any]:
        return resources(P=parameter(f"/{unique}/{name}", UpdateReplacePolicy="Retain"))

    stacks.create(unique, template("one"))
    stacks.update(unique, template("two"))
    new = resources(
        New=parameter(f"/{unique}/new", DeletionPolicy="RetainExceptOnCreate"),
        Held=parameter(f"/{unique}/held", DeletionPolicy="Retain"),
        Bad={"Type": "AWS::SNS::Topic", "Properties": {"No": 1}, "DependsOn": ["New", "Held"]},
    )
    assert stacks.create(f"{unique}-b", new)["StackStatus"] == "ROLLBACK_COMPLETE"
    names = [f"/{unique}/{name}" for name in ("one", "two", "new", "held")]
    found = client("ssm").get_parameters(Names=names)["Parameters"]
    assert sorted(each["Name"].rsplit("/", 1)[-1] for each in found) == ["held", "one", "two"]
