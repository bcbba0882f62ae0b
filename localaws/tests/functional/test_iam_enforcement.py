"""A server that enforces IAM: what roles and users may do, within an account and across accounts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.functional.conftest import DEV, PREPROD, REGION
from tests.functional.server_process import ServerProcess

CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 1})
Keys = dict[str, str]


class Enforced:
    """Clients of a server that enforces IAM: of an account's root by default, of other keys when given."""

    def __init__(self, server: ServerProcess) -> None:
        self.url = server.endpoint_url
        self.server = server

    def client(self, service: str, account: str = DEV, keys: Keys | None = None) -> Any:
        keys = keys or {"aws_access_key_id": account, "aws_secret_access_key": self.server.secret(account)}
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, config=CONFIG, **keys)

    def role(self, name: str, *statements: Any, account: str = DEV, **members: Any) -> Keys:
        """Keys of a session of a new role with these inline statements."""
        iam = self.client("iam", account)
        trust = statement("sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{account}:root"})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust), **members)["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=document(*statements))
        session = self.client("sts", account).assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        return {
            "aws_access_key_id": session["AccessKeyId"],
            "aws_secret_access_key": session["SecretAccessKey"],
            "aws_session_token": session["SessionToken"],
        }

    def bucket(self, name: str, account: str = DEV) -> str:
        self.client("s3", account).create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.client("s3", account).put_object(Bucket=name, Key="in/a.csv", Body=b"1")
        return name


@pytest.fixture(scope="module")
def enforced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enforced]:
    server = ServerProcess(tmp_path_factory.mktemp("aws"), [DEV, PREPROD], REGION, "--enforce-iam")
    yield Enforced(server)
    server.stop()


def statement(action: Any, resource: Any = None, effect: str = "Allow", **members: Any) -> dict[str, Any]:
    found = {"Effect": effect, "Action": action, **members}
    return {**found, "Resource": resource} if resource is not None else found


def document(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def denied(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**request)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


@pytest.mark.aws_rule(
    "ListObjects needs s3:ListBucket on the bucket, CopyObject s3:GetObject on the source and s3:PutObject on the "
    "target",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html",
)
def test_a_role_does_what_its_policies_allow_and_nothing_else(enforced: Enforced, unique: str) -> None:
    bucket = enforced.bucket(unique)
    arn = f"arn:aws:s3:::{bucket}"
    reading = statement("s3:GetObject", f"{arn}/in/*")
    listing = statement("s3:ListBucket", arn, Condition={"StringLike": {"s3:prefix": "in/*"}})
    s3 = enforced.client("s3", keys=enforced.role(unique, reading, listing))
    assert s3.get_object(Bucket=bucket, Key="in/a.csv")["Body"].read() == b"1"
    assert s3.list_objects_v2(Bucket=bucket, Prefix="in/")["KeyCount"] == 1
    code, message = denied(s3.list_objects_v2, Bucket=bucket)
    assert code == "AccessDenied"
    assert message == (
        f"User: arn:aws:sts::{DEV}:assumed-role/{unique}/test is not authorized to perform: s3:ListBucket on resource: "
        f'"{arn}" because no identity-based policy allows the s3:ListBucket action'
    )
    assert denied(s3.put_object, Bucket=bucket, Key="in/b.csv", Body=b"")[0] == "AccessDenied"
    copy = {"Bucket": bucket, "Key": "in/c.csv", "CopySource": f"{bucket}/other"}
    assert "s3:PutObject" in denied(s3.copy_object, **copy)[1]


@pytest.mark.aws_rule(
    "GetCallerIdentity needs no permission; everything else does",
    page="https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html",
)
def test_a_role_without_policies_may_only_ask_who_it_is(enforced: Enforced, unique: str) -> None:
    keys = enforced.role(unique)
    assert enforced.client("sts", keys=keys).get_caller_identity()["Account"] == DEV
    code, message = denied(enforced.client("sagemaker", keys=keys).list_pipelines)
    assert code == "AccessDeniedException"
    assert "sagemaker:ListPipelines on resource: *" in message
    assert denied(enforced.client("cloudformation", keys=keys).list_stacks)[0] == "AccessDenied"


def test_policies_of_aws_can_be_attached(enforced: Enforced, unique: str) -> None:
    keys = enforced.role(unique)
    policy = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
    enforced.client("iam").attach_role_policy(RoleName=unique, PolicyArn=policy)
    assert enforced.client("sagemaker", keys=keys).list_pipelines()["PipelineSummaries"] == []
    assert denied(enforced.client("codepipeline", keys=keys).list_pipelines)[0] == "AccessDeniedException"


@pytest.mark.aws_rule(
    "A permissions boundary grants nothing; it limits a role even where a resource-based policy names the role",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
)
def test_a_permissions_boundary_bounds(enforced: Enforced, unique: str) -> None:
    boundary = enforced.client("iam").create_policy(
        PolicyName=unique, PolicyDocument=document(statement("ssm:*", "*"))
    )["Policy"]["Arn"]
    keys = enforced.role(unique, statement("*", "*"), PermissionsBoundary=boundary)
    assert enforced.client("ssm", keys=keys).describe_parameters()["Parameters"] == []
    assert "no permissions boundary allows" in denied(enforced.client("s3", keys=keys).list_buckets)[1]


def test_a_users_own_and_groups_policies_count(enforced: Enforced, unique: str) -> None:
    iam = enforced.client("iam")
    iam.create_user(UserName=unique)
    iam.create_group(GroupName=unique)
    iam.add_user_to_group(GroupName=unique, UserName=unique)
    own = statement("ssm:GetParameter", f"arn:aws:ssm:{REGION}:{DEV}:parameter/${{aws:username}}")
    iam.put_user_policy(UserName=unique, PolicyName="own", PolicyDocument=document(own))
    iam.put_group_policy(GroupName=unique, PolicyName="all", PolicyDocument=document(statement("sns:ListTopics", "*")))
    key = iam.create_access_key(UserName=unique)["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    enforced.client("ssm").put_parameter(Name=f"/{unique}", Value="v", Type="String")
    assert enforced.client("ssm", keys=keys).get_parameter(Name=f"/{unique}")["Parameter"]["Value"] == "v"
    assert "Topics" in enforced.client("sns", keys=keys).list_topics()
    assert denied(enforced.client("sns", keys=keys).create_topic, Name=unique)[0] == "AuthorizationError"


@pytest.mark.aws_rule(
    "Handing a role to a service needs iam:PassRole on that role, for that service",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
)
def test_a_role_is_passed_only_where_iam_allows_it(enforced: Enforced, unique: str) -> None:
    passed = f"arn:aws:iam::{DEV}:role/{unique}-passed"
    enforced.role(f"{unique}-passed")
    to_sagemaker = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    may = statement(["sagemaker:CreatePipeline", "events:*"], "*")
    passing = statement("iam:PassRole", passed, Condition=to_sagemaker)
    keys = enforced.role(unique, may, passing)
    model = {"Name": "M", "Type": "Model", "Arguments": {}}
    definition = json.dumps({"Version": "2020-12-01", "Steps": [model]})
    request = {"PipelineName": unique, "PipelineDefinition": definition}
    sagemaker = enforced.client("sagemaker", keys=keys)
    other = denied(sagemaker.create_pipeline, RoleArn=passed + "-other", **request)[1]
    assert "iam:PassRole on resource" in other
    assert sagemaker.create_pipeline(RoleArn=passed, **request)["PipelineArn"].endswith(unique)
    events = enforced.client("events", keys=keys)
    events.put_rule(Name=unique, ScheduleExpression="rate(1 day)")
    target = {"Id": "1", "Arn": f"arn:aws:sagemaker:{REGION}:{DEV}:pipeline/{unique}", "RoleArn": passed}
    assert "iam:PassRole" in denied(events.put_targets, Rule=unique, Targets=[target])[1]


@pytest.mark.aws_rule(
    "For another account's resource both the identity-based and the resource-based policy must allow",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html",
)
def test_another_accounts_bucket_needs_both_sides(enforced: Enforced, unique: str) -> None:
    bucket = enforced.bucket(unique, PREPROD)
    keys = enforced.role(unique, statement("s3:*", "*"))
    s3, get = enforced.client("s3", keys=keys), {"Bucket": bucket, "Key": "in/a.csv"}
    assert "no resource-based policy allows" in denied(s3.get_object, **get)[1]
    principal = {"AWS": f"arn:aws:iam::{DEV}:root"}
    arn = f"arn:aws:s3:::{bucket}"
    share = statement("s3:*", [arn, f"{arn}/*"], Principal=principal)
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    unencrypted = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}
    tls = statement("s3:*", [arn, f"{arn}/*"], "Deny", Principal="*", Condition=insecure)
    kms = statement("s3:PutObject", f"{arn}/*", "Deny", Principal="*", Condition=unencrypted)
    enforced.client("s3", PREPROD).put_bucket_policy(Bucket=bucket, Policy=document(share, tls, kms))
    assert s3.get_object(**get)["Body"].read() == b"1"
    assert enforced.client("s3").get_object(**get)["Body"].read() == b"1"
    put = {"Bucket": bucket, "Key": "b", "Body": b"2"}
    assert "explicit deny in a resource-based policy" in denied(s3.put_object, **put)[1]
    s3.put_object(**put, ServerSideEncryption="aws:kms")


@pytest.mark.aws_rule(
    "Writing an object under a KMS key needs kms:GenerateDataKey, reading it kms:Decrypt",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html",
)
def test_an_encrypted_object_needs_its_key(enforced: Enforced, unique: str) -> None:
    bucket = enforced.bucket(unique)
    key = enforced.client("kms").create_key()["KeyMetadata"]["Arn"]
    put = {"Bucket": bucket, "Key": "k", "Body": b"2", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    keys = enforced.role(unique, statement("s3:*", "*"))
    assert "kms:GenerateDataKey" in denied(enforced.client("s3", keys=keys).put_object, **put)[1]
    through_s3 = {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}
    using = statement(["kms:GenerateDataKey", "kms:Decrypt"], key, Condition=through_s3)
    keys = enforced.role(f"{unique}-2", statement("s3:*", "*"), using)
    s3 = enforced.client("s3", keys=keys)
    s3.put_object(**put)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"2"
    assert "kms:Decrypt" in denied(enforced.client("kms", keys=keys).decrypt, KeyId=key, CiphertextBlob=b"x" * 60)[1]


def test_an_explicit_deny_wins(enforced: Enforced, unique: str) -> None:
    queue = enforced.client("sqs").create_queue(QueueName=unique)["QueueUrl"]
    deny = statement("sqs:SendMessage", "*", "Deny")
    sqs = enforced.client("sqs", keys=enforced.role(unique, statement("sqs:*", "*"), deny))
    assert sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    message = denied(sqs.send_message, QueueUrl=queue, MessageBody="x")[1]
    assert message.endswith("with an explicit deny in an identity-based policy")


def test_a_role_is_assumed_across_accounts_only_with_permission(enforced: Enforced, unique: str) -> None:
    iam = enforced.client("iam", PREPROD)
    trust = document(statement("sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{DEV}:root"}))
    arn = iam.create_role(RoleName=unique, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    request = {"RoleArn": arn, "RoleSessionName": "test"}
    assert denied(enforced.client("sts", keys=enforced.role(unique)).assume_role, **request)[0] == "AccessDenied"
    keys = enforced.role(f"{unique}-2", statement("sts:AssumeRole", arn))
    assert enforced.client("sts", keys=keys).assume_role(**request)["AssumedRoleUser"]["Arn"].startswith("arn:aws:sts")


def test_an_unsigned_request_is_refused(enforced: Enforced, unique: str) -> None:
    bucket = enforced.bucket(unique)
    unsigned = boto3.client(
        "s3", endpoint_url=enforced.url, region_name=REGION, config=Config(signature_version=UNSIGNED)
    )
    assert denied(unsigned.get_object, Bucket=bucket, Key="in/a.csv")[0] == "AccessDenied"


def test_a_page_tells_who_asked_for_which_action_on_what(enforced: Enforced, unique: str) -> None:
    bucket = enforced.bucket(unique)
    s3 = enforced.client("s3", keys=enforced.role(unique, statement("s3:GetObject", f"arn:aws:s3:::{bucket}/*")))
    for _ in range(2):
        s3.get_object(Bucket=bucket, Key="in/a.csv")
    denied(s3.put_object, Bucket=bucket, Key="x", Body=b"")
    asked = enforced.server.page("/_localaws/iam")["asked"]
    role = f"arn:aws:iam::{DEV}:role/{unique}"
    assert [each for each in asked if each["principal"] == role] == [
        asking(role, "s3:GetObject", f"arn:aws:s3:::{bucket}/in/a.csv", True, 2),
        asking(role, "s3:PutObject", f"arn:aws:s3:::{bucket}/x", False, 1),
    ]
    assert not [each for each in asked if each["principal"].endswith(":root")]


def asking(principal: str, action: str, resource: str, allowed: bool, count: int) -> dict[str, Any]:
    found = {"principal": principal, "action": action, "resource": resource}
    return {**found, "allowed": allowed, "count": count}


def _writes_once(bucket: str) -> str:
    """The bucket policy of S3's guide: what is in records/ can be created and never written over."""
    return document(
        statement(
            "s3:PutObject",
            f"arn:aws:s3:::{bucket}/records/*",
            "Deny",
            Principal="*",
            Condition={"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}},
        )
    )


@pytest.mark.aws_rule(
    "A bucket policy that asks for If-None-Match denies PutObject, CopyObject and CompleteMultipartUpload without it, "
    "and exempts the parts of an upload by s3:ObjectCreationOperation.",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html",
)
def test_a_bucket_policy_enforces_conditional_writes(enforced: Enforced, unique: str) -> None:
    bucket = enforced.bucket(unique)
    enforced.client("s3").put_bucket_policy(Bucket=bucket, Policy=_writes_once(bucket))
    s3 = enforced.client("s3", keys=enforced.role(unique, statement("s3:*", f"arn:aws:s3:::{bucket}*")))
    record = {"Bucket": bucket, "Key": "records/1.json"}
    assert "explicit deny in a resource-based policy" in denied(s3.put_object, **record, Body=b"1")[1]
    assert "explicit deny" in denied(s3.copy_object, **record, CopySource=f"{bucket}/in/a.csv")[1]
    s3.put_object(**record, Body=b"1", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(**record, Body=b"2", IfNoneMatch="*")
    assert s3.get_object(**record)["Body"].read() == b"1"
    s3.put_object(Bucket=bucket, Key="elsewhere/1.json", Body=b"1")

    upload = {"Bucket": bucket, "Key": "records/2.json"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    part = s3.upload_part(**upload, PartNumber=1, Body=b"1")["ETag"]
    whole = {**upload, "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": part}]}}
    assert "explicit deny" in denied(s3.complete_multipart_upload, **whole)[1]
    s3.complete_multipart_upload(**whole, IfNoneMatch="*")


@pytest.mark.aws_rule(
    "s3:if-match and s3:if-none-match are keys of requests that write: a conditional read fills neither.",
    page="https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html",
)
def test_a_policy_may_ask_for_one_condition_or_the_other(enforced: Enforced, unique: str) -> None:
    bucket = enforced.bucket(unique)
    either = statement(
        "s3:PutObject",
        f"arn:aws:s3:::{bucket}/*",
        "Deny",
        Principal="*",
        Condition={
            "Null": {"s3:if-match": "true", "s3:if-none-match": "true"},
            "Bool": {"s3:ObjectCreationOperation": "true"},
        },
    )
    unread = statement(
        "s3:GetObject", f"arn:aws:s3:::{bucket}/*", "Deny", Principal="*", Condition={"Null": {"s3:if-match": "false"}}
    )
    enforced.client("s3").put_bucket_policy(Bucket=bucket, Policy=document(either, unread))
    s3 = enforced.client("s3", keys=enforced.role(unique, statement("s3:*", f"arn:aws:s3:::{bucket}*")))
    pointer = {"Bucket": bucket, "Key": "live.json"}
    denied(s3.put_object, **pointer, Body=b"1")
    first = s3.put_object(**pointer, Body=b"1", IfNoneMatch="*")["ETag"]
    s3.put_object(**pointer, Body=b"2", IfMatch=first)
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(**pointer, Body=b"3", IfMatch=first)
    assert s3.get_object(**pointer, IfNoneMatch='"other"')["Body"].read() == b"2"
    assert s3.get_object(**pointer, IfMatch=s3.head_object(**pointer)["ETag"])["Body"].read() == b"2"


@pytest.mark.aws_rule(
    "A federated user may do what its session policies and the policies of the user who vouches for it both allow",
    page="https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html",
)
def test_a_federated_user_may_do_what_its_user_and_its_session_both_allow(enforced: Enforced, unique: str) -> None:
    bucket = enforced.bucket(unique)
    iam = enforced.client("iam")
    iam.create_user(UserName=unique)
    allowed = [statement("sts:GetFederationToken", "*"), statement("s3:GetObject", f"arn:aws:s3:::{bucket}/in/*")]
    iam.put_user_policy(UserName=unique, PolicyName="inline", PolicyDocument=document(*allowed))
    made = iam.create_access_key(UserName=unique)["AccessKey"]
    user = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}

    def federated(**request: Any) -> Any:
        issued = enforced.client("sts", keys=user).get_federation_token(Name="bob", **request)["Credentials"]
        keys = {
            "aws_access_key_id": issued["AccessKeyId"],
            "aws_secret_access_key": issued["SecretAccessKey"],
            "aws_session_token": issued["SessionToken"],
        }
        return enforced.client("s3", keys=keys)

    wide = federated(Policy=document(statement("s3:*", "*")))
    assert wide.get_object(Bucket=bucket, Key="in/a.csv")["Body"].read() == b"1"
    assert denied(wide.put_object, Bucket=bucket, Key="in/b.csv")[0] == "AccessDenied"
    assert denied(federated().get_object, Bucket=bucket, Key="in/a.csv")[0] == "AccessDenied"
