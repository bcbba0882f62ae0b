from __future__ import annotations

from typing import Any

import pytest

from localaws.iam.requirements import Place, requirements

PLACE = Place("111111111111", "eu-west-1")
HERE = "eu-west-1:111111111111"
ROLE = "arn:aws:iam::111111111111:role/r"


@pytest.mark.aws_rule(
    "An operation needs its action on its resource",
    page="https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html",
)
@pytest.mark.parametrize(
    ("service", "operation", "parameters", "action", "resource"),
    [
        ("s3", "ListObjectsV2", {"Bucket": "b"}, "s3:ListBucket", "arn:aws:s3:::b"),
        ("s3", "HeadObject", {"Bucket": "b", "Key": "k/x"}, "s3:GetObject", "arn:aws:s3:::b/k/x"),
        ("s3", "GetObject", {"Bucket": "b", "Key": "k", "VersionId": "1"}, "s3:GetObjectVersion", "arn:aws:s3:::b/k"),
        ("s3", "ListBuckets", {}, "s3:ListAllMyBuckets", "*"),
        ("s3", "UploadPart", {"Bucket": "b", "Key": "k"}, "s3:PutObject", "arn:aws:s3:::b/k"),
        ("s3", "PutBucketEncryption", {"Bucket": "b"}, "s3:PutEncryptionConfiguration", "arn:aws:s3:::b"),
        (
            "sagemaker",
            "StartPipelineExecution",
            {"PipelineName": "Daily"},
            "sagemaker:StartPipelineExecution",
            f"arn:aws:sagemaker:{HERE}:pipeline/daily",
        ),
        (
            "sagemaker",
            "ListModelPackages",
            {"ModelPackageGroupName": "g"},
            "sagemaker:ListModelPackages",
            f"arn:aws:sagemaker:{HERE}:model-package/g/*",
        ),
        ("ssm", "GetParameter", {"Name": "/a/b"}, "ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/a/b"),
        ("ssm", "GetParametersByPath", {"Path": "/a/"}, "ssm:GetParametersByPath", f"arn:aws:ssm:{HERE}:parameter/a"),
        ("logs", "PutLogEvents", {"logGroupName": "g"}, "logs:PutLogEvents", f"arn:aws:logs:{HERE}:log-group:g"),
        ("events", "PutRule", {"Name": "r"}, "events:PutRule", f"arn:aws:events:{HERE}:rule/r"),
        (
            "codepipeline",
            "PutApprovalResult",
            {"pipelineName": "p", "stageName": "s", "actionName": "a"},
            "codepipeline:PutApprovalResult",
            f"arn:aws:codepipeline:{HERE}:p/s/a",
        ),
        (
            "sqs",
            "SendMessageBatch",
            {"QueueUrl": "http://x/222222222222/q"},
            "sqs:SendMessage",
            "arn:aws:sqs:eu-west-1:222222222222:q",
        ),
        ("service-quotas", "ListServiceQuotas", {"ServiceCode": "sagemaker"}, "servicequotas:ListServiceQuotas", "*"),
        ("iam", "GetRole", {"RoleName": "r"}, "iam:GetRole", ROLE),
        (
            "iam",
            "SimulatePrincipalPolicy",
            {"PolicySourceArn": ROLE, "ActionNames": ["s3:GetObject"], "ResourceArns": ["arn:aws:s3:::b"]},
            "iam:SimulatePrincipalPolicy",
            ROLE,
        ),
        ("sts", "AssumeRole", {"RoleArn": ROLE}, "sts:AssumeRole", ROLE),
        (
            "cloudformation",
            "DescribeStacks",
            {"StackName": "s"},
            "cloudformation:DescribeStacks",
            f"arn:aws:cloudformation:{HERE}:stack/s/*",
        ),
        (
            "cloudwatch",
            "PutDashboard",
            {"DashboardName": "d"},
            "cloudwatch:PutDashboard",
            "arn:aws:cloudwatch::111111111111:dashboard/d",
        ),
        ("ec2", "DescribeSubnets", {}, "ec2:DescribeSubnets", "*"),
    ],
)
def test_an_operation_needs_its_action_on_its_resource(
    service: str, operation: str, parameters: dict[str, Any], action: str, resource: str
) -> None:
    first = requirements(service, operation, parameters, PLACE)[0]
    assert (first.action, first.resources[0]) == (action, resource)


@pytest.mark.aws_rule(
    "ListObjects needs s3:ListBucket on the bucket, CopyObject s3:GetObject on the source and s3:PutObject on the "
    "target",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html",
)
def test_copying_reads_the_source_and_writes_the_target() -> None:
    parameters = {"Bucket": "b", "Key": "k", "CopySource": "/a/x%20y?versionId=3"}
    found = [(one.action, one.resources) for one in requirements("s3", "CopyObject", parameters, PLACE)]
    assert found == [("s3:PutObject", ("arn:aws:s3:::b/k",)), ("s3:GetObjectVersion", ("arn:aws:s3:::a/x y",))]


@pytest.mark.aws_rule(
    "Handing a role to a service needs iam:PassRole on that role, for that service",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
)
def test_roles_are_passed_wherever_they_are_in_the_request() -> None:
    parameters = {"pipeline": {"name": "p", "roleArn": ROLE, "stages": [{"actions": [{"roleArn": f"{ROLE}2"}]}]}}
    _, *passed = requirements("codepipeline", "CreatePipeline", parameters, PLACE)
    assert [one.resources for one in passed] == [(ROLE,), (f"{ROLE}2",)]
    assert passed[0].context == {"iam:passedtoservice": ("codepipeline.amazonaws.com",)}


def test_reading_passes_no_role_and_asking_who_one_is_needs_nothing() -> None:
    assert len(requirements("sagemaker", "DescribeModel", {"ModelName": "m", "RoleArn": ROLE}, PLACE)) == 1
    assert requirements("sts", "GetCallerIdentity", {}, PLACE) == []


def test_each_of_several_names_is_needed() -> None:
    found = requirements("ssm", "GetParameters", {"Names": ["/a", "b"]}, PLACE)
    assert [one.resources[0].rsplit("/", 1)[-1] for one in found] == ["a", "b"]
    deleted = {"Bucket": "b", "Delete": {"Objects": [{"Key": "x"}, {"Key": "y"}]}}
    assert len(requirements("s3", "DeleteObjects", deleted, PLACE)) == 2
