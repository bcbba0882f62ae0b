"""doctor and plan, where jobs would fail on AWS: a network without a way to S3, an image that cannot be pulled."""

from __future__ import annotations

import json
from typing import Any

from tests.functional.conftest import DEV, PREPROD, REGION
from tests.functional.scripts.site import PIPELINE, Site
from tests.functional.server_process import session


def finding(site: Site, subject: str) -> dict[str, Any]:
    done = site.run("doctor", "--output", "json")
    found = json.loads(done.stdout)["findings"]
    return next(each for each in found if (each["where"], each["what"]) == ("preprod", subject))


def test_doctor_follows_a_network_from_without_a_way_to_s3_to_one_that_works(ready_site: Site) -> None:
    ec2 = ready_site.client("ec2", account=PREPROD)
    assert "SageMaker's own" in finding(ready_site, "network")["found"]
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="jobs", Description="jobs", VpcId=vpc)["GroupId"]
    network = f"network: {{ subnet_ids: [{subnet}], security_group_ids: [{group}] }}\nalarms:"
    ready_site.edit_stage("preprod", "alarms:", network)
    closed = finding(ready_site, "network")
    assert closed["status"] == "wrong"
    assert f"{subnet} has no way to S3" in closed["found"]
    assert f"com.amazonaws.{REGION}.s3" in closed["next_command"]

    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3", RouteTableIds=[tables[0]["RouteTableId"]]
    )
    reached = finding(ready_site, "network")
    assert reached["status"] == "ok"
    assert "reach S3" in reached["found"]
    assert "could not call sts" in reached["found"]

    ready_site.edit_stage("preprod", "instance_count: 1", "instance_count: 2")
    assert "encrypted traffic between instances" in finding(ready_site, "network")["found"]
    rules = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rules)
    assert finding(ready_site, "network")["status"] == "ok"


def test_an_image_in_devs_ecr_is_refused_until_its_repository_lets_the_stage_pull(site: Site, unique: str) -> None:
    ecr = site.client("ecr")
    ecr.create_repository(repositoryName=unique)
    image = f"{DEV}.dkr.ecr.{REGION}.amazonaws.com/{unique}:1"
    container = {"Image": image, "ModelDataUrl": site._put(f"models/{unique}/model.tar.gz", b"model")}
    types = {"SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"]}
    site.register(InferenceSpecification={"Containers": [container], **types})
    told = finding(site, "image policy")
    assert told["status"] == "wrong"
    assert f"{PREPROD} may not pull {image}" in told["found"]
    refused = site.run("plan", "--stage", "preprod")
    assert refused.returncode == 7
    assert f'"arn:aws:iam::{PREPROD}:root"' in refused.stderr
    assert f"aws ecr set-repository-policy --repository-name {unique}" in refused.stderr

    statement = refused.stderr.partition("the statement that it needs: ")[2].splitlines()[0]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [json.loads(statement)]})
    ecr.set_repository_policy(repositoryName=unique, policyText=policy)
    assert finding(site, "image policy")["status"] == "ok"
    assert site.run("plan", "--stage", "preprod").returncode == 0


def test_a_repository_that_is_not_there_is_unknown_and_no_failure(ready_site: Site) -> None:
    told = finding(ready_site, "image policy")
    assert told["status"] == "unknown"
    assert "has no repository model" in told["found"]


def test_a_stage_in_a_region_without_the_named_image_is_told_by_doctor_and_by_plan(ready_site: Site) -> None:
    named = '"StockImages": {"Processing": {"Framework": "sklearn", "Version": "0.1"}}'
    document = '{"Version": "2020-12-01",'
    ready_site.write_pipeline(PIPELINE.replace(document, f'{document} "Metadata": {{{named}}},'))
    told = finding(ready_site, "image policy")
    assert told["status"] == "wrong"
    assert "framework_images.json has no sklearn 0.1" in told["found"]
    refused = ready_site.run("plan", "--stage", "preprod")
    assert refused.returncode == 10
    assert "has no sklearn 0.1" in refused.stderr
    ready_site.edit_stage("preprod", "processing:\n", "processing:\n  image_uri: own:1\n")
    assert ready_site.run("plan", "--stage", "preprod").returncode == 0


def test_another_regions_image_is_refused_and_another_regions_model_data_is_copied_and_told(site: Site) -> None:
    """SageMaker takes neither: the data is promoted into the stage's region, and an image is not."""
    there, types = "us-west-2", {"SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"]}
    bucket = f"{site.pipeline}-models"
    keys = {"aws_access_key_id": DEV, "aws_secret_access_key": site.address.secret(DEV)}
    s3 = session(there, **keys).client("s3", endpoint_url=site.address.endpoint_url)
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": there})
    s3.put_object(Bucket=bucket, Key="model.tar.gz", Body=b"model")
    far = {"Image": f"{DEV}.dkr.ecr.{REGION}.amazonaws.com/model:1", "ModelDataUrl": f"s3://{bucket}/model.tar.gz"}
    site.register(InferenceSpecification={"Containers": [far], **types})
    planned = site.run("plan", "--stage", "preprod")
    assert planned.returncode == 0, planned.stderr
    assert f"s3://{bucket} is in {there}" in planned.stdout + planned.stderr
    image = f"{DEV}.dkr.ecr.{there}.amazonaws.com/model:1"
    site.register(InferenceSpecification={"Containers": [{**far, "Image": image}], **types})
    refused = site.run("plan", "--stage", "preprod")
    assert refused.returncode == 7, refused.stdout
    assert f"the image is in {there}, the stage in {REGION}" in refused.stderr
    assert "make resolve" in refused.stderr
