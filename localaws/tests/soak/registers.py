"""Things of many services that hold one value each: what the soak writes, kills the server under, and reads back.

A register stands for one resource. It knows how to set, remove and read its value by ordinary API calls, and nothing of
what is expected of it.
"""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

Make = Callable[[str], Any]

ABSENT = "absent"
_ABSENT_CODES = {
    "404",
    "NoSuchKey",
    "NoSuchEntity",
    "ParameterNotFound",
    "ResourceNotFoundException",
    "ResourceNotFound",
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
    "FileDoesNotExistException",
    "BranchDoesNotExistException",
    "NotFoundException",
    "NotFound",
}


class Register(ABC):
    """One value of one resource. ``set`` makes the resource where it is absent."""

    def __init__(self, client: Make, name: str) -> None:
        self._client, self.name = client, name

    @abstractmethod
    def set(self, value: str) -> None:
        """Give it this value."""

    @abstractmethod
    def remove(self) -> None:
        """Delete the resource, which is there."""

    def read(self) -> str:
        """The value, or ABSENT."""
        try:
            return self._value()
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT_CODES or "does not exist" in str(error):
                return ABSENT
            raise

    @abstractmethod
    def _value(self) -> str:
        """The value, or the error of a resource that is absent."""


class ObjectRegister(Register):
    """An object of a few bytes, or of more than one part."""

    bucket = "soak"

    def set(self, value: str) -> None:
        body = value.encode() * (200_000 if value.endswith("7") else 1)  # every tenth is about 2 MB
        self._client("s3").put_object(Bucket=self.bucket, Key=self.name, Body=body)

    def remove(self) -> None:
        self._client("s3").delete_object(Bucket=self.bucket, Key=self.name)

    def _value(self) -> str:
        body: bytes = self._client("s3").get_object(Bucket=self.bucket, Key=self.name)["Body"].read()
        size = len(body) // (200_000 if len(body) >= 200_000 else 1)
        value = body[:size]
        if value * (len(body) // size) != body:
            raise AssertionError(f"the object {self.name} is a mixture of two")
        return value.decode()


class MultipartRegister(ObjectRegister):
    """An object uploaded in parts."""

    def set(self, value: str) -> None:
        s3 = self._client("s3")
        place = {"Bucket": self.bucket, "Key": self.name}
        upload = s3.create_multipart_upload(**place)["UploadId"]
        parts = []
        for number in (1, 2):
            body = value.encode() * (5 * 2**20 // len(value) + 1) if number == 1 else value.encode()
            etag = s3.upload_part(**place, UploadId=upload, PartNumber=number, Body=body)["ETag"]
            parts.append({"PartNumber": number, "ETag": etag})
        s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload={"Parts": parts})

    def _value(self) -> str:
        body: bytes = self._client("s3").get_object(Bucket=self.bucket, Key=self.name)["Body"].read()
        length = len(self.name) + 7  # as the soak writes values: the name, and six digits after a dash
        value = body[:length]
        if value * (len(body) // length) != body:
            raise AssertionError(f"the object {self.name} is a mixture of two")
        return value.decode()


class ParameterRegister(Register):
    def set(self, value: str) -> None:
        self._client("ssm").put_parameter(Name=f"/{self.name}", Value=value, Type="String", Overwrite=True)

    def remove(self) -> None:
        self._client("ssm").delete_parameter(Name=f"/{self.name}")

    def _value(self) -> str:
        return str(self._client("ssm").get_parameter(Name=f"/{self.name}")["Parameter"]["Value"])


class RoleRegister(Register):
    def set(self, value: str) -> None:
        iam = self._client("iam")
        statement = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        try:
            iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=trust, Description=value)
        except iam.exceptions.EntityAlreadyExistsException:
            iam.update_role(RoleName=self.name, Description=value)

    def remove(self) -> None:
        self._client("iam").delete_role(RoleName=self.name)

    def _value(self) -> str:
        return str(self._client("iam").get_role(RoleName=self.name)["Role"]["Description"])


class RuleRegister(Register):
    def set(self, value: str) -> None:
        self._client("events").put_rule(Name=self.name, Description=value, EventPattern='{"source": ["soak"]}')

    def remove(self) -> None:
        self._client("events").delete_rule(Name=self.name)

    def _value(self) -> str:
        return str(self._client("events").describe_rule(Name=self.name)["Description"])


class ItemRegister(Register):
    table = "soak"

    def set(self, value: str) -> None:
        item = {"id": {"S": self.name}, "value": {"S": value}}
        self._client("dynamodb").put_item(TableName=self.table, Item=item)

    def remove(self) -> None:
        self._client("dynamodb").delete_item(TableName=self.table, Key={"id": {"S": self.name}})

    def _value(self) -> str:
        found = self._client("dynamodb").get_item(TableName=self.table, Key={"id": {"S": self.name}})
        return str(found["Item"]["value"]["S"]) if "Item" in found else ABSENT


class SecretRegister(Register):
    def set(self, value: str) -> None:
        secrets = self._client("secretsmanager")
        try:
            secrets.put_secret_value(SecretId=self.name, SecretString=value)
        except secrets.exceptions.ResourceNotFoundException:
            secrets.create_secret(Name=self.name, SecretString=value)

    def remove(self) -> None:
        self._client("secretsmanager").delete_secret(SecretId=self.name, ForceDeleteWithoutRecovery=True)

    def _value(self) -> str:
        return str(self._client("secretsmanager").get_secret_value(SecretId=self.name)["SecretString"])


class FileRegister(Register):
    """A file of a git repository, committed by CodeCommit."""

    repository = "soak"

    def set(self, value: str) -> None:
        if self.read() == value:  # an answer that was lost: CodeCommit refuses the same file again
            return
        self._commit(putFiles=[{"filePath": self.name, "fileContent": value.encode()}])

    def remove(self) -> None:
        if self.read() != ABSENT:
            self._commit(deleteFiles=[{"filePath": self.name}])

    def _commit(self, **changes: Any) -> None:
        codecommit = self._client("codecommit")
        for _ in range(50):
            branch = codecommit.get_branch(repositoryName=self.repository, branchName="main")["branch"]
            try:
                codecommit.create_commit(
                    repositoryName=self.repository, branchName="main", parentCommitId=branch["commitId"], **changes
                )
                return
            except (
                codecommit.exceptions.ParentCommitIdOutdatedException,
                codecommit.exceptions.ConcurrentReferenceUpdateException,
            ):
                time.sleep(0.05)
        raise AssertionError("fifty commits of others came first")

    def _value(self) -> str:
        found = self._client("codecommit").get_file(
            repositoryName=self.repository, filePath=self.name, commitSpecifier="main"
        )
        content: bytes = found["fileContent"]
        return content.decode()


class StackRegister(Register):
    """A stack with a parameter and a queue; its value is what both its output and its parameter's resource say."""

    template = json.dumps(
        {
            "Parameters": {"Value": {"Type": "String"}},
            "Resources": {
                "Queue": {"Type": "AWS::SQS::Queue"},
                "Held": {
                    "Type": "AWS::SSM::Parameter",
                    "Properties": {
                        "Name": {"Fn::Sub": "/stack/${AWS::StackName}"},
                        "Type": "String",
                        "Value": {"Ref": "Value"},
                    },
                },
            },
            "Outputs": {"Value": {"Value": {"Fn::GetAtt": ["Held", "Value"]}}, "Queue": {"Value": {"Ref": "Queue"}}},
        }
    )

    def set(self, value: str) -> None:
        client = self._client("cloudformation")
        request = {
            "StackName": self.name,
            "TemplateBody": self.template,
            "Parameters": [{"ParameterKey": "Value", "ParameterValue": value}],
        }
        stack = self._settled()
        if stack is not None and stack["StackStatus"] == "ROLLBACK_COMPLETE":  # it can only be deleted
            self.remove()
            stack = None
        if stack is None:
            client.create_stack(**request)
        else:
            try:
                client.update_stack(**request)
            except ClientError as error:
                if "No updates are to be performed" not in str(error):
                    raise
        stack = self._settled()
        if stack is None or "ROLLBACK" in stack["StackStatus"]:
            raise ConnectionError("the server was killed in the middle, and the stack went back")

    def remove(self) -> None:
        self._settled()
        self._client("cloudformation").delete_stack(StackName=self.name)
        self._settled()

    def _value(self) -> str:
        stack = self._settled()
        if stack is None or stack["StackStatus"] in ("DELETE_COMPLETE", "ROLLBACK_COMPLETE"):
            return ABSENT
        if stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"):
            raise AssertionError(f"the stack {self.name} is {stack['StackStatus']}: {stack.get('StackStatusReason')}")
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        held = self._client("ssm").get_parameter(Name=f"/stack/{self.name}")["Parameter"]["Value"]
        if held != outputs["Value"]:
            raise AssertionError(f"the stack {self.name} says {outputs['Value']}, its parameter {held}")
        self._client("sqs").get_queue_attributes(QueueUrl=outputs["Queue"], AttributeNames=["QueueArn"])
        return str(held)

    def _settled(self) -> dict[str, Any] | None:
        deadline = time.monotonic() + 60
        while True:
            try:
                stack = self._client("cloudformation").describe_stacks(StackName=self.name)["Stacks"][0]
            except ClientError as error:
                if "does not exist" in str(error):
                    return None
                raise
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return dict(stack)
            if time.monotonic() > deadline:
                raise AssertionError(f"the stack {self.name} stays {stack['StackStatus']}")
            time.sleep(0.1)


class GroupRegister(Register):
    """A model package group's tag."""

    def set(self, value: str) -> None:
        sagemaker = self._client("sagemaker")
        tags = [{"Key": "value", "Value": value}]
        try:
            arn = sagemaker.describe_model_package_group(ModelPackageGroupName=self.name)["ModelPackageGroupArn"]
        except ClientError:
            sagemaker.create_model_package_group(ModelPackageGroupName=self.name, Tags=tags)
        else:
            sagemaker.add_tags(ResourceArn=arn, Tags=tags)

    def remove(self) -> None:
        self._client("sagemaker").delete_model_package_group(ModelPackageGroupName=self.name)

    def _value(self) -> str:
        sagemaker = self._client("sagemaker")
        arn = sagemaker.describe_model_package_group(ModelPackageGroupName=self.name)["ModelPackageGroupArn"]
        return str(sagemaker.list_tags(ResourceArn=arn)["Tags"][0]["Value"])


KINDS: tuple[type[Register], ...] = (
    ObjectRegister,
    MultipartRegister,
    ParameterRegister,
    RoleRegister,
    RuleRegister,
    ItemRegister,
    SecretRegister,
    FileRegister,
    StackRegister,
    GroupRegister,
)


def prepare(client: Make, region: str) -> None:
    """What the registers live in."""
    client("s3").create_bucket(Bucket=ObjectRegister.bucket, CreateBucketConfiguration={"LocationConstraint": region})
    client("dynamodb").create_table(
        TableName=ItemRegister.table,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    codecommit = client("codecommit")
    codecommit.create_repository(repositoryName=FileRegister.repository)
    codecommit.create_commit(
        repositoryName=FileRegister.repository,
        branchName="main",
        putFiles=[{"filePath": "README", "fileContent": b"soak"}],
    )
