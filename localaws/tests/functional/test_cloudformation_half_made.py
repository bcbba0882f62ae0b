"""A resource whose creation or deletion was cut off after any of its calls can be deleted, and nothing of it stays.

A resource type asks several operations of its service. A server that is killed, or an operation that is refused, leaves
a resource with some of its parts: the rollback that follows must take away what is there, not stumble over what is not,
and never say "deleted" of what is left.
"""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import pytest

from localaws.assembly import assemble
from localaws.core.caller import Caller
from localaws.core.cloud import Cloud
from localaws.server import Server
from localaws.services.cloudformation.records import Records, key_of_arn
from localaws.services.cloudformation.resource_lifecycle import ResourceLifecycle
from localaws.services.cloudformation.resource_types.base import Context, Resource, is_missing
from localaws.services.cloudformation.resource_types.registry import implementation
from localaws.services.cloudformation.schema import resource_schema
from tests.functional.job_site import trust
from tests.functional.stacks import Stacks
from tests.shared_server import DEV, REGION

Client = Callable[[str], Any]
_MOST_CALLS = 40


class CutOffError(Exception):
    """The server died here."""


@dataclass
class Shears:
    """Cuts at the ``at``-th call after ``armed`` became true: before it, or ``after`` it was carried out."""

    at: int
    after: bool
    armed: bool
    seen: int = 0

    def call(self, operation: Callable[..., Any], *given: Any, **named: Any) -> Any:
        self.seen += self.armed
        here = self.armed and self.seen == self.at
        if here and not self.after:
            raise CutOffError
        answer = operation(*given, **named)
        if here:
            raise CutOffError
        return answer


class Through(Protocol):
    def call(self, operation: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """What comes of the operation, or an error instead."""


class WatchedClient:
    """A boto3 client whose operations go ``through`` something."""

    def __init__(self, client: Any, through: Through) -> None:
        self._client = client
        self._through = through

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name not in self._client.meta.method_to_api_mapping:
            return found
        return lambda *given, **named: self._through.call(found, *given, **named)


@dataclass
class ShearedCloud:
    cloud: Cloud
    shears: Shears

    @property
    def workers(self) -> Any:
        return self.cloud.workers

    def client(self, service: str, caller: Caller) -> Any:
        return WatchedClient(self.cloud.client(service, caller), self.shears)


def _trusted() -> dict[str, Any]:
    return dict(json.loads(trust("sagemaker.amazonaws.com")))


def _zipped(name: str, files: int) -> bytes:
    """Files enough that a repository is seeded by two commits."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number in range(files):
            archive.writestr(f"{name}-{number}", "text")
    return content.getvalue()


_READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
_PARAMETER = {"Type": "String", "Value": "v"}
_TAGS = [{"Key": "team", "Value": "harbour"}]


def _others(client: Client, name: str) -> dict[str, str]:
    """What the resources of the table refer to."""
    topic = client("sns").create_topic(Name=name)["TopicArn"]
    queue = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    client("s3").put_object(Bucket=name, Key="code.zip", Body=_zipped("README", 120))
    iam = client("iam")
    trusting = trust("codepipeline.amazonaws.com")
    role = iam.create_role(RoleName=f"{name}-other", AssumeRolePolicyDocument=trusting)["Role"]["Arn"]
    iam.create_group(GroupName=f"{name}-other")
    managed = iam.create_policy(PolicyName=f"{name}-other", PolicyDocument=json.dumps(_READ))["Policy"]["Arn"]
    vpc = client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    bus = client("events").create_event_bus(Name=f"{name}-other")
    return {
        "name": name,
        "topic": topic,
        "queue": queue,
        "queue-arn": f"arn:aws:sqs:{REGION}:{DEV}:{name}",
        "role": role,
        "managed": managed,
        "vpc": vpc,
        "bus": bus["EventBusArn"].rsplit("/", 1)[-1],
    }


_Case = Callable[[dict[str, str]], dict[str, Any]]


def _allow(action: str, resource: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{DEV}:root"}, "Action": action}
    return {"Version": "2012-10-17", "Statement": [{**statement, "Resource": resource}]}


def _stage(name: str, action: dict[str, Any]) -> dict[str, Any]:
    return {"Name": name, "Actions": [action]}


def _codepipeline(its: dict[str, str]) -> dict[str, Any]:
    source = {
        "Name": "Source",
        "ActionTypeId": {"Category": "Source", "Owner": "AWS", "Provider": "S3", "Version": "1"},
        "Configuration": {"S3Bucket": its["name"], "S3ObjectKey": "k.zip", "PollForSourceChanges": "false"},
        "OutputArtifacts": [{"Name": "S"}],
    }
    approve = {
        "Name": "Approve",
        "ActionTypeId": {"Category": "Approval", "Owner": "AWS", "Provider": "Manual", "Version": "1"},
    }
    return {
        "Name": its["name"],
        "RoleArn": its["role"],
        "ArtifactStore": {"Type": "S3", "Location": its["name"]},
        "Stages": [_stage("Source", source), _stage("A", approve), _stage("B", {**approve, "Name": "Again"})],
        "DisableInboundStageTransitions": [{"StageName": name, "Reason": "not yet"} for name in ("A", "B")],
    }


# Every part that a type can have, under names of the user's own: a second creation meets whatever a deletion left.
_CASES: dict[str, _Case] = {
    "AWS::IAM::Role": lambda its: {
        "RoleName": its["name"],
        "AssumeRolePolicyDocument": _trusted(),
        "Policies": [{"PolicyName": name, "PolicyDocument": _READ} for name in ("one", "two")],
        "ManagedPolicyArns": [its["managed"]],
        "PermissionsBoundary": its["managed"],
        "Tags": _TAGS,
    },
    "AWS::IAM::User": lambda its: {
        "UserName": its["name"],
        "Policies": [{"PolicyName": name, "PolicyDocument": _READ} for name in ("one", "two")],
        "ManagedPolicyArns": [its["managed"]],
        "Groups": [f"{its['name']}-other"],
        "LoginProfile": {"Password": "Correct-horse-1-battery"},
        "Tags": _TAGS,
    },
    "AWS::IAM::Group": lambda its: {
        "GroupName": its["name"],
        "Policies": [{"PolicyName": name, "PolicyDocument": _READ} for name in ("one", "two")],
        "ManagedPolicyArns": [its["managed"]],
    },
    "AWS::IAM::ManagedPolicy": lambda its: {
        "ManagedPolicyName": its["name"],
        "PolicyDocument": _READ,
        "Roles": [f"{its['name']}-other"],
        "Groups": [f"{its['name']}-other"],
    },
    "AWS::IAM::Policy": lambda its: {
        "PolicyName": its["name"],
        "PolicyDocument": _READ,
        "Roles": [f"{its['name']}-other"],
        "Groups": [f"{its['name']}-other"],
    },
    "AWS::IAM::InstanceProfile": lambda its: {
        "InstanceProfileName": its["name"],
        "Roles": [f"{its['name']}-other"],
    },
    "AWS::S3::Bucket": lambda its: {
        "BucketName": f"{its['name']}-made",
        "VersioningConfiguration": {"Status": "Enabled"},
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "Tags": _TAGS,
    },
    "AWS::S3::BucketPolicy": lambda its: {
        "Bucket": its["name"],
        "PolicyDocument": _allow("s3:GetObject", f"arn:aws:s3:::{its['name']}/*"),
    },
    "AWS::SNS::Topic": lambda its: {
        "TopicName": f"{its['name']}-made",
        "Subscription": [{"Protocol": "sqs", "Endpoint": its["queue-arn"]}],
    },
    "AWS::SNS::TopicPolicy": lambda its: {
        "Topics": [its["topic"]],
        "PolicyDocument": _allow("sns:Publish", its["topic"]),
    },
    "AWS::SQS::QueuePolicy": lambda its: {
        "Queues": [its["queue"]],
        "PolicyDocument": _allow("sqs:SendMessage", its["queue-arn"]),
    },
    "AWS::Events::Rule": lambda its: {
        "Name": its["name"],
        "EventPattern": {"source": ["harbour"]},
        "Targets": [{"Id": name, "Arn": its["queue-arn"]} for name in ("one", "two")],
    },
    "AWS::Events::EventBus": lambda its: {
        "Name": its["name"],
        "Policy": _allow("events:PutEvents", f"arn:aws:events:{REGION}:{DEV}:event-bus/{its['name']}"),
    },
    "AWS::Events::EventBusPolicy": lambda its: {
        "EventBusName": its["bus"],
        "StatementId": "one",
        "Action": "events:PutEvents",
        "Principal": DEV,
    },
    "AWS::CodeCommit::Repository": lambda its: {
        "RepositoryName": its["name"],
        "Code": {"BranchName": "main", "S3": {"Bucket": its["name"], "Key": "code.zip"}},
    },
    "AWS::CodePipeline::Pipeline": _codepipeline,
    "AWS::KMS::Key": lambda its: {"EnableKeyRotation": True, "Enabled": False},
    "AWS::EC2::VPC": lambda its: {"CidrBlock": "10.1.0.0/16", "EnableDnsHostnames": True, "Tags": _TAGS},
    "AWS::EC2::Subnet": lambda its: {
        "VpcId": its["vpc"],
        "CidrBlock": "10.0.1.0/24",
        "MapPublicIpOnLaunch": True,
        "Tags": _TAGS,
    },
    "AWS::EC2::SecurityGroup": lambda its: {
        "GroupName": its["name"],
        "GroupDescription": "jobs",
        "VpcId": its["vpc"],
        "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/16"}],
        "SecurityGroupEgress": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/16"}],
    },
    "AWS::Logs::LogGroup": lambda its: {"LogGroupName": f"/{its['name']}", "RetentionInDays": 7},
    "AWS::ECR::Repository": lambda its: {
        "RepositoryName": its["name"],
        "RepositoryPolicyText": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}],
        },
    },
    "AWS::DynamoDB::Table": lambda its: {
        "TableName": its["name"],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        "TimeToLiveSpecification": {"AttributeName": "until", "Enabled": True},
    },
    "AWS::SageMaker::ModelPackageGroup": lambda its: {
        "ModelPackageGroupName": its["name"],
        "ModelPackageGroupPolicy": _allow(
            "sagemaker:DescribeModelPackageGroup",
            f"arn:aws:sagemaker:{REGION}:{DEV}:model-package-group/{its['name']}",
        ),
    },
}


# Neither required nor createOnly, and yet nothing that an update may take away.
_STAY = {
    *("Action", "Principal"),
    *("ArtifactStore", "AttributeDefinitions", "BillingMode"),
    *("EventPattern", "TimeToLiveSpecification"),
}


def _bare(type_name: str, properties: dict[str, Any]) -> dict[str, Any]:
    """The same resource without the parts that an update may add and remove."""
    schema = resource_schema(type_name, REGION)
    required = {*schema.document.get("required", []), *_STAY}
    return {key: each for key, each in properties.items() if key in required or schema.recreation((key,)) != "Never"}


@pytest.fixture(scope="module")
def others(client: Client) -> dict[str, str]:
    return _others(client, "halfmade")


def _context(server: Server, shears: Shears | None = None) -> Context:
    cloud: Any = server.cloud if shears is None else ShearedCloud(server.cloud, shears)
    caller = Caller(DEV, REGION, f"arn:aws:iam::{DEV}:root")
    return Context(cloud, caller, f"arn:aws:cloudformation:{REGION}:{DEV}:stack/halfmade/1", "halfmade", "It")


def _made(server: Server, type_name: str, properties: dict[str, Any], shears: Shears) -> tuple[Resource, bool]:
    """The resource as it was reported, and whether its creation was cut off."""
    reported: list[Resource] = []

    def report(resource: Resource) -> None:
        reported.append(resource)
        shears.armed = True

    try:
        made = implementation(type_name).create(replace(_context(server, shears), report=report), properties)
    except CutOffError:
        return reported[-1], True
    return made, False


def _delete(context: Context, type_name: str, resource: Resource, properties: dict[str, Any]) -> None:
    """As the engine deletes: what is gone already is no failure."""
    try:
        implementation(type_name).delete(context, resource, properties)
    except Exception as error:
        if not (hasattr(error, "response") and is_missing(error)):
            raise


def _cuts(shears: Callable[[int, bool], bool]) -> Iterator[None]:
    """A cut before and after each call, until there is none left."""
    for number in range(1, _MOST_CALLS):
        reached = [shears(number, after) for after in (False, True)]
        yield
        if not any(reached):
            return
    raise AssertionError(f"more than {_MOST_CALLS} calls")


@dataclass
class Watch:
    """Stands between a stack and the clients of its cloud: could a generation be cut after each of their calls?"""

    cloud: Cloud
    could_be_cut: list[bool] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cloud, name)

    def client(self, service: str, caller: Caller) -> Any:
        return WatchedClient(self.cloud.client(service, caller), self)

    def call(self, operation: Callable[..., Any], *given: Any, **named: Any) -> Any:
        answer = operation(*given, **named)
        cutting = threading.Thread(target=self.cloud.generations.settle, daemon=True)
        cutting.start()
        cutting.join(0.3)
        self.could_be_cut.append(not cutting.is_alive())
        return answer


def test_a_resource_is_kept_together_with_what_its_stack_knows_of_it(tmp_path: Path) -> None:
    """A server that is killed between the two would leave a resource that nobody knows."""
    (tmp_path / "state").mkdir()
    cloud = assemble(tmp_path / "state", tmp_path / "work", [DEV]).cloud
    cloud.start("http://localhost")
    try:
        stacks = Stacks(cloud.client("cloudformation", Caller.root(DEV, REGION)))
        stack = stacks.create(
            "halfmade", {"Resources": {"Parameter": {"Type": "AWS::SSM::Parameter", "Properties": _PARAMETER}}}
        )
        watch: Any = Watch(cloud)
        record = {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}, "Dependencies": []}
        ResourceLifecycle(watch, Records(cloud), key_of_arn(stack["StackId"])).create("Group", record)
    finally:
        cloud.stop()
    assert watch.could_be_cut == [False, True], "after CreateLogGroup, and after PutRetentionPolicy"


@pytest.mark.parametrize("type_name", sorted(_CASES))
def test_a_half_made_resource_is_deleted_whole(server: Server, others: dict[str, str], type_name: str) -> None:
    properties = _CASES[type_name](others)

    def cut_creation(number: int, after: bool) -> bool:
        resource, was_cut = _made(server, type_name, properties, Shears(number, after, armed=False))
        _delete(_context(server), type_name, resource, properties)
        return was_cut

    for _ in _cuts(cut_creation):
        pass


@pytest.mark.parametrize("type_name", sorted(_CASES))
def test_a_half_deleted_resource_is_deleted_whole(server: Server, others: dict[str, str], type_name: str) -> None:
    properties = _CASES[type_name](others)

    def cut_deletion(number: int, after: bool) -> bool:
        resource, _ = _made(server, type_name, properties, Shears(0, after=False, armed=False))
        try:
            _delete(_context(server, Shears(number, after, armed=True)), type_name, resource, properties)
        except CutOffError:
            _delete(_context(server), type_name, resource, properties)
            return True
        return False

    for _ in _cuts(cut_deletion):
        pass


@pytest.mark.parametrize("direction", ["adding", "removing"])
@pytest.mark.parametrize("type_name", sorted(_CASES))
def test_a_half_changed_resource_is_brought_back(
    server: Server, others: dict[str, str], type_name: str, direction: str
) -> None:
    whole = _CASES[type_name](others)
    bare = _bare(type_name, whole)
    before, after = (bare, whole) if direction == "adding" else (whole, bare)
    kind = implementation(type_name)

    def cut_change(number: int, after_it: bool) -> bool:
        resource, _ = _made(server, type_name, before, Shears(0, after=False, armed=False))
        was_cut = False
        try:
            changed = kind.update(
                _context(server, Shears(number, after_it, armed=True)), replace(resource), before, after
            )
        except CutOffError:
            was_cut = True
            changed = kind.update(_context(server), resource, after, before)
        _delete(_context(server), type_name, changed, before if was_cut else after)
        return was_cut

    for _ in _cuts(cut_change):
        pass
