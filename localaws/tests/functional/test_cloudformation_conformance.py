"""What AWS makes of templates that are a little out of the ordinary, as recordings of it have them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.functional.conftest import REGION
from tests.functional.stacks import HANDLE, Stacks, parameter, refused, resources

Client = Callable[..., Any]
TOPIC: dict[str, Any] = {"Type": "AWS::SNS::Topic"}


@pytest.fixture
def stacks(kept_client: Client) -> Stacks:
    return Stacks(kept_client("cloudformation"))


@pytest.mark.aws_rule(
    "Dynamic references are resolved when the resource is made, and what they give is what is validated",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html",
)
def test_dynamic_references_are_read_before_the_schema_judges_and_in_outputs(
    stacks: Stacks, kept_client: Client, unique: str
) -> None:
    ssm = kept_client("ssm")
    role = "arn:aws:iam::012345670123:role/somebody"
    for name, value in {"seconds": "45", "days": "7", "flag": "true", "role": role, "text": "real"}.items():
        ssm.put_parameter(Name=f"/{unique}/{name}", Value=value, Type="String")

    def stored(name: str) -> str:
        return f"{{{{resolve:ssm:/{unique}/{name}}}}}"

    template = resources(
        Queue={
            "Type": "AWS::SQS::Queue",
            "Properties": {"VisibilityTimeout": stored("seconds"), "SqsManagedSseEnabled": stored("flag")},
        },
        Logs={"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": stored("days")}},
        Parameter=parameter(f"/{unique}/made", f"abc:{stored('text')}"),
        Copy=parameter(f"/{unique}/copy", {"Fn::Sub": "copy of ${Parameter.Value}"}),
    )
    template["Outputs"] = {
        "Attribute": {"Value": {"Fn::GetAtt": ["Parameter", "Value"]}},
        "Literal": {"Value": f"x {stored('text')}"},
        "Secret": {"Value": "{{resolve:secretsmanager:never:SecretString:told}}"},
    }
    assert stacks.create(unique, template)["StackStatus"] == "CREATE_COMPLETE"
    queue = kept_client("sqs").get_queue_attributes(
        QueueUrl=stacks.physical_id(unique, "Queue"), AttributeNames=["VisibilityTimeout"]
    )
    assert queue["Attributes"] == {"VisibilityTimeout": "45"}
    assert ssm.get_parameter(Name=f"/{unique}/copy")["Parameter"]["Value"] == "copy of abc:real"
    assert stacks.outputs(unique) == {
        "Attribute": "abc:real",
        "Literal": "x real",
        "Secret": "{{resolve:secretsmanager:never:SecretString:told}}",
    }
    assert "No updates are to be performed" in refused(stacks.update, unique, template)[1]
    ssm.put_parameter(Name=f"/{unique}/days", Value="8", Type="String", Overwrite=True)
    template["Resources"]["Logs"]["Properties"]["LogGroupName"] = unique
    assert stacks.update(unique, template)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "#/RetentionInDays: 8 is not a valid enum value" in stacks.reasons(unique, "UPDATE_FAILED")[0]


def test_a_secret_that_the_schema_refuses_is_not_told(stacks: Stacks, kept_client: Client, unique: str) -> None:
    kept_client("secretsmanager").create_secret(Name=unique, SecretString="hushhush")
    value = f"{{{{resolve:secretsmanager:{unique}}}}}"
    template = resources(P={"Type": "AWS::SSM::Parameter", "Properties": {"Type": value, "Value": "x"}})
    assert stacks.create(unique, template)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "#/Type: **** is not a valid enum value" in stacks.reasons(unique, "CREATE_FAILED")[0]


@pytest.mark.aws_rule(
    "A property that is create-only under conditions replaces the resource where they hold",
    page="https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html",
)
def test_what_cannot_be_changed_in_place_is_replaced(stacks: Stacks, kept_client: Client, unique: str) -> None:
    def template(key: str, bus: str, tenancy: str) -> dict[str, Any]:
        table = {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        }
        return resources(
            Table={"Type": "AWS::DynamoDB::Table", "Properties": table},
            Bus={"Type": "AWS::Events::EventBus", "Properties": {"Name": unique}},
            Rule={
                "Type": "AWS::Events::Rule",
                "DependsOn": "Bus",
                "Properties": {"EventBusName": bus, "EventPattern": {"source": ["harbour"]}},
            },
            Network={"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": tenancy}},
        )

    names = ("Table", "Rule", "Network")
    stacks.create(unique, template("a", "default", "default"))
    before = {name: stacks.physical_id(unique, name) for name in names}
    assert stacks.update(unique, template("b", unique, "dedicated"))["StackStatus"] == "UPDATE_COMPLETE"
    after = {name: stacks.physical_id(unique, name) for name in names}
    assert not set(before.values()) & set(after.values())
    table = kept_client("dynamodb").describe_table(TableName=after["Table"])["Table"]
    assert table["KeySchema"] == [{"AttributeName": "b", "KeyType": "HASH"}]


def test_an_export_that_is_not_there_is_a_warning_in_a_change_set_and_fails_what_is_made(
    stacks: Stacks, unique: str
) -> None:
    template = resources(A=TOPIC, P=parameter(f"/{unique}", {"Fn::ImportValue": f"{unique}-absent"}))
    found = stacks.change_set(f"{unique}-a", template, ChangeSetType="CREATE")
    assert (found["Status"], found["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert found["StatusReason"].endswith(f"for resource [P] because: No export named {unique}-absent")
    changes = {each["ResourceChange"]["LogicalResourceId"]: each["ResourceChange"] for each in found["Changes"]}
    assert json.loads(changes["P"]["AfterContext"])["Properties"]["Value"] == "{{changeSet:KNOWN_AFTER_APPLY}}"
    stacks.client.execute_change_set(ChangeSetName=found["ChangeSetId"])
    assert stacks.rest(f"{unique}-a")["StackStatus"] == "ROLLBACK_COMPLETE"
    reason = f"No export named {unique}-absent found. Rollback requested by user."
    assert reason in stacks.reasons(f"{unique}-a", "ROLLBACK_IN_PROGRESS")
    assert "A" not in dict(stacks.events(f"{unique}-a"))
    stacks.create(f"{unique}-b", resources(A=TOPIC))
    assert refused(stacks.update, f"{unique}-b", template)[1] == f"No export named {unique}-absent found."


@pytest.mark.aws_rule(
    "AWS::LanguageExtensions gives functions in policies and leaves no trace in the processed template",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-languageextensions.html",
)
def test_language_extensions_are_gone_from_the_processed_template(
    stacks: Stacks, kept_client: Client, unique: str
) -> None:
    template = resources(
        Kept=parameter(f"/{unique}/kept", {"Fn::ToJsonString": {"n": {"Fn::Length": {"Ref": "Names"}}}})
        | {"DeletionPolicy": {"Fn::If": ["Keep", "Retain", "Delete"]}},
        Later=parameter(f"/{unique}/later", {"Fn::ToJsonString": [{"Ref": "Kept"}]}),
    )
    template |= {
        "Transform": "AWS::LanguageExtensions",
        "Parameters": {"Names": {"Type": "CommaDelimitedList", "Default": "a,b,c"}},
        "Conditions": {"Keep": {"Fn::Equals": ["a", "a"]}},
    }
    made = stacks.create(unique, template, Capabilities=["CAPABILITY_AUTO_EXPAND"])
    assert made["StackStatus"] == "CREATE_COMPLETE"
    processed = stacks.client.get_template(StackName=unique, TemplateStage="Processed")["TemplateBody"]
    assert "Transform" not in processed
    assert processed["Resources"]["Kept"]["DeletionPolicy"] == "Retain"
    assert processed["Resources"]["Kept"]["Properties"]["Value"] == '{"n":3}'
    assert processed["Resources"]["Later"]["Properties"]["Value"] == {"Fn::ToJsonString": [{"Ref": "Kept"}]}
    assert stacks.client.get_template(StackName=unique)["TemplateBody"]["Transform"] == "AWS::LanguageExtensions"
    stacks.delete(unique)
    assert kept_client("ssm").get_parameter(Name=f"/{unique}/kept")["Parameter"]["Value"] == '{"n":3}'
    wrong = template | {"Resources": {"T": TOPIC | {"DeletionPolicy": {"Fn::Sub": "Keep"}}}}
    found = refused(stacks.create, unique, wrong, Capabilities=["CAPABILITY_AUTO_EXPAND"])
    assert found[1] == "Template format error: Unrecognized DeletionPolicy Keep for resource T"


@pytest.mark.aws_rule(
    "A policy without Version is one of 2008-10-17",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html",
)
def test_policies_without_version_or_of_the_older_one_are_taken(
    stacks: Stacks, kept_client: Client, unique: str
) -> None:
    allow = {"Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    older = {"Version": "2008-10-17", **allow}
    template = resources(
        Role={
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {"Statement": [trust]},
                "Policies": [{"PolicyName": "p", "PolicyDocument": allow}],
            },
        },
        Managed={"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": older}},
    )
    assert stacks.create(unique, template, Capabilities=["CAPABILITY_IAM"])["StackStatus"] == "CREATE_COMPLETE"
    role = stacks.physical_id(unique, "Role")
    assert kept_client("iam").get_role_policy(RoleName=role, PolicyName="p")["PolicyDocument"] == allow
    code, _ = refused(
        kept_client("iam").put_role_policy, RoleName=role, PolicyName="q", PolicyDocument='{"Version": "2026-01-01"}'
    )
    assert code == "MalformedPolicyDocument"


def test_a_nested_stack_says_which_of_its_resources_failed(stacks: Stacks, kept_client: Client, unique: str) -> None:
    s3 = kept_client("s3")
    s3.create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": REGION})
    failing = resources(Bad={"Type": "AWS::SSM::Parameter", "Properties": {"Type": "Text", "Value": "x"}})
    s3.put_object(Bucket=unique, Key="child.json", Body=json.dumps(failing).encode())
    address = f"https://{unique}.s3.{REGION}.amazonaws.com/child.json"
    child = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": address}}
    assert stacks.create(unique, resources(Child=child))["StackStatus"] == "ROLLBACK_COMPLETE"
    reason = stacks.reasons(unique, "CREATE_FAILED")[0]
    assert reason.endswith("was not successfully created: The following resource(s) failed to create: [Bad].")


def test_names_of_digits_are_texts_and_metadata_of_the_cdk_makes_nothing(
    stacks: Stacks, kept_client: Client, unique: str
) -> None:
    digits = int(unique.encode().hex()[-12:], 16)
    template = resources(
        Queue={"Type": "AWS::SQS::Queue", "Properties": {"QueueName": digits, "DelaySeconds": "5"}},
        Rule={"Type": "AWS::Events::Rule", "Properties": {"Name": digits, "ScheduleExpression": "rate(1 hour)"}},
        CDKMetadata={"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2:x"}},
    )
    assert stacks.create(unique, template)["StackStatus"] == "CREATE_COMPLETE"
    assert stacks.physical_id(unique, "Queue").endswith(f"/{digits}")
    template["Resources"]["CDKMetadata"]["Properties"]["Analytics"] = "v2:y"
    assert stacks.update(unique, template)["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.delete(unique)["StackStatus"] == "DELETE_COMPLETE"


def test_an_output_of_a_resource_whose_condition_does_not_hold_is_refused(stacks: Stacks, unique: str) -> None:
    template = resources(T=TOPIC, U=TOPIC | {"Condition": "No"})
    template |= {"Conditions": {"No": {"Fn::Equals": ["a", "b"]}}, "Outputs": {"U": {"Value": {"Ref": "U"}}}}
    message = "Unresolved resource dependencies [U] in the Outputs block of the template"
    assert refused(stacks.create, unique, template) == ("ValidationError", message)


def test_a_fifo_topic_must_be_called_one(stacks: Stacks, unique: str) -> None:
    fifo = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": unique, "FifoTopic": True}}
    assert stacks.create(unique, resources(T=fifo))["StackStatus"] == "ROLLBACK_COMPLETE"


def test_types_that_are_not_here_are_refused_before_anything_is_made(stacks: Stacks, unique: str) -> None:
    function = {"Type": "AWS::Lambda::Function", "Properties": {}}
    job = {"Type": "AWS::Glue::Job", "Properties": {}}
    template = resources(T=TOPIC, F=function, J=job)
    words = "resource type AWS::Glue::Job (J); resource type AWS::Lambda::Function (F)."
    for call in (stacks.create, stacks.change_set):
        more = {"ChangeSetType": "CREATE"} if call == stacks.change_set else {}
        code, message = refused(call, unique, template, **more)
        assert (code, message.endswith(words)) == ("NotImplemented", True)
    assert "does not exist" in refused(stacks.client.describe_stacks, StackName=unique)[1]
    stacks.create(unique, resources(H=HANDLE))
    assert refused(stacks.update, unique, template)[0] == "NotImplemented"
    never = template | {"Conditions": {"No": {"Fn::Equals": ["a", "b"]}}}
    never["Resources"] = {"T": TOPIC, "F": function | {"Condition": "No"}, "J": job | {"Condition": "No"}}
    assert stacks.update(unique, never)["StackStatus"] == "UPDATE_COMPLETE"


def test_a_stack_in_review_has_no_summary_and_a_template_needs_a_name(stacks: Stacks, unique: str) -> None:
    stacks.change_set(unique, resources(T=TOPIC), ChangeSetType="CREATE")
    message = "GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks."
    assert refused(stacks.client.get_template_summary, StackName=unique) == ("ValidationError", message)
    message = "StackName is required if ChangeSetName is not specified."
    assert refused(stacks.client.get_template) == ("ValidationError", message)
