"""The ARNs of the resources that operations name in their parameters, service by service. Pure.

An operation that is not listed is asked for on ``*``, as AWS does for actions without resource types; a parameter that
is an ARN already names the resource itself.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from localaws.iam.requirements.requirement import Parameters, Place

Resources = tuple[str, ...]
Finder = Callable[[str, Parameters, Place], Resources]

# (parameter, resource part of the ARN); the first parameter that is present names the resource.
_BY_PARAMETER: dict[str, Sequence[tuple[str, str]]] = {
    "cloudformation": (("StackName", "stack/{}/*"), ("ChangeSetName", "stack/{}/*")),
    "codebuild": (("projectName", "project/{}"), ("name", "project/{}")),
    "codecommit": (("repositoryName", "{}"),),
    "codeconnections": (("ConnectionArn", "{}"),),
    "codestar-connections": (("ConnectionArn", "{}"),),
    "ecr": (("repositoryName", "repository/{}"),),
    "kms": (("KeyId", "key/{}"),),
    "lambda": (("FunctionName", "function:{}"),),
    "sagemaker": (
        ("ResourceArn", "{}"),
        ("PipelineExecutionArn", "{}"),
        ("PipelineArn", "{}"),
        ("PipelineName", "pipeline/{}"),
        ("ProcessingJobName", "processing-job/{}"),
        ("TransformJobName", "transform-job/{}"),
        ("TrainingJobName", "training-job/{}"),
        ("ModelName", "model/{}"),
        ("ModelPackageArn", "{}"),
        ("ModelPackageName", "model-package/{}"),
        ("ModelPackageGroupName", "model-package-group/{}"),
        ("EndpointName", "endpoint/{}"),
        ("EndpointConfigName", "endpoint-config/{}"),
    ),
    "secretsmanager": (("SecretId", "secret:{}-??????"), ("Name", "secret:{}-??????")),
    "sns": (("TopicArn", "{}"), ("TargetArn", "{}"), ("ResourceArn", "{}"), ("Name", "{}")),
    "sqs": (("QueueName", "{}"),),
    "stepfunctions": (("stateMachineArn", "{}"), ("name", "stateMachine:{}")),
    "sts": (("RoleArn", "{}"),),
}
# Names that AWS writes in lower case in ARNs.
_LOWERED = ("PipelineName",)


def resources(service: str, operation: str, parameters: Parameters, place: Place) -> Resources:
    """The ARN of the operation's resource in each of the forms in which policies may name it."""
    finder = _FINDERS.get(service)
    if finder is not None:
        return finder(operation, parameters, place)
    return _by_parameter(service, parameters, place)


def _by_parameter(service: str, parameters: Parameters, place: Place) -> Resources:
    table = _BY_PARAMETER.get(service)
    if table is None:
        arns = [value for value in parameters.values() if isinstance(value, str) and value.startswith("arn:")]
        return (arns[0],) if arns else ("*",)
    for parameter, form in table:
        value = parameters.get(parameter)
        if isinstance(value, str) and value:
            if value.startswith("arn:"):
                return (value,)
            name = value.lower() if parameter in _LOWERED else value
            return (place.arn(service, form.format(name)),)
    return ("*",)


def _sagemaker(operation: str, parameters: Parameters, place: Place) -> Resources:
    found = _by_parameter("sagemaker", parameters, place)
    group = parameters.get("ModelPackageGroupName")
    if operation in ("CreateModelPackage", "ListModelPackages") and group:
        # The versions of a group, and the group: policies name either.
        (arn,) = (group,) if group.startswith("arn:") else (place.arn("sagemaker", f"model-package-group/{group}"),)
        return (f"{arn.replace(':model-package-group/', ':model-package/')}/*", arn)
    return found


def _ssm(operation: str, parameters: Parameters, place: Place) -> Resources:
    name = parameters.get("Name") or parameters.get("Path")
    if isinstance(name, str) and "Parameter" in operation:
        trimmed = name.strip("/")
        forms = (f"parameter/{trimmed}", f"parameter/{trimmed}/") if "Path" in parameters else (f"parameter/{trimmed}",)
        return tuple(place.arn("ssm", form) for form in forms) if not name.startswith("arn:") else (name,)
    return ("*",)


def _logs(operation: str, parameters: Parameters, place: Place) -> Resources:
    group = parameters.get("logGroupName") or parameters.get("logGroupIdentifier") or parameters.get("resourceArn")
    if not group:
        return ("*",)
    arn = str(group) if str(group).startswith("arn:") else place.arn("logs", f"log-group:{group}")
    arn = arn.removesuffix(":*")
    stream = parameters.get("logStreamName")
    return (arn, f"{arn}:*", *((f"{arn}:log-stream:{stream}",) if stream else ()))


def _events(operation: str, parameters: Parameters, place: Place) -> Resources:
    bus = str(parameters.get("EventBusName", "default")).rsplit("/", 1)[-1]
    rule = parameters.get("Rule") or (parameters.get("Name") if "Rule" in operation else None)
    if rule:
        return (place.arn("events", f"rule/{rule}" if bus == "default" else f"rule/{bus}/{rule}"),)
    name = parameters.get("Name") or parameters.get("EventBusName")
    return (bus_arn(str(name), place),) if name and "EventBus" in operation else ("*",)


def bus_arn(name: str, place: Place) -> str:
    return name if name.startswith("arn:") else place.arn("events", f"event-bus/{name}")


def _codepipeline(operation: str, parameters: Parameters, place: Place) -> Resources:
    nested = parameters.get("pipeline")
    name = parameters.get("pipelineName") or parameters.get("name")
    name = name or (nested.get("name") if isinstance(nested, dict) else None)
    if not name:
        return (str(parameters.get("resourceArn", "*")),)
    parts = [str(name), *(str(parameters[key]) for key in ("stageName", "actionName") if key in parameters)]
    return (place.arn("codepipeline", "/".join(parts)),)


def _sqs(operation: str, parameters: Parameters, place: Place) -> Resources:
    url = parameters.get("QueueUrl")
    if not url:
        return _by_parameter("sqs", parameters, place)
    account, name = str(url).rstrip("/").split("/")[-2:]
    return (Place(account, place.region).arn("sqs", name),)


def _iam(operation: str, parameters: Parameters, place: Place) -> Resources:
    for parameter, kind in (
        ("RoleName", "role"),
        ("UserName", "user"),
        ("GroupName", "group"),
        ("InstanceProfileName", "instance-profile"),
    ):
        if parameter in parameters:
            return (place.global_arn("iam", f"{kind}{parameters.get('Path', '/')}{parameters[parameter]}"),)
    for parameter in ("PolicySourceArn", "PolicyArn"):
        if parameter in parameters:
            return (str(parameters[parameter]),)
    if "PolicyName" in parameters:
        return (place.global_arn("iam", f"policy{parameters.get('Path', '/')}{parameters['PolicyName']}"),)
    return ("*",)


def _cloudwatch(operation: str, parameters: Parameters, place: Place) -> Resources:
    if operation == "DescribeAlarms":  # whatever it filters by, it is asked for on all alarms
        return (place.arn("cloudwatch", "alarm:*"),)
    for parameter in ("DashboardName", "DashboardNames"):
        if parameter in parameters:
            return tuple(place.global_arn("cloudwatch", f"dashboard/{one}") for one in _listed(parameters[parameter]))
    for parameter in ("AlarmName", "AlarmNames"):
        if parameter in parameters:
            return tuple(place.arn("cloudwatch", f"alarm:{one}") for one in _listed(parameters[parameter])) or ("*",)
    if operation == "DescribeAlarmHistory":
        return (place.arn("cloudwatch", "alarm:*"),)
    return ("*",)


def _scheduler(operation: str, parameters: Parameters, place: Place) -> Resources:
    if "ScheduleGroup" in operation and "Name" in parameters:
        return (place.arn("scheduler", f"schedule-group/{parameters['Name']}"),)
    if "Name" in parameters:
        return (place.arn("scheduler", f"schedule/{parameters.get('GroupName', 'default')}/{parameters['Name']}"),)
    return ("*",)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


_FINDERS: dict[str, Finder] = {
    "cloudwatch": _cloudwatch,
    "codepipeline": _codepipeline,
    "events": _events,
    "iam": _iam,
    "logs": _logs,
    "sagemaker": _sagemaker,
    "scheduler": _scheduler,
    "sqs": _sqs,
    "ssm": _ssm,
}
