"""Puts a stack's resource back as it was released, under the name that the stack knows it by.

CloudFormation compares a template with the template before and finds nothing to change where a person changed the
resource; so the service itself is called, with all properties at once. A resource that is gone is made again under its
name, and the stack goes on with it. Each call can be repeated.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from scripts.decisions.canonical import canonical_json, sha256_of
from scripts.decisions.drift import DEFINITION_PLACE, Expected
from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import told_as_deployment_errors, was_tried_before
from scripts.gateways.models import Models

# What others refer to comes first.
_ORDER = (
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::Queue",
    "AWS::SageMaker::Model",
    "AWS::SageMaker::Pipeline",
    "AWS::Events::Rule",
    "AWS::SQS::QueuePolicy",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
)
_NUMBERS = ("DatapointsToAlarm", "EvaluationPeriods", "Period")


def restore(account: Account, resources: Sequence[Expected], gone: frozenset[str]) -> None:
    """``gone``: the logical ids of those that are to be made, not changed."""
    for each in sorted(resources, key=lambda resource: _ORDER.index(resource.type)):
        with told_as_deployment_errors(account.actor):
            _WRITERS[each.type](account, str(each.id), dict(each.properties), each.logical_id in gone)


def _model(account: Account, arn: str, wanted: Mapping[str, Any], gone: bool) -> None:
    """Nobody can change a model: another one of its name goes, and the released one is made."""
    name = arn.rpartition("/")[2]
    if not gone:
        Models(account).delete(name)
    network = {"VpcConfig": wanted["VpcConfig"]} if wanted.get("VpcConfig") else {}
    try:
        account.client("sagemaker").create_model(
            ModelName=name,
            ExecutionRoleArn=wanted["ExecutionRoleArn"],
            EnableNetworkIsolation=str(wanted.get("EnableNetworkIsolation", "false")).lower() == "true",
            Containers=wanted["Containers"],
            Tags=wanted.get("Tags", []),
            **network,
        )
    except ClientError as error:
        # CreateModel has no token. Of one that somebody else has made meanwhile nobody knows what it is.
        if not (was_tried_before(error) and "already existing" in str(error)):
            raise


def _pipeline(account: Account, name: str, wanted: Mapping[str, Any], gone: bool) -> None:
    where = wanted[DEFINITION_PLACE]["PipelineDefinitionS3Location"]
    request = {
        "PipelineName": name,
        "PipelineDisplayName": wanted["PipelineDisplayName"],
        "PipelineDescription": wanted["PipelineDescription"],
        "PipelineDefinitionS3Location": {"Bucket": where["Bucket"], "ObjectKey": where["Key"]},
        "RoleArn": wanted["RoleArn"],
    }
    sagemaker = account.client("sagemaker")
    if gone:
        token = sha256_of(request)[:36]
        sagemaker.create_pipeline(**request, ClientRequestToken=token, Tags=wanted.get("Tags", []))
    else:
        sagemaker.update_pipeline(**request)


def _rule(account: Account, name: str, wanted: Mapping[str, Any], gone: bool) -> None:
    events = account.client("events")
    given = {key: wanted[key] for key in ("Description", "ScheduleExpression", "State") if wanted.get(key)}
    # On while its targets are not right yet, it could start a run with the wrong ones.
    events.put_rule(Name=name, **{**given, "State": "DISABLED"})
    targets = wanted["Targets"]
    kept = {each["Id"] for each in targets}
    there = [] if gone else [each["Id"] for each in events.list_targets_by_rule(Rule=name)["Targets"]]
    others = [each for each in there if each not in kept]
    failed = events.remove_targets(Rule=name, Ids=others).get("FailedEntries", []) if others else []
    failed += events.put_targets(Rule=name, Targets=[_target(each) for each in targets]).get("FailedEntries", [])
    if failed:
        first = failed[0]
        raise ClientError(
            {"Error": {"Code": first.get("ErrorCode", ""), "Message": first.get("ErrorMessage", "")}}, "PutTargets"
        )
    if wanted.get("State", "ENABLED") == "ENABLED":
        events.enable_rule(Name=name)


def _target(target: Mapping[str, Any]) -> dict[str, Any]:
    listed = target.get("SageMakerPipelineParameters", {}).get("PipelineParameterList", [])
    values = [{"Name": each["Name"], "Value": str(each["Value"])} for each in listed]
    return {**target, **({"SageMakerPipelineParameters": {"PipelineParameterList": values}} if listed else {})}


def _queue(account: Account, url: str, wanted: Mapping[str, Any], gone: bool) -> None:
    attributes = {key: str(wanted[key]) for key in ("KmsMasterKeyId", "MessageRetentionPeriod") if key in wanted}
    sqs = account.client("sqs")
    if gone:
        sqs.create_queue(QueueName=url.rpartition("/")[2], Attributes=attributes)
    else:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)


def _queue_policy(account: Account, _: str, wanted: Mapping[str, Any], __: bool) -> None:
    for url in wanted["Queues"]:
        attributes = {"Policy": canonical_json(wanted["PolicyDocument"])}
        account.client("sqs").set_queue_attributes(QueueUrl=url, Attributes=attributes)


def _topic(account: Account, arn: str, wanted: Mapping[str, Any], gone: bool) -> None:
    attributes = {key: str(wanted[key]) for key in ("DisplayName", "KmsMasterKeyId") if key in wanted}
    sns = account.client("sns")
    if gone:
        sns.create_topic(Name=arn.rpartition(":")[2], Attributes=attributes)
    else:
        for name, value in attributes.items():
            sns.set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)


def _topic_policy(account: Account, _: str, wanted: Mapping[str, Any], __: bool) -> None:
    for arn in wanted["Topics"]:
        value = canonical_json(wanted["PolicyDocument"])
        account.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=value)


def _alarm(account: Account, name: str, wanted: Mapping[str, Any], __: bool) -> None:
    request = {key: int(value) if key in _NUMBERS else value for key, value in wanted.items() if key != "Tags"}
    if "Threshold" in request:
        request["Threshold"] = float(request["Threshold"])
    account.client("cloudwatch").put_metric_alarm(**{**request, "AlarmName": name})


def _dashboard(account: Account, name: str, wanted: Mapping[str, Any], __: bool) -> None:
    body = wanted["DashboardBody"]
    text = body if isinstance(body, str) else json.dumps(body)
    account.client("cloudwatch").put_dashboard(DashboardName=name, DashboardBody=text)


_WRITERS: dict[str, Callable[[Account, str, Mapping[str, Any], bool], None]] = {
    "AWS::SageMaker::Model": _model,
    "AWS::SageMaker::Pipeline": _pipeline,
    "AWS::Events::Rule": _rule,
    "AWS::SQS::Queue": _queue,
    "AWS::SQS::QueuePolicy": _queue_policy,
    "AWS::SNS::Topic": _topic,
    "AWS::SNS::TopicPolicy": _topic_policy,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::Dashboard": _dashboard,
}
