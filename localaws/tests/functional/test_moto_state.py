"""What moto holds comes back after a restart: every kind of chunk, and objects that several things refer to."""

from __future__ import annotations

import json
import logging
import time
import types
from collections import defaultdict
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from moto import backends as moto_backends
from moto.core.base_backend import BackendDict, BaseBackend
from moto.s3.models import FakeAcl

from localaws.core.body import Body
from localaws.moto.chunks import Chunks, Touched, backends_in_use
from localaws.moto.originals import EVERY_OPERATION
from localaws.moto.reach import group_of, package_of, reached_from
from tests.functional.conftest import DEV, PREPROD, REGION
from tests.functional.job_site import trust
from tests.functional.server_process import ServerProcess

# Objects that hold no data of their own, or that nobody changes: an ACL is replaced, and a new bucket's is moto's own.
_NO_DATA = (
    Body,  # never changes, and is kept as the names of its files
    FakeAcl,
    type,
    types.FunctionType,
    types.MethodType,
    types.ModuleType,
    types.BuiltinFunctionType,
    Enum,
)
_NOW = int(time.time() * 1000)  # CloudWatch Logs takes no events of other years
_NOT_BACKENDS = ("awslambda_simple", "batch_simple", "core", "moto_api", "moto_proxy", "moto_server")
_OTHERS = ("s3bucket_path", "utilities", "instance_metadata")


def scenario(client: Callable[..., Any], name: str) -> None:
    """Things of many services that refer to each other."""
    s3, iam, ec2, kms = client("s3"), client("iam"), client("ec2"), client("kms")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"2"):
        s3.put_object(Bucket=name, Key="kept", Body=body, Tagging="a=b")
    s3.delete_object(Bucket=name, Key="kept")
    s3.copy_object(Bucket=name, Key="copy", CopySource={"Bucket": name, "Key": "kept"} | _first_version(s3, name))
    upload = s3.create_multipart_upload(Bucket=name, Key="big")["UploadId"]
    s3.upload_part(Bucket=name, Key="big", UploadId=upload, PartNumber=1, Body=b"part")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust("sagemaker.amazonaws.com"))
    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    own = iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=name, PolicyArn=own)
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet, SecurityGroupIds=[group])
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key)
    topic = client("sns").create_topic(Name=name)["TopicArn"]
    sqs = client("sqs")
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    queue = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": redrive})["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody=topic)
    logs = client("logs")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    logs.put_log_events(logGroupName=name, logStreamName="s", logEvents=[{"timestamp": _NOW, "message": "told"}])
    client("ssm").put_parameter(Name=f"/{name}", Value="1", Type="String", Tags=[{"Key": "a", "Value": "b"}])
    client("secretsmanager").create_secret(Name=name, SecretString="s")
    client("ecr").create_repository(repositoryName=name)
    client("cloudwatch").put_metric_data(Namespace=name, MetricData=[{"MetricName": "m", "Value": 1}])
    client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client("dynamodb").put_item(TableName=name, Item={"k": {"S": "v"}})


def _first_version(s3: Any, bucket: str) -> dict[str, str]:
    return {"VersionId": s3.list_object_versions(Bucket=bucket)["Versions"][-1]["VersionId"]}


def test_everything_comes_back_after_a_server_was_killed(tmp_path: Path, unique: str) -> None:
    server = ServerProcess(tmp_path, [DEV, PREPROD], REGION)
    scenario(lambda service: server.client(service, DEV), unique)
    before = _told(server, unique)
    server.kill()
    server = ServerProcess(tmp_path, [DEV, PREPROD], REGION)
    after = _told(server, unique)
    iam = server.client("iam", DEV)
    iam.detach_role_policy(RoleName=unique, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    policy = iam.get_policy(PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")["Policy"]
    server.stop()
    assert after == before
    assert policy["AttachmentCount"] == 0  # the role refers to the policy that all others see


def _told(server: ServerProcess, name: str) -> dict[str, Any]:
    def client(service: str) -> Any:
        return server.client(service, DEV)

    s3, sqs = client("s3"), client("sqs")
    versions = s3.list_object_versions(Bucket=name)
    found = {
        "versions": [(v["Key"], v["VersionId"], v["Size"]) for v in versions["Versions"]],
        "markers": [(v["Key"], v["VersionId"], v["IsLatest"]) for v in versions["DeleteMarkers"]],
        "copy": s3.get_object(Bucket=name, Key="copy")["Body"].read(),
        "uploads": [u["UploadId"] for u in s3.list_multipart_uploads(Bucket=name)["Uploads"]],
        "policies": client("iam").list_attached_role_policies(RoleName=name)["AttachedPolicies"],
        "aws policies": [p["PolicyId"] for p in client("iam").list_policies(Scope="AWS", MaxItems=5)["Policies"]],
        "vpcs": sorted(v["VpcId"] for v in client("ec2").describe_vpcs()["Vpcs"]),
        "instances": client("ec2").describe_instances()["Reservations"][0]["Instances"][0]["InstanceId"],
        "images": len(client("ec2").describe_images(Owners=["amazon"])["Images"]),
        "key": client("kms").describe_key(KeyId=f"alias/{name}")["KeyMetadata"]["Arn"],
        "topics": client("sns").list_topics()["Topics"],
        "queue": sqs.get_queue_attributes(
            QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"].replace("http://localhost", server.endpoint_url),
            AttributeNames=["ApproximateNumberOfMessages", "RedrivePolicy"],
        )["Attributes"],
        "log": client("logs").get_log_events(logGroupName=name, logStreamName="s")["events"],
        "parameter": client("ssm").get_parameter(Name=f"/{name}")["Parameter"]["LastModifiedDate"],
        "secret": client("secretsmanager").get_secret_value(SecretId=name)["SecretString"],
        "repositories": client("ecr").describe_repositories()["repositories"][0]["repositoryArn"],
        "item": client("dynamodb").get_item(TableName=name, Key={"k": {"S": "v"}})["Item"],
    }
    parts = s3.list_parts(Bucket=name, Key="big", UploadId=found["uploads"][0])["Parts"]
    return found | {"parts": [part["ETag"] for part in parts]}


def test_no_object_that_can_change_is_in_two_chunks(client: Callable[..., Any], unique: str) -> None:
    scenario(client, unique)
    chunks = Chunks()
    chunks.changed(Touched({package_of(backend) for _, backend in backends_in_use()}, {EVERY_OPERATION}))
    seen: dict[int, tuple[str, str, Any]] = {}
    shared = []
    for name, root in _roots(chunks):
        for path, obj in _reached(root, chunks, name):
            other = seen.setdefault(id(obj), (name, path, obj))
            if other[0] != name:
                shared.append(f"{other[0]}{other[1]} is {name}{path}: {type(obj).__name__}")
    assert not shared, "\n".join(shared[:20])


def _roots(chunks: Chunks) -> Iterator[tuple[str, Any]]:
    groups: defaultdict[str, list[Any]] = defaultdict(list)
    for place, backend in backends_in_use():
        groups[group_of(package_of(backend))].append((place, backend))
    for group, members in groups.items():
        yield group, chunks._attributes(members)
        for _, backend in members:
            for name, bucket in getattr(backend, "buckets", {}).items() if group == "s3" else ():
                yield f"bucket {name}", {**vars(bucket), "keys": None, "multiparts": None}
                for key, versions in dict.items(bucket.keys):
                    for index, version in enumerate(versions):
                        yield f"object {name} {index} {key}", version


def _reached(root: Any, chunks: Chunks, name: str) -> Iterator[tuple[str, Any]]:
    """Every object below a chunk's root that can change, and how it is reached."""
    seen: dict[int, Any] = {}
    waiting = [("", root)]
    while waiting:
        path, obj = waiting.pop()
        if id(obj) in seen or isinstance(obj, _NO_DATA) or (path and chunks._reference(obj) is not None):
            continue
        seen[id(obj)] = obj
        held: list[tuple[str, Any]] = []
        if isinstance(obj, dict):
            held += [(f"{path}[{key!r}]", value) for key, value in dict.items(obj)]
        elif isinstance(obj, list | tuple | set | frozenset):
            held += [(f"{path}[{index}]", value) for index, value in enumerate(obj)]
        if hasattr(obj, "__dict__"):
            held += [(f"{path}.{attribute}", value) for attribute, value in vars(obj).items()]
        if held and not isinstance(obj, tuple | frozenset):
            yield path, obj
        # a delete marker's object is kept by reference: it is a version of the same key
        waiting += [each for each in held if not (name.startswith("object") and each[0] == ".key")]


def _services() -> list[str]:
    known = moto_backends.list_of_moto_modules()
    return sorted(each for each in known if each not in (*_NOT_BACKENDS, *_OTHERS))


@pytest.mark.parametrize("service", _services())
def test_what_each_of_motos_services_begins_with_is_data(service: str, caplog: pytest.LogCaptureFixture) -> None:
    backends: BackendDict = moto_backends.get_backend(service)
    place = backends["444444444444"]
    region = REGION if REGION in place else next(each for each in ("us-east-1", "aws") if each in place)
    backend: BaseBackend = place[region]
    with caplog.at_level(logging.ERROR):
        Chunks().changed(Touched({package_of(backend)}))
    lost = [each.getMessage() for each in caplog.records if f" {package_of(backend)} " in each.getMessage()]
    assert not lost


def test_a_service_reaches_those_that_its_source_names() -> None:
    assert {"s3", "sns", "sqs"} <= reached_from("s3")
    assert "sqs" in reached_from("sns")
    assert "elbv2" in reached_from("autoscaling")
    assert reached_from("no service of moto's") == {"no service of moto's"}
