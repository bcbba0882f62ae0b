"""Models: what they are made of, model packages of this and of another account among it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.conftest import DEV, PREPROD, REGION
from tests.functional.job_site import IMAGE, JobSite, archive, trust

DATA = "s3://some-bucket/model.tar.gz"
CONTAINER = {"Image": IMAGE, "ModelDataUrl": DATA}


# Answers its environment instead of a prediction.
CODE = """
import os
def model_fn(model_dir):
    return None
def transform_fn(model, data, content_type, accept):
    return os.environ['A'] + ' ' + os.environ['B']
"""


def register(site: JobSite, group: str, **options: Any) -> str:
    """A version in a new group, with an artifact that exists."""
    site.sagemaker.create_model_package_group(ModelPackageGroupName=group)
    data = site.put("package/model.tar.gz", archive({"code/inference.py": CODE}))
    specification = {
        "Containers": [{"Image": IMAGE, "ModelDataUrl": data, "Environment": {"A": "package", "B": "package"}}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    request = {"InferenceSpecification": specification, "ModelApprovalStatus": "Approved", **options}
    return site.sagemaker.create_model_package(ModelPackageGroupName=group, **request)["ModelPackageArn"]


def test_a_model_is_described_as_it_was_made(site: JobSite, unique: str) -> None:
    network = {"SecurityGroupIds": ["sg-0123456789abcdef0"], "Subnets": ["subnet-0123456789abcdef0"]}
    tags = [{"Key": "team", "Value": "x"}]
    arn = site.sagemaker.create_model(
        ModelName=unique,
        ExecutionRoleArn=site.role,
        PrimaryContainer=CONTAINER,
        EnableNetworkIsolation=True,
        VpcConfig=network,
        Tags=tags,
    )["ModelArn"]
    assert arn == f"arn:aws:sagemaker:{REGION}:{DEV}:model/{unique}"
    model = site.sagemaker.describe_model(ModelName=unique)
    assert model["EnableNetworkIsolation"] is True
    assert model["VpcConfig"] == network
    assert model["PrimaryContainer"] == {**CONTAINER, "Mode": "SingleModel", "Environment": {}}
    assert site.sagemaker.list_tags(ResourceArn=arn)["Tags"] == tags
    found = site.sagemaker.list_models(NameContains=unique)["Models"]
    assert [each["ModelArn"] for each in found] == [arn]
    site.sagemaker.delete_model(ModelName=unique)
    with pytest.raises(ClientError, match=f'Could not find model "{arn}"'):
        site.sagemaker.describe_model(ModelName=unique)


def test_models_come_in_pages(site: JobSite, unique: str) -> None:
    names = [f"{unique}-{number}" for number in range(5)]
    for name in names:
        site.sagemaker.create_model(ModelName=name, ExecutionRoleArn=site.role, PrimaryContainer=CONTAINER)
    pages = site.sagemaker.get_paginator("list_models").paginate(
        NameContains=unique, SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 2}
    )
    assert [model["ModelName"] for page in pages for model in page["Models"]] == names


def test_a_model_of_an_approved_package_serves_what_the_package_names(site: JobSite, unique: str) -> None:
    package = register(site, unique)
    container = {"ModelPackageName": package, "Environment": {"B": "model"}}
    site.sagemaker.create_model(ModelName=unique, ExecutionRoleArn=site.role, PrimaryContainer=container)
    primary = site.sagemaker.describe_model(ModelName=unique)["PrimaryContainer"]
    assert primary["ModelPackageName"] == package
    site.put("in/a.csv", "1\n")
    job = site.transform(unique, f"s3://{site.bucket}/in/")
    assert site.predictions(unique) == {"a.csv.out": b"package model\n"}, job


@pytest.mark.aws_rule(
    "A model is made of an approved model package alone",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html",
)
@pytest.mark.parametrize("status", ["PendingManualApproval", "Rejected"])
def test_a_package_that_is_not_approved_makes_no_model(site: JobSite, unique: str, status: str) -> None:
    package = register(site, unique, ModelApprovalStatus=status)
    with pytest.raises(ClientError, match=f"ModelApprovalStatus {status}"):
        site.sagemaker.create_model(
            ModelName=unique, ExecutionRoleArn=site.role, PrimaryContainer={"ModelPackageName": package}
        )


@pytest.mark.aws_rule(
    "Another account uses a model package where the group's policy says so",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-deploy-xaccount.html",
)
def test_a_package_of_another_account_is_used_where_its_group_says_so(
    site: JobSite, unique: str, client: Callable[..., Any]
) -> None:
    package = register(site, unique)
    role = client("iam", account=PREPROD).create_role(
        RoleName=unique, AssumeRolePolicyDocument=trust("sagemaker.amazonaws.com")
    )["Role"]["Arn"]
    theirs = client("sagemaker", account=PREPROD)
    request = {"ModelName": unique, "ExecutionRoleArn": role, "PrimaryContainer": {"ModelPackageName": package}}
    with pytest.raises(ClientError):
        theirs.create_model(**request)
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{PREPROD}:root"},
        "Action": ["sagemaker:DescribeModelPackage"],
        "Resource": package,
    }
    site.sagemaker.put_model_package_group_policy(
        ModelPackageGroupName=unique, ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    assert theirs.create_model(**request)["ModelArn"].endswith(f"{PREPROD}:model/{unique}")


@pytest.mark.aws_rule(
    "A model has exactly one of PrimaryContainer and Containers, each an image or a model package",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html",
)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "Either PrimaryContainer or Containers"),
        ({"PrimaryContainer": CONTAINER, "Containers": [CONTAINER]}, "Exactly one"),
        ({"PrimaryContainer": {"ModelDataUrl": DATA}}, "Image or a ModelPackageName"),
        ({"PrimaryContainer": {**CONTAINER, "ModelPackageName": "x"}}, "not both"),
        ({"PrimaryContainer": CONTAINER, "ExecutionRoleArn": f"arn:aws:iam::{DEV}:role/nobody"}, "Could not assume"),
        ({"PrimaryContainer": {"ModelPackageName": f"arn:aws:sagemaker:{REGION}:{DEV}:model-package/no/1"}}, "no/1"),
    ],
)
def test_what_aws_refuses_is_refused(site: JobSite, unique: str, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ClientError, match=said) as refused:
        site.sagemaker.create_model(**{"ModelName": unique, "ExecutionRoleArn": site.role, **change})
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_a_name_is_given_once(site: JobSite, unique: str) -> None:
    request = {"ModelName": unique, "ExecutionRoleArn": site.role, "PrimaryContainer": CONTAINER}
    site.sagemaker.create_model(**request)
    with pytest.raises(ClientError, match="Cannot create already existing model"):
        site.sagemaker.create_model(**request)


@pytest.mark.aws_rule(
    "CreateEndpointConfig needs models that exist",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html",
)
def test_an_endpoint_configuration_finds_its_model(site: JobSite, unique: str) -> None:
    sagemaker = site.sagemaker
    sagemaker.create_model(ModelName=unique, PrimaryContainer={"Image": "img"}, ExecutionRoleArn=site.role)
    variant = {"VariantName": "v", "ModelName": unique, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    tags = [{"Key": "a", "Value": "b"}]
    made = sagemaker.create_endpoint_config(EndpointConfigName=unique, ProductionVariants=[variant], Tags=tags)
    assert sagemaker.describe_endpoint_config(EndpointConfigName=unique)["ProductionVariants"] == [variant]
    assert sagemaker.list_tags(ResourceArn=made["EndpointConfigArn"])["Tags"] == tags
    listed = sagemaker.list_endpoint_configs(NameContains=unique)["EndpointConfigs"]
    assert [each["EndpointConfigArn"] for each in listed] == [made["EndpointConfigArn"]]
    sagemaker.delete_endpoint_config(EndpointConfigName=unique)
    bare = {member: value for member, value in variant.items() if member != "InstanceType"}
    for variants in ([{**variant, "ModelName": "nobody"}], [bare]):
        with pytest.raises(ClientError, match=r"Could not find|needs either"):
            sagemaker.create_endpoint_config(EndpointConfigName=unique, ProductionVariants=variants)


def test_tags_that_moto_is_given_are_listed(site: JobSite, unique: str) -> None:
    tags = [{"Key": "a", "Value": "b"}]
    made = site.sagemaker.create_experiment(ExperimentName=unique, Tags=tags)
    assert site.sagemaker.list_tags(ResourceArn=made["ExperimentArn"])["Tags"] == tags
