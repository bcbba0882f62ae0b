"""Every caller of the policy evaluator, through the API: roles taken on by people and services, buses, stacks, buckets,
sessions, and the simulation. IAM is not enforced but where a test says so; trust is asked all the same."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.conftest import DEV, PREPROD, PROD, REGION
from tests.functional.test_iam_enforcement import Enforced, denied, document, enforced, statement

__all__ = ["enforced"]

Client = Callable[..., Any]
SPEC = "version: 0.2\nphases:\n  build:\n    commands: [echo built]\n"


def trust(principal: Any, effect: str = "Allow", action: str = "sts:AssumeRole", **condition: Any) -> dict[str, Any]:
    found = {"Effect": effect, "Principal": principal, "Action": action}
    return {**found, "Condition": condition} if condition else found


def role(client: Client, account: str, name: str, *statements: Any, **members: Any) -> str:
    iam = client("iam", account=account)
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(*statements), **members)
    return str(made["Role"]["Arn"])


def code(call: Callable[..., Any], **request: Any) -> str | None:
    """The error's code, or None where the call is answered."""
    try:
        call(**request)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


HERE = {"AWS": f"arn:aws:iam::{DEV}:root"}
DENY_ALL = {"principal": "*", "effect": "Deny"}


@pytest.mark.aws_rule(
    "A role is assumed only by whom its trust policy names, whatever the caller's own policies say",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-custom.html",
)
@pytest.mark.parametrize(
    ("statements", "request_", "allowed"),
    [
        ([trust(HERE)], {}, True),
        ([trust(HERE, StringEquals={"sts:ExternalId": "k-7"})], {"ExternalId": "k-7"}, True),
        ([trust(HERE, StringEquals={"sts:ExternalId": "k-7"})], {"ExternalId": "k-8"}, False),
        ([trust(HERE), trust(**DENY_ALL, StringNotEquals={"sts:ExternalId": "k-7"})], {}, False),
        ([trust(HERE), trust(**DENY_ALL, StringNotEquals={"sts:ExternalId": "k-7"})], {"ExternalId": "k-7"}, True),
        ([trust(HERE), trust(**DENY_ALL, StringEquals={"aws:PrincipalAccount": DEV})], {}, False),
        ([trust(HERE), trust(**DENY_ALL, StringEquals={"aws:PrincipalAccount": PROD})], {}, True),
        ([trust("*"), {**trust("*", "Deny"), "NotPrincipal": {"AWS": PROD}}], {}, False),
        ([trust(HERE, StringEquals={"aws:PrincipalArn": f"arn:aws:iam::{DEV}:*"})], {}, False),
        ([trust(HERE, StringLike={"aws:PrincipalArn": f"arn:aws:iam::{DEV}:*"})], {}, True),
        ([trust(HERE, StringEquals={"sts:RoleSessionName": "nightly"})], {}, True),
        ([trust(HERE, StringEquals={"sts:RoleSessionName": "${aws:userid}"})], {}, False),
        ([trust(HERE, DateGreaterThan={"aws:CurrentTime": "2020-01-01T00:00:00Z"})], {}, True),
        ([trust(HERE, IpAddress={"aws:SourceIp": "10.0.0.0/8"})], {}, False),
        ([trust(HERE, Null={"sts:ExternalId": "false"})], {}, False),
        ([trust(HERE)], {"Tags": [{"Key": "team", "Value": "a"}]}, False),
        ([trust(HERE, action="sts:*")], {"Tags": [{"Key": "team", "Value": "a"}]}, True),
        ([trust(HERE, action="sts:*", StringEquals={"aws:RequestTag/team": "b"})],
         {"Tags": [{"Key": "team", "Value": "a"}]}, False),
        ([trust(HERE)], {"SourceIdentity": "ann"}, False),
        ([trust(HERE, action="sts:*")], {"SourceIdentity": "ann"}, True),
        ([trust(HERE), trust(**DENY_ALL, StringEquals={"aws:ResourceTag/open": "no"})], {}, False),
    ],
)  # fmt: skip
def test_a_role_is_assumed_as_its_trust_policy_says(
    kept_client: Client, unique: str, statements: list[Any], request_: dict[str, Any], allowed: bool
) -> None:
    for one in statements:
        if "NotPrincipal" in one:
            del one["Principal"]
    arn = role(kept_client, PREPROD, unique, *statements)
    found = code(kept_client("sts").assume_role, RoleArn=arn, RoleSessionName="nightly", **request_)
    assert found == (None if allowed else "AccessDenied")


@pytest.mark.aws_rule(
    "A service assumes a role only where the trust policy names its principal, with aws:SourceAccount and "
    "aws:SourceArn as it supplies them",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
)
@pytest.mark.parametrize(
    ("condition", "others", "allowed"),
    [
        ({}, [], True),
        ({"StringEquals": {"aws:SourceAccount": DEV}}, [], True),
        ({"StringEquals": {"aws:SourceAccount": PROD}}, [], False),
        ({"ArnLike": {"aws:SourceArn": f"arn:aws:*:*:{PROD}:*"}}, [], False),
        ({}, [{"effect": "Deny"}], False),
        ({}, [{"effect": "Deny", "StringNotEquals": {"aws:SourceAccount": DEV}}], True),
    ],
)
def test_services_take_on_roles_as_their_trust_policies_say(
    kept_client: Client, unique: str, condition: dict[str, Any], others: list[dict[str, Any]], allowed: bool
) -> None:
    services = {"Service": [f"{name}.amazonaws.com" for name in ("codebuild", "cloudformation", "sagemaker", "events")]}
    arn = role(kept_client, DEV, unique, trust(services, **condition), *(trust(services, **one) for one in others))
    project = {
        "name": unique,
        "source": {"type": "NO_SOURCE", "buildspec": SPEC},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
        "serviceRole": arn,
    }
    refused = code(kept_client("codebuild").create_project, **project)
    assert refused == (None if allowed else "InvalidInputException")
    template = json.dumps(
        {"Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "v"}}}}
    )
    refused = code(kept_client("cloudformation").create_stack, StackName=unique, TemplateBody=template, RoleARN=arn)
    assert refused == (None if allowed else "ValidationError")
    model = {"ModelName": unique, "ExecutionRoleArn": arn, "PrimaryContainer": {"Image": "1.dkr.ecr.x/y:1"}}
    refused = code(kept_client("sagemaker").create_model, **model)
    assert refused == (None if allowed else "ValidationException")


def test_a_role_that_stopped_trusting_codebuild_fails_the_build(kept_client: Client, unique: str) -> None:
    service = {"Service": "codebuild.amazonaws.com"}
    arn = role(kept_client, DEV, unique, trust(service))
    codebuild = kept_client("codebuild")
    codebuild.create_project(
        name=unique,
        source={"type": "NO_SOURCE", "buildspec": SPEC},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole=arn,
    )
    closed = document(trust(service, StringEquals={"aws:SourceAccount": PROD}))
    kept_client("iam").update_assume_role_policy(RoleName=unique, PolicyDocument=closed)
    build = codebuild.start_build(projectName=unique)["build"]["id"]
    deadline = time.monotonic() + 30
    while (found := codebuild.batch_get_builds(ids=[build])["builds"][0])["buildStatus"] == "IN_PROGRESS":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert found["buildStatus"] in ("FAILED", "FAULT")


@pytest.mark.aws_rule(
    "A bus takes another account's events only as its policy allows, with events:source and events:detail-type as "
    "conditions",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html",
)
@pytest.mark.parametrize(
    ("statements", "failed"),
    [
        ([{"Principal": {"AWS": f"arn:aws:iam::{PREPROD}:root"}}], [False, False]),
        ([{"Principal": {"AWS": f"arn:aws:iam::{PREPROD}:role/sender"}}], [True, True]),
        ([{"Principal": {"AWS": PREPROD}, "Condition": {"StringEquals": {"events:source": "open"}}}], [False, True]),
        ([{"Principal": "*"}, {"Effect": "Deny", "Principal": "*", "Condition":
          {"StringNotEquals": {"events:source": "open"}}}], [False, True]),
        ([{"Principal": "*", "Condition": {"StringLike": {"events:detail-type": "Something*"}}}], [True, True]),
        ([{"Principal": "*", "Action": "events:PutRule"}], [True, True]),
    ],
)  # fmt: skip
def test_each_event_is_let_in_by_itself(
    kept_client: Client, unique: str, statements: list[dict[str, Any]], failed: list[bool]
) -> None:
    events = kept_client("events")
    bus = events.create_event_bus(Name=unique)["EventBusArn"]
    put = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": bus}
    events.put_permission(EventBusName=unique, Policy=document(*({**put, **one} for one in statements)))
    entries = [{"EventBusName": bus, "Source": name, "DetailType": "T", "Detail": "{}"} for name in ("open", "closed")]
    answer = kept_client("events", account=PREPROD).put_events(Entries=entries)
    assert [entry.get("ErrorCode") == "AccessDeniedException" for entry in answer["Entries"]] == failed
    assert answer["FailedEntryCount"] == sum(failed)


WRONG = {"StringMatches": {"aws:username": "a"}}


@pytest.mark.aws_rule(
    "A policy has the elements of the policy grammar and no others",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html",
)
def test_an_operator_that_does_not_exist_is_refused_where_the_policy_is_put(kept_client: Client, unique: str) -> None:
    iam, bucket = kept_client("iam"), {"Bucket": unique}
    wrong = document(statement("sts:AssumeRole", Principal="*", Condition=WRONG))
    assert code(iam.create_role, RoleName=unique, AssumeRolePolicyDocument=wrong) == "MalformedPolicyDocument"
    role(kept_client, DEV, unique, trust(HERE))
    assert code(iam.update_assume_role_policy, RoleName=unique, PolicyDocument=wrong) == "MalformedPolicyDocument"
    inline = document(statement("s3:*", "*", Condition=WRONG))
    put = {"RoleName": unique, "PolicyName": "p", "PolicyDocument": inline}
    assert code(iam.put_role_policy, **put) == "MalformedPolicyDocument"
    assert code(iam.create_policy, PolicyName=unique, PolicyDocument=inline) == "MalformedPolicyDocument"
    kept_client("s3").create_bucket(**bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    resource = document(statement("s3:*", f"arn:aws:s3:::{unique}/*", Principal="*", Condition=WRONG))
    assert code(kept_client("s3").put_bucket_policy, **bucket, Policy=resource) == "MalformedPolicy"
    key = document(statement("kms:*", "*", Principal="*", Condition=WRONG))
    assert code(kept_client("kms").create_key, Policy=key) == "MalformedPolicyDocumentException"
    sqs = kept_client("sqs")
    url = sqs.create_queue(QueueName=unique)["QueueUrl"]
    queue = document(statement("sqs:*", "*", Principal="*", Condition=WRONG))
    assert code(sqs.set_queue_attributes, QueueUrl=url, Attributes={"Policy": queue}) == "InvalidAttributeValue"
    topic = kept_client("sns").create_topic(Name=unique)["TopicArn"]
    change = {"TopicArn": topic, "AttributeName": "Policy", "AttributeValue": queue}
    assert code(kept_client("sns").set_topic_attributes, **change) == "InvalidParameter"
    events = kept_client("events")
    bus = events.create_event_bus(Name=unique)["EventBusArn"]
    put_events = document(statement("events:PutEvents", bus, Principal="*", Condition=WRONG))
    assert code(events.put_permission, EventBusName=unique, Policy=put_events) == "ValidationException"


@pytest.mark.aws_rule(
    "A policy simulation answers once for each action, and below it for each resource",
    page="https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html",
)
def test_each_resource_has_a_decision_of_its_own_below_its_actions(kept_client: Client, unique: str) -> None:
    role(kept_client, DEV, unique, trust(HERE))
    iam = kept_client("iam")
    held = [statement("s3:GetObject", "arn:aws:s3:::b/in/*"), statement("s3:*", "arn:aws:s3:::c/*", "Deny")]
    iam.put_role_policy(RoleName=unique, PolicyName="held", PolicyDocument=document(*held))
    request = {"PolicySourceArn": f"arn:aws:iam::{DEV}:role/{unique}", "ActionNames": ["s3:GetObject", "s3:PutObject"]}
    arns = [f"arn:aws:s3:::{key}" for key in ("b/in/1", "b/out/1", "c/1")]
    reading, writing = iam.simulate_principal_policy(**request, ResourceArns=arns)["EvaluationResults"]
    assert (reading["EvalActionName"], reading["EvalDecision"]) == ("s3:GetObject", "explicitDeny")
    found = [(each["EvalResourceName"], each["EvalResourceDecision"]) for each in reading["ResourceSpecificResults"]]
    assert found == list(zip(arns, ["allowed", "implicitDeny", "explicitDeny"], strict=True))
    assert writing["ResourceSpecificResults"][0]["EvalResourceDecision"] == "implicitDeny"
    (whole, _) = iam.simulate_principal_policy(**request)["EvaluationResults"]
    assert "ResourceSpecificResults" not in whole


@pytest.mark.aws_rule(
    "A simulation for a role takes no resource's policy",
    page="https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html",
)
def test_no_resource_policy_is_simulated_for_a_role(kept_client: Client, unique: str) -> None:
    arn = role(kept_client, DEV, unique, trust(HERE))
    policy = document(statement("s3:GetObject", "*", Principal="*"))
    request = {"PolicySourceArn": arn, "CallerArn": arn, "ActionNames": ["s3:GetObject"], "ResourcePolicy": policy}
    assert code(kept_client("iam").simulate_principal_policy, **request) == "InvalidInput"


@pytest.mark.aws_rule(
    "SimulatePrincipalPolicy answers by the principal's policies, boundary and the given context",
    page="https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html",
)
def test_policies_are_simulated_by_the_evaluator(kept_client: Client, unique: str) -> None:
    role(kept_client, DEV, unique, trust(HERE))
    iam = kept_client("iam")
    only = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    reading = document(
        statement("s3:Get*", "arn:aws:s3:::b/*", Condition=only),
        statement("s3:*", "*", "Deny", Condition={"Bool": {"aws:SecureTransport": "false"}}),
    )
    iam.put_role_policy(RoleName=unique, PolicyName="reading", PolicyDocument=reading)
    arn = iam.get_role(RoleName=unique)["Role"]["Arn"]

    def simulated(action: str, **context: str) -> Any:
        entries = [
            {"ContextKeyName": f"aws:{key}", "ContextKeyValues": [value], "ContextKeyType": "string"}
            for key, value in context.items()
        ]
        request = {"ActionNames": [action], "ResourceArns": ["arn:aws:s3:::b/k"], "ContextEntries": entries}
        return iam.simulate_principal_policy(PolicySourceArn=arn, **request)["EvaluationResults"][0]

    assert simulated("s3:GetObject", RequestedRegion="eu-west-1")["EvalDecision"] == "allowed"
    assert simulated("s3:GetObject")["EvalDecision"] == "implicitDeny"
    assert simulated("s3:GetObject")["MissingContextValues"] == ["aws:requestedregion", "aws:securetransport"]
    plain = simulated("s3:GetObject", RequestedRegion="eu-west-1", SecureTransport="false")
    assert plain["EvalDecision"] == "explicitDeny"
    assert plain["MatchedStatements"] == [{"SourcePolicyId": "reading", "SourcePolicyType": "role"}]
    custom = {"PolicyInputList": [document(statement("*", "*"))], "ActionNames": ["iam:PassRole"]}
    assert iam.simulate_custom_policy(**custom)["EvaluationResults"][0]["EvalDecision"] == "allowed"
    bounds = [document(statement("s3:*", "*"))]
    (result,) = iam.simulate_custom_policy(**custom, PermissionsBoundaryPolicyInputList=bounds)["EvaluationResults"]
    assert result["EvalDecision"] == "implicitDeny"
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    assert code(iam.simulate_custom_policy, **custom, ResourceHandlingOption="EC2-Classic") == "NotImplemented"
    assert code(iam.simulate_custom_policy, **{**custom, "PolicyInputList": ["{}"]}) == "InvalidInput"
    missing = {"PolicySourceArn": f"{arn}-none", "ActionNames": ["a:b"]}
    assert code(iam.simulate_principal_policy, **missing) == "NoSuchEntity"


@pytest.mark.aws_rule(
    "A session policy limits its session and grants nothing",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session",
)
def test_a_session_policy_limits_its_session(enforced: Enforced, unique: str) -> None:
    bucket = enforced.bucket(unique)
    enforced.role(unique, statement("s3:*", "*"))
    arn = f"arn:aws:iam::{DEV}:role/{unique}"
    read_only = enforced.client("iam").create_policy(
        PolicyName=unique, PolicyDocument=document(statement("s3:ListBucket", "*"))
    )["Policy"]["Arn"]
    session = enforced.client("sts").assume_role(
        RoleArn=arn,
        RoleSessionName="limited",
        Policy=document(statement("s3:GetObject", "*")),
        PolicyArns=[{"arn": read_only}],
    )["Credentials"]
    keys = {
        "aws_access_key_id": session["AccessKeyId"],
        "aws_secret_access_key": session["SecretAccessKey"],
        "aws_session_token": session["SessionToken"],
    }
    s3 = enforced.client("s3", keys=keys)
    assert s3.get_object(Bucket=bucket, Key="in/a.csv")["Body"].read() == b"1"
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    message = denied(s3.put_object, Bucket=bucket, Key="x", Body=b"")[1]
    assert message.endswith("because no session policy allows the s3:PutObject action")
    wrong = {"RoleArn": arn, "RoleSessionName": "limited", "Policy": document(statement("s3:*", Condition=WRONG))}
    assert code(enforced.client("sts").assume_role, **wrong) == "MalformedPolicyDocument"
    absent = {"RoleArn": arn, "RoleSessionName": "limited", "PolicyArns": [{"arn": f"{read_only}-none"}]}
    assert code(enforced.client("sts").assume_role, **absent) == "ValidationError"


@pytest.mark.aws_rule(
    "Session tags are aws:PrincipalTag in policies",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html",
)
def test_session_tags_are_the_principals(enforced: Enforced, unique: str) -> None:
    enforced.role(unique, statement("ssm:*", "*", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}}))
    open_trust = document({**trust(HERE), "Action": ["sts:AssumeRole", "sts:TagSession"]})
    enforced.client("iam").update_assume_role_policy(RoleName=unique, PolicyDocument=open_trust)
    found = []
    for team in ("blue", "red"):
        session = enforced.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{DEV}:role/{unique}",
            RoleSessionName="session",
            Tags=[{"Key": "Team", "Value": team}],
        )["Credentials"]
        keys = {
            "aws_access_key_id": session["AccessKeyId"],
            "aws_secret_access_key": session["SecretAccessKey"],
            "aws_session_token": session["SessionToken"],
        }
        found.append(code(enforced.client("ssm", keys=keys).describe_parameters))
    assert found == [None, "AccessDeniedException"]


@pytest.mark.parametrize("asked", ["aws:kms", None])
def test_a_multipart_upload_is_encrypted_as_it_began(enforced: Enforced, unique: str, asked: str | None) -> None:
    bucket = enforced.bucket(unique)
    plain = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}
    closing = document(statement("s3:PutObject", f"arn:aws:s3:::{bucket}/*", "Deny", Principal="*", Condition=plain))
    enforced.client("s3").put_bucket_policy(Bucket=bucket, Policy=closing)
    key = enforced.client("kms").create_key()["KeyMetadata"]["Arn"]
    encryption = {"ServerSideEncryption": asked, "SSEKMSKeyId": key} if asked else {}
    s3 = enforced.client("s3", keys=enforced.role(unique, statement(["s3:*", "kms:*"], "*")))
    began = {"Bucket": bucket, "Key": "k"}
    if asked is None:
        assert "explicit deny" in denied(s3.create_multipart_upload, **began)[1]
        return
    upload = s3.create_multipart_upload(**began, **encryption)["UploadId"]
    tag = s3.upload_part(**began, PartNumber=1, UploadId=upload, Body=b"x")["ETag"]
    parts = {"Parts": [{"ETag": tag, "PartNumber": 1}]}
    s3.complete_multipart_upload(**began, UploadId=upload, MultipartUpload=parts)
    assert s3.head_object(**began)["ServerSideEncryption"] == "aws:kms"


def test_each_entry_of_put_events_needs_permission(enforced: Enforced, unique: str) -> None:
    events = enforced.client("events")
    for name in ("a", "b"):
        events.create_event_bus(Name=f"{unique}-{name}")
    bus = f"arn:aws:events:{REGION}:{DEV}:event-bus/{unique}-"
    keys = enforced.role(unique, statement("events:PutEvents", f"{bus}a"))
    put = enforced.client("events", keys=keys).put_events
    entries = [{"EventBusName": f"{unique}-{name}", "Source": "s", "DetailType": "T", "Detail": "{}"} for name in "ab"]
    assert put(Entries=entries[:1])["FailedEntryCount"] == 0
    assert code(put, Entries=entries) == "AccessDeniedException"


def test_policies_that_moto_made_or_changed_are_read_too(enforced: Enforced, unique: str) -> None:
    """The default policy of a topic and key, and what AddPermission writes."""
    keys = enforced.role(unique, statement(["sns:Publish", "kms:DescribeKey", "sqs:ReceiveMessage"], "*"))
    topic = enforced.client("sns").create_topic(Name=unique)["TopicArn"]
    assert enforced.client("sns", keys=keys).publish(TopicArn=topic, Message="m")["MessageId"]
    key = enforced.client("kms").create_key()["KeyMetadata"]["KeyId"]
    assert enforced.client("kms", keys=keys).describe_key(KeyId=key)["KeyMetadata"]["KeyId"] == key
    sqs = enforced.client("sqs")
    url = sqs.create_queue(QueueName=unique)["QueueUrl"]
    sqs.add_permission(QueueUrl=url, Label="in", AWSAccountIds=[PREPROD], Actions=["SendMessage"])
    # Let in by the policy; that moto finds no queue of another account is another matter.
    assert code(enforced.client("sqs", PREPROD).send_message, QueueUrl=url, MessageBody="x") != "AccessDenied"
    assert code(enforced.client("sqs", PREPROD).purge_queue, QueueUrl=url) == "AccessDenied"
    assert code(enforced.client("sqs", keys=keys).receive_message, QueueUrl=url) is None


def test_secrets_and_repositories_are_closed_by_their_policies(enforced: Enforced, unique: str) -> None:
    keys = enforced.role(unique, statement(["secretsmanager:*", "ecr:*"], "*"))
    secret, images = (enforced.client(name, keys=keys) for name in ("secretsmanager", "ecr"))
    secret.create_secret(Name=unique, SecretString="s")
    images.create_repository(repositoryName=unique)
    assert secret.get_secret_value(SecretId=unique)["SecretString"] == "s"
    mine = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::*:role/{unique}"}}
    closing = document(statement("secretsmanager:GetSecretValue", "*", "Deny", Principal="*", Condition=mine))
    enforced.client("secretsmanager").put_resource_policy(SecretId=unique, ResourcePolicy=closing)
    assert "explicit deny in a resource-based policy" in denied(secret.get_secret_value, SecretId=unique)[1]
    closing = document(statement("ecr:DescribeImages", None, "Deny", Principal="*", Condition=mine))
    enforced.client("ecr").set_repository_policy(repositoryName=unique, policyText=closing)
    assert "explicit deny in a resource-based policy" in denied(images.describe_images, repositoryName=unique)[1]
    wrong = document(statement("ecr:*", None, Principal="*", Condition=WRONG))
    put = {"repositoryName": unique, "policyText": wrong}
    assert code(enforced.client("ecr").set_repository_policy, **put) == "InvalidParameterException"
