"""Each security rule refuses its counter-example, and lets the right form pass."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from scripts.repository.template_linters import lint_permissions, lint_rules, read_rules, split_rules

RULES = read_rules(Path(__file__).parents[2] / "cloudformation" / "rules")

_TLS = {
    "Sid": "DenyInsecureTransport",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": "x",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
_KEPT = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
_DATA = {"Fn::GetAtt": ["Key", "Arn"]}


def _policy(kind: str, *statements: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": {"PolicyDocument": {"Statement": list(statements)}}}


def _may(action: Any, resource: Any = "arn:aws:s3:::b", **more: Any) -> dict[str, Any]:
    return {"Sid": "May", "Effect": "Allow", "Action": action, "Resource": resource, **more}


def _resources() -> dict[str, Any]:
    """One resource of each kind that the rules speak about, as they want it."""
    encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": _DATA}
    blocks = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    trust = {
        "Sid": "T",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    passing = _may("iam:PassRole", _DATA, Condition={"StringEquals": {"iam:PassedToService": "x.amazonaws.com"}})
    of_account = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    service = _may("sns:Publish", Principal={"Service": "cloudwatch.amazonaws.com"}, Condition=of_account)
    rule = _may("sns:Publish", Principal={"Service": "events.amazonaws.com"})
    of_queue = {"ArnLike": {"kms:EncryptionContext:aws:sqs:arn": "arn:aws:sqs:*:*:*"}}
    dead_letters = _may("kms:Decrypt", "*", Principal={"Service": "events.amazonaws.com"}, Condition=of_queue)
    return {
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            **_KEPT,
            "Properties": {
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": encryption}]
                },
                "PublicAccessBlockConfiguration": dict.fromkeys(blocks, True),
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                "VersioningConfiguration": {"Status": "Enabled"},
                "LifecycleConfiguration": {
                    "Rules": [
                        {"NoncurrentVersionExpiration": {"NoncurrentDays": 30}},
                        {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}},
                    ]
                },
            },
        },
        "BucketPolicy": _policy("AWS::S3::BucketPolicy", _TLS),
        "Key": {
            "Type": "AWS::KMS::Key",
            **_KEPT,
            "Properties": {
                "EnableKeyRotation": True,
                "KeyPolicy": {
                    "Statement": [_may("kms:*", "*", Principal={"AWS": {"Fn::Sub": "account"}}), dead_letters]
                },
            },
        },
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": _DATA}},
        "TopicPolicy": _policy("AWS::SNS::TopicPolicy", service, {**_TLS, "Action": "sns:Publish"}, rule),
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"KmsMasterKeyId": _DATA}},
        "QueuePolicy": _policy("AWS::SQS::QueuePolicy", service, {**_TLS, "Action": "sqs:*"}),
        "Schedule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "ScheduleExpression": "rate(1 day)",
                "Targets": [{"RetryPolicy": {"MaximumRetryAttempts": 3}, "DeadLetterConfig": {"Arn": "x"}}],
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {"Statement": [trust]},
                "ManagedPolicyArns": [{"Ref": "Managed"}],
                "Policies": [
                    {
                        "PolicyName": "P",
                        "PolicyDocument": {"Statement": [_may(["s3:GetObject", "s3:PutObject"]), passing]},
                    }
                ],
            },
        },
        "Managed": _policy("AWS::IAM::ManagedPolicy", _may("s3:GetObject"), passing),
        "Project": {
            "Type": "AWS::CodeBuild::Project",
            "Properties": {
                "EncryptionKey": _DATA,
                "Environment": {
                    "PrivilegedMode": False,
                    "EnvironmentVariables": [
                        {"Name": "STAGE", "Value": "prod", "Type": "PLAINTEXT"},
                        {"Name": "API_TOKEN", "Value": "/token", "Type": "PARAMETER_STORE"},
                    ],
                },
                "LogsConfig": {"CloudWatchLogs": {"Status": "ENABLED", "GroupName": {"Ref": "Logs"}}},
            },
        },
        "CodePipeline": {
            "Type": "AWS::CodePipeline::Pipeline",
            "Properties": {"ArtifactStore": {"EncryptionKey": {"Id": _DATA}}},
        },
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 90, "KmsKeyId": _DATA}},
        "Model": {"Type": "AWS::SageMaker::Model", "Properties": {"EnableNetworkIsolation": True}},
    }


_ROLE_STATEMENT = ("Role", "Properties", "Policies", 0, "PolicyDocument", "Statement", 0)
_ROLE_PASSING = ("Role", "Properties", "Policies", 0, "PolicyDocument", "Statement", 1)
_MANAGED_STATEMENT = ("Managed", "Properties", "PolicyDocument", "Statement", 0)
_MANAGED_PASSING = ("Managed", "Properties", "PolicyDocument", "Statement", 1)
_TRUST = ("Role", "Properties", "AssumeRolePolicyDocument", "Statement", 0)
_ENCRYPTION = ("BucketEncryption", "ServerSideEncryptionConfiguration", 0, "ServerSideEncryptionByDefault")
_TOPIC_STATEMENT = ("TopicPolicy", "Properties", "PolicyDocument", "Statement", 0)
_TOPIC_RULE = ("TopicPolicy", "Properties", "PolicyDocument", "Statement", 2)
_KEY_DEAD_LETTERS = ("Key", "Properties", "KeyPolicy", "Statement", 1)
_OF_ACCOUNT = {"StringEquals": {"aws:SourceAccount": "012345670123"}}
_KEY_STATEMENT = ("Key", "Properties", "KeyPolicy", "Statement", 0)
_VARIABLE = ("Project", "Properties", "Environment", "EnvironmentVariables", 1)

# rule, where the good template is changed, and to what; None takes the value away.
COUNTER_EXAMPLES: list[tuple[str, tuple[Any, ...], Any]] = [
    ("S3_BUCKET_ENCRYPTED_WITH_OWN_KEY", ("Bucket", "Properties", "BucketEncryption"), None),
    ("S3_BUCKET_ENCRYPTED_WITH_OWN_KEY", ("Bucket", "Properties", *_ENCRYPTION, "SSEAlgorithm"), "AES256"),
    ("S3_BUCKET_ENCRYPTED_WITH_OWN_KEY", ("Bucket", "Properties", *_ENCRYPTION, "KMSMasterKeyID"), None),
    ("S3_BUCKET_NOT_PUBLIC", ("Bucket", "Properties", "PublicAccessBlockConfiguration"), None),
    ("S3_BUCKET_NOT_PUBLIC", ("Bucket", "Properties", "PublicAccessBlockConfiguration", "IgnorePublicAcls"), False),
    ("S3_BUCKET_OWNS_ITS_OBJECTS", ("Bucket", "Properties", "OwnershipControls"), None),
    ("S3_BUCKET_VERSIONED", ("Bucket", "Properties", "VersioningConfiguration", "Status"), "Suspended"),
    ("S3_BUCKET_HAS_LIFECYCLE", ("Bucket", "Properties", "LifecycleConfiguration"), None),
    ("S3_BUCKET_HAS_LIFECYCLE", ("Bucket", "Properties", "LifecycleConfiguration", "Rules", 1), {"Id": "x"}),
    ("S3_BUCKET_HAS_POLICY", ("BucketPolicy",), None),
    ("S3_BUCKET_TLS_ONLY", ("BucketPolicy", "Properties", "PolicyDocument", "Statement", 0, "Effect"), "Allow"),
    ("S3_BUCKET_TLS_ONLY", ("BucketPolicy", "Properties", "PolicyDocument", "Statement", 0, "Condition"), None),
    ("KMS_KEY_ROTATES", ("Key", "Properties", "EnableKeyRotation"), False),
    ("DATA_OUTLIVES_ITS_STACK", ("Bucket", "DeletionPolicy"), None),
    ("DATA_OUTLIVES_ITS_STACK", ("Key", "UpdateReplacePolicy"), "Delete"),
    ("SNS_TOPIC_ENCRYPTED", ("Topic", "Properties", "KmsMasterKeyId"), None),
    ("SNS_TOPIC_ENCRYPTED", ("Topic", "Properties", "KmsMasterKeyId"), "alias/aws/sns"),
    ("SQS_QUEUE_ENCRYPTED", ("Queue", "Properties", "KmsMasterKeyId"), None),
    ("SNS_TOPIC_TLS_ONLY", ("TopicPolicy",), None),
    ("SNS_TOPIC_TLS_ONLY", ("TopicPolicy", "Properties", "PolicyDocument", "Statement", 1), None),
    ("SQS_QUEUE_TLS_ONLY", ("QueuePolicy",), None),
    ("SQS_QUEUE_TLS_ONLY", ("QueuePolicy", "Properties", "PolicyDocument", "Statement", 1), None),
    ("SCHEDULED_STARTS_ARE_NOT_LOST", ("Schedule", "Properties", "Targets", 0, "RetryPolicy"), None),
    ("SCHEDULED_STARTS_ARE_NOT_LOST", ("Schedule", "Properties", "Targets", 0, "DeadLetterConfig"), None),
    ("IAM_ROLE_ALLOWS_NO_WHOLE_SERVICE", (*_ROLE_STATEMENT, "Action"), "s3:*"),
    ("IAM_ROLE_ALLOWS_NO_WHOLE_SERVICE", (*_ROLE_STATEMENT, "Action", 1), "*"),
    ("IAM_ROLE_ALLOWS_NO_WHOLE_SERVICE", (*_MANAGED_STATEMENT, "Action"), "*"),
    (
        "IAM_ROLE_HAS_NO_BROAD_AWS_POLICY",
        ("Role", "Properties", "ManagedPolicyArns", 0),
        "arn:aws:iam::aws:policy/AdministratorAccess",
    ),
    ("IAM_PASS_ROLE_LIMITED", (*_ROLE_PASSING, "Condition"), None),
    ("IAM_PASS_ROLE_LIMITED", (*_ROLE_PASSING, "Resource"), "*"),
    ("IAM_PASS_ROLE_LIMITED", (*_ROLE_STATEMENT, "Action", 0), "iam:PassRole"),
    (
        "IAM_PASS_ROLE_LIMITED",
        (*_MANAGED_PASSING, "Condition"),
        {"StringEquals": {"aws:RequestedRegion": "ap-southeast-2"}},
    ),
    ("IAM_PASS_ROLE_LIMITED", (*_MANAGED_PASSING, "Resource"), ["arn:aws:iam::012345670123:role/*"]),
    ("IAM_STATEMENTS_HAVE_SID", (*_TRUST, "Sid"), None),
    ("IAM_STATEMENTS_HAVE_SID", (*_ROLE_STATEMENT, "Sid"), None),
    ("IAM_STATEMENTS_HAVE_SID", (*_MANAGED_STATEMENT, "Sid"), None),
    ("IAM_STATEMENTS_HAVE_SID", (*_TOPIC_STATEMENT, "Sid"), None),
    ("IAM_STATEMENTS_HAVE_SID", (*_KEY_STATEMENT, "Sid"), None),
    ("IAM_ROLE_TRUSTS_SOMEBODY_KNOWN", (*_TRUST, "Principal"), "*"),
    ("IAM_ROLE_TRUSTS_SOMEBODY_KNOWN", (*_TRUST, "Principal"), {"AWS": "*"}),
    ("IAM_ROLE_TRUSTS_SOMEBODY_KNOWN", (*_TRUST, "Principal"), {"AWS": [{"Fn::Sub": "x"}, "*"]}),
    ("RESOURCE_POLICY_ALLOWS_NOT_EVERYBODY", (*_TOPIC_STATEMENT, "Principal"), "*"),
    ("RESOURCE_POLICY_ALLOWS_NOT_EVERYBODY", (*_KEY_STATEMENT, "Principal"), {"AWS": "*"}),
    ("RESOURCE_POLICY_LIMITS_SERVICES", (*_TOPIC_STATEMENT, "Condition"), None),
    ("RESOURCE_POLICY_LIMITS_SERVICES", (*_KEY_STATEMENT, "Principal"), {"Service": "logs.amazonaws.com"}),
    ("EVENTBRIDGE_IS_NOT_SHUT_OUT", (*_TOPIC_RULE, "Condition"), _OF_ACCOUNT),
    ("EVENTBRIDGE_IS_NOT_SHUT_OUT", (*_TOPIC_STATEMENT, "Principal"), {"Service": ["a", "events.amazonaws.com"]}),
    ("EVENTBRIDGE_IS_NOT_SHUT_OUT", (*_KEY_DEAD_LETTERS, "Condition"), _OF_ACCOUNT),
    (
        "EVENTBRIDGE_IS_NOT_SHUT_OUT",
        (*_KEY_DEAD_LETTERS, "Condition"),
        {"ArnLike": {"aws:SourceArn": "arn:aws:events:*:*:*"}},
    ),
    ("CODEBUILD_PROJECT_IS_NOT_PRIVILEGED", ("Project", "Properties", "Environment", "PrivilegedMode"), True),
    ("CODEBUILD_PROJECT_ENCRYPTS_ARTIFACTS", ("Project", "Properties", "EncryptionKey"), None),
    ("CODEBUILD_PROJECT_LOGS_TO_ITS_GROUP", ("Project", "Properties", "LogsConfig"), None),
    (
        "CODEBUILD_PROJECT_LOGS_TO_ITS_GROUP",
        ("Project", "Properties", "LogsConfig", "CloudWatchLogs", "Status"),
        "DISABLED",
    ),
    ("CODEBUILD_PROJECT_HAS_NO_SECRETS", (*_VARIABLE, "Type"), "PLAINTEXT"),
    ("CODEBUILD_PROJECT_HAS_NO_SECRETS", (*_VARIABLE, "Type"), None),
    ("CODEPIPELINE_ENCRYPTS_ARTIFACTS", ("CodePipeline", "Properties", "ArtifactStore", "EncryptionKey"), None),
    ("LOG_GROUP_HAS_RETENTION", ("Logs", "Properties", "RetentionInDays"), None),
    ("LOG_GROUP_ENCRYPTED", ("Logs", "Properties", "KmsKeyId"), None),
    ("SAGEMAKER_MODEL_DECIDES_ISOLATION", ("Model", "Properties", "EnableNetworkIsolation"), None),
]


def _changed(where: tuple[Any, ...], value: Any) -> dict[str, Any]:
    resources = copy.deepcopy(_resources())
    parent: Any = resources
    for key in where[:-1]:
        parent = parent[key]
    if value is None:
        del parent[where[-1]]
    else:
        parent[where[-1]] = value
    return {"Resources": resources}


def _refused_by(template: dict[str, Any]) -> set[str]:
    return {finding.rule for finding in lint_rules("t.yml", template, RULES)}


def test_the_right_form_passes_every_rule() -> None:
    assert lint_rules("t.yml", {"Resources": _resources()}, RULES) == []


@pytest.mark.parametrize(("rule", "where", "value"), COUNTER_EXAMPLES)
def test_a_rule_refuses_its_counter_example(rule: str, where: tuple[Any, ...], value: Any) -> None:
    assert lint_rules("t.yml", _changed(where, value), {rule: RULES[rule]})


def test_every_rule_has_a_counter_example() -> None:
    assert {rule for rule, _, _ in COUNTER_EXAMPLES} == set(RULES)


def test_a_rule_stands_alone_with_its_definitions() -> None:
    assert split_rules("let a = 1\nrule A { b }\nrule B { c }\n") == {
        "A": "let a = 1\nrule A { b }\n",
        "B": "let a = 1\nrule B { c }\n",
    }


def test_a_finding_names_the_resource_and_the_demand() -> None:
    (finding,) = lint_rules("t.yml", _changed(("Logs", "Properties", "RetentionInDays"), None), RULES)
    assert str(finding) == "t.yml: LOG_GROUP_HAS_RETENTION: Logs: logs have a retention period"


def test_a_value_that_only_one_side_of_a_condition_has_is_refused() -> None:
    no_value = {"Fn::If": ["HasKey", _DATA, {"Ref": "AWS::NoValue"}]}
    assert _refused_by(_changed(("Logs", "Properties", "KmsKeyId"), no_value)) == {"LOG_GROUP_ENCRYPTED"}


def test_a_suppressed_rule_is_suppressed_on_that_resource_alone() -> None:
    template = _changed(("Logs", "Properties", "KmsKeyId"), None)
    template["Resources"]["Logs"]["Metadata"] = {"guard": {"SuppressedRules": ["LOG_GROUP_ENCRYPTED"]}}
    assert _refused_by(template) == set()
    template["Resources"]["OtherLogs"] = {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 1}}
    assert _refused_by(template) == {"LOG_GROUP_ENCRYPTED"}


def test_a_report_too_long_for_the_library_still_fails() -> None:
    template = {"Resources": {f"Logs{n}": {"Type": "AWS::Logs::LogGroup", "Properties": {}} for n in range(200)}}
    assert "LOG_GROUP_ENCRYPTED" in _refused_by(template)


@pytest.mark.parametrize(
    ("action", "resource"),
    [("s3:GetObjekt", "arn:aws:s3:::b/*"), ("s3:GetObject", "arn:aws:sqs:ap-southeast-2:012345670123:q")],
)
def test_an_action_that_does_not_exist_or_does_not_fit_is_found(action: str, resource: str) -> None:
    document = {"Version": "2012-10-17", "Statement": [_may(action, resource)]}
    role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyName": "P", "PolicyDocument": document}]}}
    assert len(lint_permissions("t.yml", {"Resources": {"Role": role}})) == 1
