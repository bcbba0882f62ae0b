"""What is refused of templates and parameters, and what their functions and references give."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.functional.conftest import REGION
from tests.functional.stacks import HANDLE, Stacks, parameter, refused, resources

Client = Callable[..., Any]


@pytest.fixture
def stacks(client: Client) -> Stacks:
    return Stacks(client("cloudformation"))


@pytest.mark.aws_rule(
    "A template has the documented sections, and every resource a type",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html",
)
@pytest.mark.parametrize(
    ("template", "message"),
    [
        ({"Resources": {}}, "At least one Resources member must be defined."),
        ({"Resources": {"A": HANDLE}, "Resorces": {}}, "Invalid template property or properties [Resorces]"),
        (resources(A={"Type": "AWS::Nothing::Here"}), "Unrecognized resource types: [AWS::Nothing::Here]"),
        (resources(A=parameter("a", {"Ref": "B"})), "Unresolved resource dependencies [B] in the Resources block"),
        (resources(A=parameter("a", {"Fn::GetAtt": ["B", "Arn"]})), "references undefined resource B"),
        (resources(A=parameter("a", {"Fn::GetAtt": ["H", "Arn"]}), H=HANDLE), "does not support attribute type Arn"),
        (
            resources(A=parameter("a", {"Ref": "B"}), B=parameter("b", {"Ref": "A"})),
            "Circular dependency between resources: [A, B]",
        ),
        (resources(A=HANDLE | {"DependsOn": "A"}), "Circular dependency between resources: [A]"),
        (resources(A=HANDLE | {"Condition": "No"}), "Unresolved condition dependency No"),
        (resources(A=HANDLE | {"DeletionPolicy": "Keep"}), "Unrecognized DeletionPolicy Keep"),
    ],
)
def test_a_template_that_is_none_is_refused_at_once(stacks: Stacks, template: dict[str, Any], message: str) -> None:
    code, found = refused(stacks.client.validate_template, TemplateBody=json.dumps(template))
    assert code == "ValidationError"
    assert message in found


DECLARED = {
    "Size": {"Type": "Number", "MinValue": 1, "MaxValue": 5, "Default": 2},
    "Env": {"Type": "String", "AllowedValues": ["dev", "prod"], "Default": "dev"},
    "Name": {"Type": "String", "AllowedPattern": "[a-z]+", "ConstraintDescription": "small letters", "Default": "a"},
    "Long": {"Type": "String", "MinLength": 2, "Default": "aa"},
    "List": {"Type": "CommaDelimitedList", "Default": "a,b"},
}


@pytest.mark.aws_rule(
    "A parameter keeps its type, AllowedValues, AllowedPattern, lengths and bounds; its default does as well",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html",
)
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Size": "9"}, "Parameter 'Size' must be a number not greater than 5"),
        ({"Size": "x"}, "Parameter 'Size' must be a number"),
        ({"Env": "test"}, "Parameter 'Env' must be one of AllowedValues"),
        ({"Name": "A1"}, "Parameter Name failed to satisfy constraint: small letters"),
        ({"Long": "a"}, "Parameter 'Long' must contain at least 2 characters"),
        ({"Other": "a"}, "Parameters: [Other] do not exist in the template"),
    ],
)
def test_parameters_keep_their_constraints(stacks: Stacks, unique: str, given: dict[str, str], message: str) -> None:
    body = json.dumps(resources(H=HANDLE) | {"Parameters": DECLARED})
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
    call = stacks.client.create_stack
    assert refused(call, StackName=unique, TemplateBody=body, Parameters=parameters) == ("ValidationError", message)
    assert refused(stacks.client.describe_stacks, StackName=unique)[0] == "ValidationError"


@pytest.mark.aws_rule(
    "A parameter without a default and a value is refused; UsePreviousValue takes what the stack has",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html",
)
def test_a_parameter_without_value_is_missed(stacks: Stacks, unique: str) -> None:
    body = json.dumps(resources(H=HANDLE) | {"Parameters": {"A": {"Type": "String"}, "B": {"Type": "String"}}})
    assert refused(stacks.client.create_stack, StackName=unique, TemplateBody=body) == (
        "ValidationError",
        "Parameters: [A, B] must have values",
    )


@pytest.mark.aws_rule(
    "Rules are asserted on the parameters before anything is made",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html",
)
def test_rules_are_asserted_before_anything_is_made(stacks: Stacks, unique: str) -> None:
    rule = {
        "RuleCondition": {"Fn::Equals": [{"Ref": "Env"}, "prod"]},
        "Assertions": [
            {"Assert": {"Fn::Contains": [["3", "4"], {"Ref": "Size"}]}, "AssertDescription": "prod needs 3 or 4"}
        ],
    }
    template = resources(H=HANDLE) | {"Parameters": DECLARED, "Rules": {"ProdIsLarge": rule}}
    prod = [{"ParameterKey": "Env", "ParameterValue": "prod"}]
    code, message = refused(
        stacks.client.create_stack, StackName=unique, TemplateBody=json.dumps(template), Parameters=prod
    )
    assert code == "ValidationError"
    assert "prod needs 3 or 4" in message
    large = [*prod, {"ParameterKey": "Size", "ParameterValue": "3"}]
    assert stacks.create(unique, template, Parameters=large)["StackStatus"] == "CREATE_COMPLETE"


@pytest.mark.aws_rule(
    "IAM resources need CAPABILITY_IAM, named ones CAPABILITY_NAMED_IAM",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html",
)
@pytest.mark.parametrize(
    ("named", "given", "needed"),
    [
        (False, [], "CAPABILITY_IAM"),
        (True, ["CAPABILITY_IAM"], "CAPABILITY_NAMED_IAM"),
    ],
)
def test_iam_resources_need_a_capability(
    stacks: Stacks, unique: str, named: bool, given: list[str], needed: str
) -> None:
    properties = {"RoleName": unique} if named else {}
    body = json.dumps(resources(R={"Type": "AWS::IAM::Role", "Properties": properties}))
    call = stacks.client.create_stack
    assert refused(call, StackName=unique, TemplateBody=body, Capabilities=given) == (
        "InsufficientCapabilitiesException",
        f"Requires capabilities : [{needed}]",
    )
    assert stacks.client.validate_template(TemplateBody=body)["Capabilities"] == [
        "CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"
    ]


@pytest.mark.aws_rule(
    "Dynamic references to SSM and Secrets Manager are resolved when the resource is made",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html",
)
def test_dynamic_references_and_ssm_parameters_give_their_values(stacks: Stacks, client: Client, unique: str) -> None:
    client("ssm").put_parameter(Name=f"/{unique}/in", Value="from-ssm", Type="String")
    client("secretsmanager").create_secret(Name=unique, SecretString='{"user": "me"}')
    template = resources(
        A=parameter(f"/{unique}/a", f"x {{{{resolve:ssm:/{unique}/in}}}} y"),
        B=parameter(f"/{unique}/b", f"{{{{resolve:secretsmanager:{unique}:SecretString:user}}}}"),
        C=parameter(f"/{unique}/c", {"Ref": "Stored"}),
    )
    template["Parameters"] = {"Stored": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": f"/{unique}/in"}}
    stack = stacks.create(unique, template)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["Parameters"][0]["ResolvedValue"] == "from-ssm"
    values = [client("ssm").get_parameter(Name=f"/{unique}/{name}")["Parameter"]["Value"] for name in "abc"]
    assert values == ["x from-ssm y", "me", "from-ssm"]


@pytest.mark.aws_rule(
    "ssm-secure is resolved only in the properties that support it; an absent reference fails the resource",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html",
)
def test_secure_and_absent_references_fail_the_resource(stacks: Stacks, unique: str) -> None:
    secure = resources(A=parameter(f"/{unique}/a", "{{resolve:ssm-secure:/x:1}}"))
    assert stacks.create(f"{unique}-a", secure)["StackStatus"] == "ROLLBACK_COMPLETE"
    absent = resources(A=parameter(f"/{unique}/a", "{{resolve:ssm:/absent/really}}"))
    assert stacks.create(f"{unique}-b", absent)["StackStatus"] == "ROLLBACK_COMPLETE"
    template = resources(H=HANDLE)
    template["Parameters"] = {"P": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/absent/really"}}
    _, message = refused(stacks.client.create_stack, StackName=unique, TemplateBody=json.dumps(template))
    assert "Unable to fetch parameters [/absent/really] from parameter store" in message


YAML = """
AWSTemplateFormatVersion: 2010-09-09
Description: Functions
Parameters:
  Env: {Type: String, Default: dev}
  Zones: {Type: CommaDelimitedList, Default: "a, b"}
  Secret: {Type: String, NoEcho: true, Default: hidden}
Mappings:
  Sizes:
    dev: {Count: 1}
    prod: {Count: 3}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  IsDev: !Not [!Condition IsProd]
Resources:
  Handle:
    Type: AWS::CloudFormation::WaitConditionHandle
  OnlyProd:
    Type: AWS::CloudFormation::WaitConditionHandle
    Condition: IsProd
Outputs:
  Sub: {Value: !Sub "${AWS::StackName}/${Env}/${!Literal}"}
  SubMap: {Value: !Sub ["${X}-${Env}", {X: !Select [1, !Ref Zones]}]}
  Join: {Value: !Join ["|", !Split [",", "x,y"]]}
  Map: {Value: !FindInMap [Sizes, !Ref Env, Count]}
  If: {Value: !If [IsDev, yes-dev, !Ref AWS::NoValue]}
  Base: {Value: !Base64 hello}
  Cidr: {Value: !Select [1, !Cidr [10.0.0.0/16, 2, 8]]}
  Zone: {Value: !Select [0, !GetAZs ""]}
  Prod: {Condition: IsProd, Value: !Ref OnlyProd}
"""


@pytest.mark.aws_rule(
    "Intrinsic functions and pseudo parameters give the documented values",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html",
)
def test_yaml_templates_play_with_every_function(stacks: Stacks, unique: str) -> None:
    stacks.client.create_stack(StackName=unique, TemplateBody=YAML)
    stack = stacks.rest(unique)
    assert stack["Description"] == "Functions"
    assert {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}["Secret"] == "****"
    assert stacks.outputs(unique) == {
        "Sub": f"{unique}/dev/${{Literal}}",
        "SubMap": "b-dev",
        "Join": "x|y",
        "Map": "1",
        "If": "yes-dev",
        "Base": "aGVsbG8=",
        "Cidr": "10.0.1.0/24",
        "Zone": "eu-west-1a",
    }
    resources_now = stacks.client.list_stack_resources(StackName=unique)["StackResourceSummaries"]
    assert [each["LogicalResourceId"] for each in resources_now] == ["Handle"]
    summary = stacks.client.get_template_summary(StackName=unique)
    assert summary["ResourceTypes"] == ["AWS::CloudFormation::WaitConditionHandle"]
    assert stacks.client.get_template(StackName=unique)["TemplateBody"] == YAML


@pytest.mark.aws_rule(
    "A request may restrict the resource types that a template has",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html",
)
def test_resource_types_can_be_restricted_per_request(stacks: Stacks, unique: str) -> None:
    body = json.dumps(resources(P=parameter(f"/{unique}")))
    call = stacks.client.create_stack
    _, message = refused(call, StackName=unique, TemplateBody=body, ResourceTypes=["AWS::S3::*"])
    assert "AWS::SSM::Parameter is not allowed by parameter ResourceTypes" in message


def test_rollback_triggers_are_refused_rather_than_ignored(stacks: Stacks, unique: str) -> None:
    alarm = {"Arn": "arn:aws:cloudwatch:eu-west-1:111111111111:alarm:a", "Type": "AWS::CloudWatch::Alarm"}
    code, _ = refused(
        stacks.client.create_stack,
        StackName=unique,
        TemplateBody=json.dumps(resources(H=HANDLE)),
        RollbackConfiguration={"RollbackTriggers": [alarm]},
    )
    assert code == "NotImplemented"


@pytest.mark.aws_rule(
    "A template body in a request has at most 51,200 bytes; a larger one is named by the URL of an object in S3",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html",
)
def test_a_large_template_is_refused_as_a_body_and_taken_by_its_url(
    stacks: Stacks, client: Client, unique: str
) -> None:
    body = json.dumps(resources(H=HANDLE) | {"Description": "d"})
    body += " " * (51_200 - len(body))
    assert stacks.client.validate_template(TemplateBody=body)["Description"] == "d"
    request = {"StackName": unique, "ChangeSetName": "large", "ChangeSetType": "CREATE"}
    code, message = refused(stacks.client.create_change_set, **request, TemplateBody=f"{body} ")
    assert code == "ValidationError"
    assert "length less than or equal to 51200" in message
    s3 = client("s3")
    s3.create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=unique, Key="templates/a.json", Body=f"{body} ".encode())
    url = f"https://{unique}.s3.{REGION}.amazonaws.com/templates/a.json"
    stacks.client.create_change_set(**request, TemplateURL=url)
    stacks.client.get_waiter("change_set_create_complete").wait(
        StackName=unique, ChangeSetName="large", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
