"""What a user does while the server is killed: each story may be begun again at any time, and then goes on to its end.

A story notes what it was answered. ``check`` compares that with what the server holds: what was answered is there, and
nothing is half there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, Protocol

from botocore.exceptions import ClientError

from tests.functional.codepipelines import Workshop, action
from tests.functional.conftest import REGION
from tests.functional.job_site import trust

Client = Callable[[str], Any]
_LONGEST = 120.0
_PART = 5 * 1024 * 1024


class Story(Protocol):
    def prepare(self, client: Client) -> None:
        """What is there before; the server is not killed meanwhile."""

    def run(self, client: Client) -> None:
        """From wherever a former run was cut off to the end."""

    def answered(self, client: Client) -> None:
        """AssertionError where something that was answered is not there; after a kill, before all else."""

    def check(self, client: Client) -> None:
        """AssertionError where the end is not what it must be."""


def until(probe: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + _LONGEST
    while not (found := probe()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)
    return found


class Upload:
    """Objects, versions, a deletion, and a multipart upload that goes on where it was cut off."""

    name = "upload"

    def __init__(self) -> None:
        self.told: dict[tuple[str, str], bytes] = {}  # (key, version id) -> its bytes
        self.parts: dict[int, str] = {}
        self.upload = ""

    def prepare(self, client: Client) -> None:
        s3 = client("s3")
        s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})

    def run(self, client: Client) -> None:
        s3 = client("s3")
        for number in range(4):
            body = b"%d" % number
            version = s3.put_object(Bucket="kept", Key=f"key {number % 2}", Body=body)["VersionId"]
            self.told[f"key {number % 2}", version] = body
        if "big" not in [each["Key"] for each in s3.list_objects_v2(Bucket="kept").get("Contents", [])]:
            self._upload_big(s3)
        s3.delete_object(Bucket="kept", Key="key 0")

    def _upload_big(self, s3: Any) -> None:
        # One that was begun and whose answer was lost is there, as on S3: it is gone on with.
        begun = [each["UploadId"] for each in s3.list_multipart_uploads(Bucket="kept").get("Uploads", [])]
        if not begun:
            begun = [s3.create_multipart_upload(Bucket="kept", Key="big")["UploadId"]]
        self.upload = begun[0]
        for number, body in ((1, b"a" * _PART), (2, b"b")):
            answer = s3.upload_part(Bucket="kept", Key="big", UploadId=self.upload, PartNumber=number, Body=body)
            self.parts[number] = answer["ETag"]
        parts = [{"PartNumber": number, "ETag": tag} for number, tag in sorted(self.parts.items())]
        s3.complete_multipart_upload(Bucket="kept", Key="big", UploadId=self.upload, MultipartUpload={"Parts": parts})

    def answered(self, client: Client) -> None:
        s3 = client("s3")
        for (key, version), body in self.told.items():
            assert s3.get_object(Bucket="kept", Key=key, VersionId=version)["Body"].read() == body
        uploads = [each["UploadId"] for each in s3.list_multipart_uploads(Bucket="kept").get("Uploads", [])]
        if self.upload in uploads:
            there = s3.list_parts(Bucket="kept", Key="big", UploadId=self.upload).get("Parts", [])
            assert self.parts.items() <= {part["PartNumber"]: part["ETag"] for part in there}.items()
        elif self.upload:
            assert s3.head_object(Bucket="kept", Key="big")["ContentLength"] == _PART + 1

    def check(self, client: Client) -> None:
        s3 = client("s3")
        self.answered(client)
        assert s3.get_object(Bucket="kept", Key="big")["Body"].read() == b"a" * _PART + b"b"
        assert not s3.list_multipart_uploads(Bucket="kept").get("Uploads")
        listed = [each["Key"] for each in s3.list_objects_v2(Bucket="kept")["Contents"]]
        assert listed == ["big", "key 1"]


_TEMPLATE = {
    "Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Parameter": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "Bucket"}}},
        "Group": {"Type": "AWS::Logs::LogGroup"},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": json.loads(trust("sagemaker.amazonaws.com"))},
        },
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "ScheduleExpression": "rate(1 day)",
                "Targets": [{"Id": "queue", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}],
            },
        },
    },
    "Outputs": {"Bucket": {"Value": {"Ref": "Bucket"}}},
}


def _reasons(cloudformation: Any) -> list[tuple[str, str, str]]:
    """What the stack's events say went wrong, newest first."""
    events = cloudformation.describe_stack_events(StackName="s")["StackEvents"]
    told = [(e["LogicalResourceId"], e["ResourceStatus"], e.get("ResourceStatusReason", "")) for e in events]
    return [each for each in told if each[2]][:10]


_KINDS: dict[str, Callable[[Client], list[str]]] = {
    "AWS::S3::Bucket": lambda client: [each["Name"] for each in client("s3").list_buckets()["Buckets"]],
    "AWS::SQS::Queue": lambda client: client("sqs").list_queues().get("QueueUrls", []),
    "AWS::SNS::Topic": lambda client: [each["TopicArn"] for each in client("sns").list_topics()["Topics"]],
    "AWS::SSM::Parameter": lambda client: [each["Name"] for each in client("ssm").describe_parameters()["Parameters"]],
    "AWS::Logs::LogGroup": lambda client: [
        each["logGroupName"] for each in client("logs").describe_log_groups()["logGroups"]
    ],
    "AWS::IAM::Role": lambda client: [each["RoleName"] for each in client("iam").list_roles()["Roles"]],
    "AWS::Events::Rule": lambda client: [each["Name"] for each in client("events").list_rules()["Rules"]],
}


class Deployment:
    """A stack of several resource types, deployed as ``aws cloudformation deploy`` does: by a change set."""

    name = "deployment"

    def prepare(self, client: Client) -> None:
        """Nothing is there."""

    def run(self, client: Client) -> None:
        cloudformation = client("cloudformation")
        status = self._rests(cloudformation)
        if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED"):
            cloudformation.delete_stack(StackName="s")
            left = self._rests(cloudformation)
            assert left is None, (left, _reasons(cloudformation))
            status = None
        if status == "CREATE_COMPLETE":
            return
        change_set = f"c{time.time_ns()}"
        cloudformation.create_change_set(
            StackName="s",
            ChangeSetName=change_set,
            ChangeSetType="CREATE",
            TemplateBody=json.dumps(_TEMPLATE),
            Capabilities=["CAPABILITY_IAM"],
        )
        until(
            lambda: (
                cloudformation.describe_change_set(StackName="s", ChangeSetName=change_set)["Status"]
                == "CREATE_COMPLETE"
            )
        )
        cloudformation.execute_change_set(StackName="s", ChangeSetName=change_set)
        assert self._rests(cloudformation) == "CREATE_COMPLETE"

    def _rests(self, cloudformation: Any) -> str | None:
        """The status in which the stack comes to rest; None where there is none."""

        def resting() -> str | None:
            try:
                status = str(cloudformation.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"])
            except ClientError as error:
                assert error.response["Error"]["Code"] == "ValidationError", error
                return "absent"
            in_progress = status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"
            return None if in_progress else status

        found = str(until(resting))
        return None if found == "absent" else found

    def answered(self, client: Client) -> None:
        """Each resource that the stack has is there. A stack that was cut off is rolled back meanwhile."""
        missing = [name for name, kind in self._has(client) if name not in _KINDS[kind](client)]
        still = [name for name, _ in self._has(client)]
        assert not [name for name in missing if name in still]

    def _has(self, client: Client) -> list[tuple[str, str]]:
        """Name and type of each resource that the stack has, and is not about to delete."""
        try:
            listed = client("cloudformation").describe_stack_resources(StackName="s")["StackResources"]
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ValidationError", error  # there is no such stack
            return []
        there = [each for each in listed if each["ResourceStatus"] == "CREATE_COMPLETE"]
        return [(each["PhysicalResourceId"], each["ResourceType"]) for each in there]

    def check(self, client: Client) -> None:
        listed = client("cloudformation").describe_stack_resources(StackName="s")["StackResources"]
        for kind, names in _KINDS.items():
            held = [each["PhysicalResourceId"] for each in listed if each["ResourceType"] == kind]
            assert held == names(client), f"{kind}: the stack has {held}, there are {names(client)}"
        bucket = next(each["PhysicalResourceId"] for each in listed if each["LogicalResourceId"] == "Bucket")
        parameter = next(each["PhysicalResourceId"] for each in listed if each["LogicalResourceId"] == "Parameter")
        assert client("ssm").get_parameter(Name=parameter)["Parameter"]["Value"] == bucket


class Release:
    """A CodePipeline that deploys its source to another bucket; started again where an execution has failed."""

    name = "codepipeline"

    def __init__(self) -> None:
        self.declaration: dict[str, Any] = {}

    def prepare(self, client: Client) -> None:
        shop = Workshop.open(client, "release")
        client("s3").create_bucket(Bucket="released", CreateBucketConfiguration={"LocationConstraint": REGION})
        shop.put_source({"file.txt": "content"})
        deploy = action(
            "Deploy",
            "S3",
            inputs=["Source"],
            configuration={"BucketName": "released", "Extract": "true"},
        )
        later = {**deploy, "name": "Again", "runOrder": 2}
        self.declaration = shop.declare([deploy, later])

    def run(self, client: Client) -> None:
        pipelines = client("codepipeline")
        if "release" not in [each["name"] for each in pipelines.list_pipelines()["pipelines"]]:
            pipelines.create_pipeline(pipeline=self.declaration)
        while self._latest(client) != "Succeeded":
            pipelines.start_pipeline_execution(name="release")

    def _latest(self, client: Client) -> str:
        """The status in which the latest execution ends."""

        def ended() -> str | None:
            found = client("codepipeline").list_pipeline_executions(pipelineName="release")
            status = str((found["pipelineExecutionSummaries"] or [{"status": "none"}])[0]["status"])
            return None if status in ("InProgress", "Stopping") else status

        return str(until(ended))

    def answered(self, client: Client) -> None:
        """An action that succeeded has done it."""
        if "release" not in [each["name"] for each in client("codepipeline").list_pipelines()["pipelines"]]:
            return
        found = client("codepipeline").list_action_executions(pipelineName="release")["actionExecutionDetails"]
        if any(each["status"] == "Succeeded" and each["stageName"] == "S1" for each in found):
            assert client("s3").get_object(Bucket="released", Key="file.txt")["Body"].read() == b"content"

    def check(self, client: Client) -> None:
        assert client("s3").get_object(Bucket="released", Key="file.txt")["Body"].read() == b"content"
        found = client("codepipeline").list_pipeline_executions(pipelineName="release")["pipelineExecutionSummaries"]
        assert found[0]["status"] == "Succeeded"
        assert all(each["status"] in ("Succeeded", "Failed", "Superseded", "Stopped") for each in found)


STORIES: dict[str, Callable[[], Any]] = {each.name: each for each in (Upload, Deployment, Release)}
