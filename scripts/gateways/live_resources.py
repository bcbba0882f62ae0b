"""What AWS has now of a stack's resources, in CloudFormation's words: each as a resource's properties, None if gone.

It reads only, several at once; a read that AWS refuses is an error and never "gone".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError

from scripts.decisions.drift import Expected
from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors
from scripts.gateways.monitoring import MOST_NAMES, batched

AT_ONCE = 8
Properties = dict[str, Any]
Live = dict[str, Mapping[str, Any] | None]
_GONE = {
    "ResourceNotFound",
    "ResourceNotFoundException",
    "DashboardNotFoundError",
    "NotFound",
    "NotFoundException",
    "NoSuchEntity",
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
}
_ALARM = "AWS::CloudWatch::Alarm"


def read_live(account: Account, resources: Sequence[Expected]) -> Live:
    """The properties by logical id. Resources that the stack does not have are left out."""
    there = [each for each in resources if each.id is not None]
    alarms = {str(each.id): each.logical_id for each in there if each.type == _ALARM}
    tasks: list[Callable[[], Live]] = [
        lambda names=names: _alarms(account, {name: alarms[name] for name in names})  # type: ignore[misc]
        for names in batched(sorted(alarms), MOST_NAMES)
    ]
    # A queue and a topic tell their policy in the same answer.
    asked: dict[tuple[str, str], list[Expected]] = {}
    for each in there:
        if each.type != _ALARM:
            asked.setdefault(_subject(each), []).append(each)
    tasks += [lambda group=group: _read(account, group) for group in asked.values()]  # type: ignore[misc]
    found: Live = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for answer in pool.map(lambda task: task(), tasks):
            found |= answer
    return found


def _subject(resource: Expected) -> tuple[str, str]:
    if resource.type == "AWS::SQS::QueuePolicy":
        return "AWS::SQS::Queue", str(resource.properties["Queues"][0])
    if resource.type == "AWS::SNS::TopicPolicy":
        return "AWS::SNS::Topic", str(resource.properties["Topics"][0])
    return resource.type, str(resource.id)


def _read(account: Account, resources: Sequence[Expected]) -> Live:
    kind, name = _subject(resources[0])
    with told_as_deployment_errors(account.actor):
        try:
            found = _READERS[kind](account, name)
        except ClientError as error:
            if error_code(error) not in _GONE and not _is_missing_model(error):
                raise
            found = None
    return {each.logical_id: found for each in resources}


def _is_missing_model(error: ClientError) -> bool:
    """DescribeModel has no code of its own for it."""
    return error_code(error) == "ValidationException" and "Could not find" in str(error)


def _model(account: Account, arn: str) -> Properties:
    answer = account.client("sagemaker").describe_model(ModelName=arn.rpartition("/")[2])
    first = [answer["PrimaryContainer"]] if answer.get("PrimaryContainer") else []
    return {
        "ExecutionRoleArn": answer.get("ExecutionRoleArn"),
        "EnableNetworkIsolation": answer.get("EnableNetworkIsolation", False),
        "Containers": [*first, *(answer.get("Containers") or [])],
        "VpcConfig": answer.get("VpcConfig"),
    }


def _pipeline(account: Account, name: str) -> Properties:
    answer = account.client("sagemaker").describe_pipeline(PipelineName=name)
    return {
        "PipelineDisplayName": answer.get("PipelineDisplayName"),
        "PipelineDescription": answer.get("PipelineDescription"),
        "PipelineDefinition": answer["PipelineDefinition"],
        "RoleArn": answer.get("RoleArn"),
    }


def _rule(account: Account, name: str) -> Properties:
    events = account.client("events")
    answer = events.describe_rule(Name=name)
    targets: list[Any] = []
    token: dict[str, str] = {}
    while True:  # it has no paginator
        page = events.list_targets_by_rule(Rule=name, **token)
        targets += page["Targets"]
        if not page.get("NextToken"):
            break
        token = {"NextToken": page["NextToken"]}
    return {**{key: answer.get(key) for key in ("Description", "ScheduleExpression", "EventPattern", "State")}} | {
        "Targets": targets
    }


def _queue(account: Account, url: str) -> Properties:
    names = ["KmsMasterKeyId", "MessageRetentionPeriod", "Policy"]
    answer = account.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names).get("Attributes", {})
    return {**answer, "PolicyDocument": answer.get("Policy")}


def _topic(account: Account, arn: str) -> Properties:
    answer = account.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
    return {
        "DisplayName": answer.get("DisplayName"),
        "KmsMasterKeyId": answer.get("KmsMasterKeyId"),
        "PolicyDocument": answer.get("Policy"),
    }


def _dashboard(account: Account, name: str) -> Properties:
    answer = account.client("cloudwatch").get_dashboard(DashboardName=name)
    return {"DashboardBody": answer["DashboardBody"]}


def _role(account: Account, name: str) -> Properties:
    iam = account.client("iam")
    role = iam.get_role(RoleName=name)["Role"]
    boundary = role.get("PermissionsBoundary") or {}
    inline = [
        each for page in iam.get_paginator("list_role_policies").paginate(RoleName=name) for each in page["PolicyNames"]
    ]
    attached = iam.get_paginator("list_attached_role_policies").paginate(RoleName=name)
    return {
        "AssumeRolePolicyDocument": role["AssumeRolePolicyDocument"],
        "PermissionsBoundary": boundary.get("PermissionsBoundaryArn"),
        "ManagedPolicyArns": [each["PolicyArn"] for page in attached for each in page["AttachedPolicies"]],
        "Policies": [
            {
                "PolicyName": each,
                "PolicyDocument": iam.get_role_policy(RoleName=name, PolicyName=each)["PolicyDocument"],
            }
            for each in inline
        ],
    }


def _alarms(account: Account, names: Mapping[str, str]) -> Live:
    """``names``: alarm name -> logical id."""
    with told_as_deployment_errors(account.actor):
        pages = account.client("cloudwatch").get_paginator("describe_alarms")
        found = {
            each["AlarmName"]: each
            for page in pages.paginate(AlarmNames=sorted(names), AlarmTypes=["MetricAlarm"])
            for each in page["MetricAlarms"]
        }
    return {logical_id: found.get(name) for name, logical_id in names.items()}


_READERS: dict[str, Callable[[Account, str], Properties]] = {
    "AWS::SageMaker::Model": _model,
    "AWS::SageMaker::Pipeline": _pipeline,
    "AWS::Events::Rule": _rule,
    "AWS::SQS::Queue": _queue,
    "AWS::SNS::Topic": _topic,
    "AWS::CloudWatch::Dashboard": _dashboard,
    "AWS::IAM::Role": _role,
}
