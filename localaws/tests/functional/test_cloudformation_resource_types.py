"""Resource types by what they leave behind in their services, through creation, change and removal."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.functional.stacks import Stacks, parameter, resources

Client = Callable[..., Any]
CAPABILITIES = ["CAPABILITY_NAMED_IAM"]


@pytest.fixture
def stacks(client: Client) -> Stacks:
    return Stacks(client("cloudformation"))


def _trust(service: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _policy(action: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


def test_a_role_has_its_policies_boundary_and_tags_and_follows_changes(
    stacks: Stacks, client: Client, unique: str
) -> None:
    def template(action: str, managed: str, tags: list[dict[str, str]]) -> dict[str, Any]:
        role = {
            "RoleName": unique,
            "AssumeRolePolicyDocument": _trust("sagemaker.amazonaws.com"),
            "Policies": [{"PolicyName": "inline", "PolicyDocument": _policy(action)}],
            "ManagedPolicyArns": [f"arn:aws:iam::aws:policy/{managed}"],
            "Tags": tags,
        }
        own = {"PolicyDocument": _policy(action), "Roles": [{"Ref": "Role"}]}
        return resources(
            Role={"Type": "AWS::IAM::Role", "Properties": role},
            Own={"Type": "AWS::IAM::ManagedPolicy", "Properties": own},
            More={"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "more", **own}},
        )

    first = template("s3:Get*", "ReadOnlyAccess", [{"Key": "a", "Value": "1"}])
    assert stacks.create(unique, first, Capabilities=CAPABILITIES)["StackStatus"] == "CREATE_COMPLETE"
    second = template("s3:Put*", "PowerUserAccess", [{"Key": "b", "Value": "2"}])
    assert stacks.update(unique, second, Capabilities=CAPABILITIES)["StackStatus"] == "UPDATE_COMPLETE"
    iam = client("iam")
    attached = [each["PolicyName"] for each in iam.list_attached_role_policies(RoleName=unique)["AttachedPolicies"]]
    assert "PowerUserAccess" in attached
    assert "ReadOnlyAccess" not in attached
    for name in ("inline", "more"):
        document = iam.get_role_policy(RoleName=unique, PolicyName=name)["PolicyDocument"]
        assert document == _policy("s3:Put*")
    arn = stacks.physical_id(unique, "Own")
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    assert iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"] == _policy("s3:Put*")
    assert iam.list_role_tags(RoleName=unique)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert stacks.delete(unique)["StackStatus"] == "DELETE_COMPLETE"


def test_a_bucket_carries_every_setting_and_its_policy(stacks: Stacks, client: Client, unique: str) -> None:
    def template(days: int, versioning: str) -> dict[str, Any]:
        encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Fn::GetAtt": ["Key", "Arn"]}}
        bucket = {
            "BucketName": unique,
            "VersioningConfiguration": {"Status": versioning},
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [
                    {"ServerSideEncryptionByDefault": encryption, "BucketKeyEnabled": True}
                ]
            },
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "LifecycleConfiguration": {"Rules": [{"Id": "old", "Status": "Enabled", "ExpirationInDays": days}]},
            "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
        }
        deny = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": {"Fn::Sub": "${Bucket.Arn}/*"},
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        policy = {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": {"Version": "2012-10-17", "Statement": [deny]}}
        return resources(
            Key={"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": True}},
            Bucket={"Type": "AWS::S3::Bucket", "Properties": bucket},
            Policy={"Type": "AWS::S3::BucketPolicy", "Properties": policy},
        )

    assert stacks.create(unique, template(5, "Enabled"))["StackStatus"] == "CREATE_COMPLETE"
    s3 = client("s3")
    rule = s3.get_bucket_encryption(Bucket=unique)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"].endswith(stacks.physical_id(unique, "Key"))
    assert all(s3.get_public_access_block(Bucket=unique)["PublicAccessBlockConfiguration"].values())
    assert json.loads(s3.get_bucket_policy(Bucket=unique)["Policy"])["Statement"][0]["Effect"] == "Deny"
    assert client("kms").get_key_rotation_status(KeyId=stacks.physical_id(unique, "Key"))["KeyRotationEnabled"]
    assert stacks.update(unique, template(9, "Suspended"))["StackStatus"] == "UPDATE_COMPLETE"
    assert s3.get_bucket_lifecycle_configuration(Bucket=unique)["Rules"][0]["Expiration"]["Days"] == 9
    assert s3.get_bucket_versioning(Bucket=unique)["Status"] == "Suspended"
    assert stacks.delete(unique)["StackStatus"] == "DELETE_COMPLETE"


def test_rules_queues_topics_and_alarms_are_wired(stacks: Stacks, client: Client, unique: str) -> None:
    def template(pattern: str, threshold: int) -> dict[str, Any]:
        target = {"Id": "queue", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}, "Input": '{"a": 1}'}
        publish = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Resource": "*"}
        alarm = {
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "Threshold": threshold,
            "MetricName": "m",
            "Namespace": "n",
            "Statistic": "Sum",
            "Period": 60,
            "AlarmActions": [{"Ref": "Topic"}],
        }
        return resources(
            Topic={"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": pattern}},
            TopicPolicy={
                "Type": "AWS::SNS::TopicPolicy",
                "Properties": {
                    "Topics": [{"Ref": "Topic"}],
                    "PolicyDocument": {"Statement": [{**publish, "Action": "sns:Publish"}]},
                },
            },
            Queue={"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": threshold}},
            QueuePolicy={
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {
                    "Queues": [{"Ref": "Queue"}],
                    "PolicyDocument": {"Statement": [{**publish, "Action": "sqs:SendMessage"}]},
                },
            },
            Subscription={
                "Type": "AWS::SNS::Subscription",
                "Properties": {
                    "TopicArn": {"Ref": "Topic"},
                    "Protocol": "sqs",
                    "Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]},
                },
            },
            Rule={
                "Type": "AWS::Events::Rule",
                "Properties": {"EventPattern": {"source": [pattern]}, "Targets": [target]},
            },
            Alarm={"Type": "AWS::CloudWatch::Alarm", "Properties": alarm},
            Dashboard={"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardBody": '{"widgets": []}'}},
        )

    assert stacks.create(unique, template("one", 10))["StackStatus"] == "CREATE_COMPLETE"
    assert stacks.update(unique, template("two", 20))["StackStatus"] == "UPDATE_COMPLETE"
    rule = client("events").describe_rule(Name=stacks.physical_id(unique, "Rule"))
    assert json.loads(rule["EventPattern"]) == {"source": ["two"]}
    targets = client("events").list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert targets[0]["Input"] == '{"a": 1}'
    queue = client("sqs").get_queue_attributes(QueueUrl=stacks.physical_id(unique, "Queue"), AttributeNames=["All"])
    assert queue["Attributes"]["VisibilityTimeout"] == "20"
    assert "sqs:SendMessage" in queue["Attributes"]["Policy"]
    topic = client("sns").get_topic_attributes(TopicArn=stacks.physical_id(unique, "Topic"))["Attributes"]
    assert topic["DisplayName"] == "two"
    assert "sns:Publish" in topic["Policy"]
    alarms = client("cloudwatch").describe_alarms(AlarmNames=[stacks.physical_id(unique, "Alarm")])
    assert alarms["MetricAlarms"][0]["Threshold"] == 20
    assert stacks.delete(unique)["StackStatus"] == "DELETE_COMPLETE"


def test_a_secret_is_generated_and_network_parts_exist(stacks: Stacks, client: Client, unique: str) -> None:
    generate = {"SecretStringTemplate": '{"user": "me"}', "GenerateStringKey": "password", "PasswordLength": 20}
    subnet = {"VpcId": {"Ref": "Vpc"}, "CidrBlock": {"Fn::Select": [0, {"Fn::Cidr": ["10.0.0.0/16", 1, 8]}]}}
    ingress = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/16"}
    group = {"VpcId": {"Ref": "Vpc"}, "GroupDescription": "jobs", "SecurityGroupIngress": [ingress]}
    template = resources(
        Secret={"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": generate}},
        Vpc={"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        Subnet={"Type": "AWS::EC2::Subnet", "Properties": subnet},
        Group={"Type": "AWS::EC2::SecurityGroup", "Properties": group},
    )
    assert stacks.create(unique, template)["StackStatus"] == "CREATE_COMPLETE"
    text = client("secretsmanager").get_secret_value(SecretId=stacks.physical_id(unique, "Secret"))["SecretString"]
    assert len(json.loads(text)["password"]) == 20
    found = client("ec2").describe_security_groups(GroupIds=[stacks.physical_id(unique, "Group")])["SecurityGroups"]
    assert found[0]["IpPermissions"][0]["FromPort"] == 443
    assert stacks.delete(unique)["StackStatus"] == "DELETE_COMPLETE"


def test_sagemaker_resources_and_a_model_that_is_replaced(stacks: Stacks, client: Client, unique: str) -> None:
    s3, image = client("s3"), "123456789012.dkr.ecr.eu-west-1.amazonaws.com/model"
    s3.create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    step = {"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "stop"}}
    definition = json.dumps({"Version": "2020-12-01", "Parameters": [], "Steps": [step]})
    s3.put_object(Bucket=unique, Key="definition.json", Body=definition.encode())

    def template(tag: str) -> dict[str, Any]:
        place = {"PipelineDefinitionS3Location": {"Bucket": unique, "Key": "definition.json"}}
        role = {"Fn::GetAtt": ["Role", "Arn"]}
        model = {"ExecutionRoleArn": role, "PrimaryContainer": {"Image": f"{image}:{tag}"}}
        pipeline = {"PipelineName": unique, "PipelineDefinition": place, "RoleArn": role}
        found = resources(
            Role={
                "Type": "AWS::IAM::Role",
                "Properties": {"AssumeRolePolicyDocument": _trust("sagemaker.amazonaws.com")},
            },
            Model={"Type": "AWS::SageMaker::Model", "Properties": model},
            Pipeline={"Type": "AWS::SageMaker::Pipeline", "Properties": pipeline},
            Group={
                "Type": "AWS::SageMaker::ModelPackageGroup",
                "Properties": {"ModelPackageGroupName": unique},
            },
        )
        found["Outputs"] = {"Model": {"Value": {"Fn::GetAtt": ["Model", "ModelName"]}}}
        return found

    assert stacks.create(unique, template("1"), Capabilities=CAPABILITIES)["StackStatus"] == "CREATE_COMPLETE"
    first = stacks.outputs(unique)["Model"]
    assert stacks.update(unique, template("2"), Capabilities=CAPABILITIES)["StackStatus"] == "UPDATE_COMPLETE"
    second = stacks.outputs(unique)["Model"]
    models = [each["ModelName"] for each in client("sagemaker").list_models(NameContains=unique)["Models"]]
    assert models == [second] != [first]
    assert client("sagemaker").describe_pipeline(PipelineName=unique)["PipelineDefinition"] == definition
    assert stacks.delete(unique)["StackStatus"] == "DELETE_COMPLETE"


def test_a_subscription_that_nobody_confirmed_may_leave_the_template(client: Client, unique: str) -> None:
    stacks = Stacks(client("cloudformation"))
    mail = {"Protocol": "email", "Endpoint": f"{unique}@example.com"}
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"Subscription": [mail]}}
    stacks.create(unique, {"Resources": {"Topic": topic}})
    del topic["Properties"]
    assert stacks.update(unique, {"Resources": {"Topic": topic}})["StackStatus"] == "UPDATE_COMPLETE"


@pytest.mark.aws_rule(
    "CloudFormation leaves a rule that was disabled by hand as it is until an update changes the rule itself",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html",
)
def test_a_rule_that_was_disabled_by_hand_stays_so_until_it_is_changed_itself(
    stacks: Stacks, client: Client, unique: str
) -> None:
    def template(value: str, rate: str) -> dict[str, Any]:
        rule = {"Name": unique, "ScheduleExpression": f"rate({rate})", "State": "ENABLED"}
        return resources(Rule={"Type": "AWS::Events::Rule", "Properties": rule}, P=parameter(f"/{unique}", value))

    stacks.create(unique, template("a", "1 day"))
    events = client("events")
    events.disable_rule(Name=unique)
    stacks.update(unique, template("b", "1 day"))
    assert events.describe_rule(Name=unique)["State"] == "DISABLED"
    stacks.update(unique, template("b", "2 days"))
    assert events.describe_rule(Name=unique)["State"] == "ENABLED"
