"""Which IAM actions on which resources an operation needs. Pure: an operation and its parameters in, a list out."""

from __future__ import annotations

from localaws.iam.requirements import s3
from localaws.iam.requirements.passed_roles import passed_roles
from localaws.iam.requirements.requirement import Parameters, Place, Requirement
from localaws.iam.requirements.resources import bus_arn, resources
from localaws.policies.bus_policies import event_context
from localaws.policies.trust import needed_actions

# The prefix of a service's actions where it is not the service's own name.
_PREFIXES = {
    "elbv2": "elasticloadbalancing",
    "resourcegroupstaggingapi": "tag",
    "s3control": "s3",
    "sagemaker-runtime": "sagemaker",
    "service-quotas": "servicequotas",
    "sesv2": "ses",
    "stepfunctions": "states",
}
_ACTIONS = {
    ("lambda", "Invoke"): "InvokeFunction",
    ("sns", "PublishBatch"): "Publish",
    ("sqs", "SendMessageBatch"): "SendMessage",
    ("sqs", "DeleteMessageBatch"): "DeleteMessage",
    ("sqs", "ChangeMessageVisibilityBatch"): "ChangeMessageVisibility",
}
# Every principal may call these: AWS asks no policy.
_FREE = frozenset({("sts", "GetCallerIdentity"), ("sts", "GetSessionToken"), ("sts", "GetAccessKeyInfo")})
_MANY_NAMES = {
    ("cloudwatch", "DeleteAlarms"): ("AlarmNames", "alarm:{}"),
    ("cloudwatch", "DisableAlarmActions"): ("AlarmNames", "alarm:{}"),
    ("cloudwatch", "EnableAlarmActions"): ("AlarmNames", "alarm:{}"),
    ("ssm", "GetParameters"): ("Names", "parameter/{}"),
    ("ssm", "DeleteParameters"): ("Names", "parameter/{}"),
    ("codebuild", "BatchGetProjects"): ("names", "project/{}"),
    ("codebuild", "BatchGetBuilds"): ("ids", "project/{}"),
}


def requirements(service: str, operation: str, parameters: Parameters, place: Place) -> list[Requirement]:
    """Everything that must be allowed for the operation; empty where anybody may call it."""
    if (service, operation) in _FREE:
        return []
    if service == "s3":
        return s3.requirements(operation, parameters, place)
    action = f"{_PREFIXES.get(service, service)}:{_ACTIONS.get((service, operation), operation)}"
    many = _MANY_NAMES.get((service, operation))
    if (service, operation) == ("events", "PutEvents"):
        found = [_entry(entry, place) for entry in parameters.get("Entries", [])]
    elif (service, operation) == ("sts", "AssumeRole"):
        role = resources(service, operation, parameters, place)
        found = [Requirement(each, role) for each in needed_actions(parameters)]
    elif many:
        names, form = parameters.get(many[0], []), many[1]
        arns = [place.arn(service, form.format(_name(service, str(name)))) for name in names]
        found = [Requirement(action, (arn,)) for arn in arns]
    else:
        found = [Requirement(action, resources(service, operation, parameters, place))]
    return [*found, *passed_roles(service, operation, parameters)]


def _name(service: str, name: str) -> str:
    """The part of a name that is in the resource's ARN: a build's id begins with its project's name."""
    return name if service == "cloudwatch" else name.lstrip("/").split(":")[0]


def _entry(entry: Parameters, place: Place) -> Requirement:
    """Each event is asked for by itself: policies may tell buses, sources and detail types apart."""
    bus = bus_arn(str(entry.get("EventBusName") or "default"), place)
    context = event_context(str(entry.get("Source", "")), str(entry.get("DetailType", "")))
    return Requirement("events:PutEvents", (bus,), context)


__all__ = ["Parameters", "Place", "Requirement", "requirements"]
