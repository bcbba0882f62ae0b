"""The model registry by boto3 and by the AWS CLI: versions, approval, policies across accounts, tags, events."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.core.events import Event
from localaws.server import Server
from tests.functional.conftest import DEV, PREPROD, REGION

Client = Callable[..., Any]
IMAGE = f"{DEV}.dkr.ecr.{REGION}.amazonaws.com/inference:1"
AWS = str(Path(sys.executable).with_name("aws"))


@pytest.fixture
def sagemaker(client: Client) -> Any:
    return client("sagemaker")


@pytest.fixture
def model_url(client: Client, unique: str) -> str:
    s3 = client("s3")
    s3.create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=unique, Key="model.tar.gz", Body=b"a model")
    return f"s3://{unique}/model.tar.gz"


@pytest.fixture
def group(sagemaker: Any, unique: str) -> str:
    sagemaker.create_model_package_group(ModelPackageGroupName=unique)
    return unique


@pytest.fixture
def events(server: Server) -> Iterator[list[Event]]:
    heard: list[Event] = []
    server.cloud.on_event(heard.append)
    yield heard


def specification(url: str) -> dict[str, Any]:
    return {
        "Containers": [{"Image": IMAGE, "ModelDataUrl": url}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }


def register(sagemaker: Any, group: str, url: str, **members: Any) -> str:
    created = sagemaker.create_model_package(
        ModelPackageGroupName=group, InferenceSpecification=specification(url), **members
    )
    return str(created["ModelPackageArn"])


def refused(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**request)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_versions_are_numbered_and_keep_everything(sagemaker: Any, group: str, model_url: str) -> None:
    kept = {
        "SourceUri": model_url,
        "SkipModelValidation": "None",
        "ModelLifeCycle": {"Stage": "Development", "StageStatus": "PendingApproval"},
        "CustomerMetadataProperties": {"author": "team"},
        "Task": "CLASSIFICATION",
        "Domain": "MACHINE_LEARNING",
        "ModelMetrics": {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": model_url}}},
        "DriftCheckBaselines": {"Bias": {"ConfigFile": {"S3Uri": model_url}}},
    }
    register(sagemaker, group, model_url)
    arn = register(sagemaker, group, model_url, **kept)
    described = sagemaker.describe_model_package(ModelPackageName=arn)
    assert arn.endswith(f"{group}/2")
    assert {name: described[name] for name in kept} == kept
    assert described["ModelPackageVersion"] == 2
    assert described["ModelPackageStatus"] == "Completed"
    assert described["ModelApprovalStatus"] == "PendingManualApproval"
    assert described["InferenceSpecification"]["Containers"][0]["ModelDataETag"]


def test_a_version_number_is_never_used_twice(sagemaker: Any, group: str, model_url: str) -> None:
    sagemaker.delete_model_package(ModelPackageName=register(sagemaker, group, model_url))
    assert register(sagemaker, group, model_url).endswith("/2")


def test_a_package_without_its_artifact_is_failed(sagemaker: Any, group: str, model_url: str) -> None:
    arn = register(sagemaker, group, f"{model_url}.gone")
    described = sagemaker.describe_model_package(ModelPackageName=arn)
    assert described["ModelPackageStatus"] == "Failed"
    assert ".gone" in described["ModelPackageStatusDetails"]["ValidationStatuses"][0]["FailureReason"]


@pytest.mark.aws_rule(
    "A registration with the same client token is one version",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html",
)
def test_a_client_token_registers_once(sagemaker: Any, group: str, model_url: str) -> None:
    first = register(sagemaker, group, model_url, ClientToken="once")
    assert register(sagemaker, group, model_url, ClientToken="once") == first
    other = {"ModelPackageGroupName": group, "ModelPackageDescription": "other", "ClientToken": "once"}
    assert refused(sagemaker.create_model_package, **other)[0] == "ConflictException"


def test_updating_changes_only_what_is_given(sagemaker: Any, group: str, model_url: str) -> None:
    arn = register(sagemaker, group, model_url, CustomerMetadataProperties={"a": "1", "b": "2"})
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="good")
    sagemaker.update_model_package(
        ModelPackageArn=arn, CustomerMetadataProperties={"c": "3"}, CustomerMetadataPropertiesToRemove=["a"]
    )
    described = sagemaker.describe_model_package(ModelPackageName=arn)
    assert described["ModelApprovalStatus"] == "Approved"
    assert described["ApprovalDescription"] == "good"
    assert described["CustomerMetadataProperties"] == {"b": "2", "c": "3"}
    assert described["LastModifiedTime"] > described["CreationTime"]


def test_the_newest_approved_version_comes_first(sagemaker: Any, group: str, model_url: str) -> None:
    for status in ("Approved", "Approved", "Rejected", "PendingManualApproval"):
        register(sagemaker, group, model_url, ModelApprovalStatus=status)
    request = {"ModelPackageGroupName": group, "SortBy": "CreationTime"}
    newest = sagemaker.list_model_packages(
        **request, ModelApprovalStatus="Approved", SortOrder="Descending", MaxResults=1
    )["ModelPackageSummaryList"]
    assert [package["ModelPackageVersion"] for package in newest] == [2]
    pages = sagemaker.get_paginator("list_model_packages").paginate(**request, PaginationConfig={"PageSize": 3})
    versions = [package["ModelPackageVersion"] for page in pages for package in page["ModelPackageSummaryList"]]
    assert versions == [1, 2, 3, 4]


def test_a_list_of_a_missing_group_is_an_error(sagemaker: Any) -> None:
    code, message = refused(sagemaker.list_model_packages, ModelPackageGroupName="nowhere")
    assert (code, "does not exist" in message) == ("ValidationException", True)


@pytest.mark.aws_rule(
    "Another account uses a model package where the group's policy says so",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-deploy-xaccount.html",
)
def test_another_account_reads_what_the_policy_shares(
    client: Client, sagemaker: Any, group: str, model_url: str
) -> None:
    arn = register(sagemaker, group, model_url)
    group_arn = sagemaker.describe_model_package_group(ModelPackageGroupName=group)["ModelPackageGroupArn"]
    stranger = client("sagemaker", account=PREPROD)
    assert refused(stranger.describe_model_package, ModelPackageName=arn)[0] == "AccessDeniedException"
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{PREPROD}:root"},
        "Action": ["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"],
        "Resource": [group_arn, f"{group_arn.replace('package-group', 'package')}/*"],
    }
    sagemaker.put_model_package_group_policy(
        ModelPackageGroupName=group, ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    assert stranger.describe_model_package(ModelPackageName=arn)["ModelPackageVersion"] == 1
    assert len(stranger.list_model_packages(ModelPackageGroupName=group_arn)["ModelPackageSummaryList"]) == 1
    update = {"ModelPackageArn": arn, "ModelApprovalStatus": "Approved"}
    assert refused(stranger.update_model_package, **update)[0] == "AccessDeniedException"


def test_a_group_policy_is_put_got_and_deleted(sagemaker: Any, group: str) -> None:
    assert (
        "Cannot find resource policy"
        in refused(sagemaker.get_model_package_group_policy, ModelPackageGroupName=group)[1]
    )
    statement = {"Effect": "Allow", "Principal": {"AWS": PREPROD}, "Action": "sagemaker:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sagemaker.put_model_package_group_policy(ModelPackageGroupName=group, ResourcePolicy=policy)
    assert sagemaker.get_model_package_group_policy(ModelPackageGroupName=group)["ResourcePolicy"] == policy
    sagemaker.delete_model_package_group_policy(ModelPackageGroupName=group)
    assert refused(sagemaker.get_model_package_group_policy, ModelPackageGroupName=group)[0] == "ValidationException"
    broken = {"ModelPackageGroupName": group, "ResourcePolicy": "{"}
    assert refused(sagemaker.put_model_package_group_policy, **broken)[0] == "ValidationException"


@pytest.mark.aws_rule(
    "A model package group that has versions is not deleted",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/API_DeleteModelPackageGroup.html",
)
def test_a_group_with_versions_is_not_deleted(sagemaker: Any, group: str, model_url: str) -> None:
    arn = register(sagemaker, group, model_url)
    assert refused(sagemaker.delete_model_package_group, ModelPackageGroupName=group)[0] == "ConflictException"
    sagemaker.delete_model_package(ModelPackageName=arn)
    sagemaker.delete_model_package_group(ModelPackageGroupName=group)
    assert refused(sagemaker.describe_model_package_group, ModelPackageGroupName=group)[0] == "ValidationException"


def test_a_batch_tells_which_packages_are_missing(sagemaker: Any, group: str, model_url: str) -> None:
    arn = register(sagemaker, group, model_url)
    answer = sagemaker.batch_describe_model_package(ModelPackageArnList=[arn, f"{arn}9"])
    assert list(answer["ModelPackageSummaries"]) == [arn]
    assert list(answer["BatchDescribeModelPackageErrorMap"]) == [f"{arn}9"]


@pytest.mark.aws_rule(
    "Tags belong to the model package group, not to its versions",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AddTags.html",
)
def test_tags_belong_to_the_group_and_not_to_a_version(sagemaker: Any, group: str, model_url: str) -> None:
    arn = sagemaker.describe_model_package_group(ModelPackageGroupName=group)["ModelPackageGroupArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["a"])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    tagged = {"ModelPackageGroupName": group, "Tags": [{"Key": "a", "Value": "1"}]}
    assert refused(sagemaker.create_model_package, **tagged)[0] == "ValidationException"
    version = register(sagemaker, group, model_url)
    assert sagemaker.list_tags(ResourceArn=version)["Tags"] == []


@pytest.mark.aws_rule(
    "Creation and approval of a model package are events on the default bus",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html",
)
def test_creation_and_approval_are_announced(sagemaker: Any, group: str, model_url: str, events: list[Event]) -> None:
    arn = register(sagemaker, group, model_url)
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    heard = [event for event in events if event.resources == [arn]]
    assert [event.detail_type for event in heard] == ["SageMaker Model Package State Change"] * 2
    assert [event.detail["ModelApprovalStatus"] for event in heard] == ["PendingManualApproval", "Approved"]
    assert heard[1].detail["ModelPackageGroupName"] == group
    assert heard[1].detail["ModelPackageStatus"] == "Completed"
    json.dumps(heard[1].detail)


def test_an_unversioned_package_has_its_own_name(sagemaker: Any, model_url: str, unique: str) -> None:
    sagemaker.create_model_package(ModelPackageName=unique, InferenceSpecification=specification(model_url))
    assert "ModelPackageVersion" not in sagemaker.describe_model_package(ModelPackageName=unique)
    listed = sagemaker.list_model_packages(NameContains=unique)["ModelPackageSummaryList"]
    assert [package["ModelPackageName"] for package in listed] == [unique]


def test_the_aws_cli_lists_and_approves(
    sagemaker: Any, group: str, model_url: str, aws_environment: dict[str, str]
) -> None:
    arn = register(sagemaker, group, model_url)

    def aws(*arguments: str) -> Any:
        done = subprocess.run(
            [AWS, "sagemaker", *arguments], env=aws_environment, capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    aws("update-model-package", "--model-package-arn", arn, "--model-approval-status", "Approved")
    listed = aws("list-model-packages", "--model-package-group-name", group, "--model-approval-status", "Approved")
    assert [package["ModelPackageArn"] for package in listed["ModelPackageSummaryList"]] == [arn]
