"""What is there in the end: every stack, package, execution, object, rule and role of the accounts, as plain values.

Names that AWS makes up, times and ports are taken out. What still differs between two undisturbed runs of the same
command is not compared; everything else must be as if nothing had happened.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from scripts.decisions.names import LEDGER_FOLDER
from tests.functional.conftest import DEV, PREPROD, PROD
from tests.prove.made_up import without_made_up

State = dict[str, str]
Client = Callable[..., Any]


def end_state(client: Client) -> State:
    """A path such as ``550011223344/stacks/name/status`` -> a value."""
    found: State = {}
    for account in (DEV, PREPROD, PROD):
        for name, read in _READERS.items():
            for path, value in read(partial(client, account=account)):
                found.update(_leaves(f"{account}/{name}/{without_made_up(path)}", value))
    return found


def differences(expected: list[State], found: State) -> list[str]:
    """What differs from undisturbed runs, where those agree among themselves."""
    first = expected[0]
    stable = {path for path in first if all(each.get(path) == first[path] for each in expected)}
    unstable = {path for each in expected for path in each} - stable
    paths = sorted(({*stable, *found}) - unstable)
    return [
        f"{path}: {first.get(path, 'nothing')!r} -> {found.get(path, 'nothing')!r}"
        for path in paths
        if first.get(path) != found.get(path)
    ]


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """A document's values one by one: where two runs differ in one, the others are still compared."""
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _leaves(f"{path}.{without_made_up(key)}", each)
    elif isinstance(value, list) and value:
        for number, each in enumerate(value):
            yield from _leaves(f"{path}[{number}]", each)
    else:
        yield path, without_made_up(value)


Found = Iterable[tuple[str, Any]]


def _counted(names: Iterable[str]) -> Found:
    return Counter(without_made_up(name) for name in names).items()


def _stacks(client: Client) -> Found:
    cloudformation = client("cloudformation")
    for stack in cloudformation.describe_stacks()["Stacks"]:
        name = stack["StackName"]
        for key in ("StackStatus", "Parameters", "Outputs", "Tags", "EnableTerminationProtection", "RoleARN"):
            value = stack.get(key)
            yield f"{name}/{key}", sorted(value, key=str) if isinstance(value, list) else value
        template = cloudformation.get_template(StackName=name)["TemplateBody"]
        yield f"{name}/template", hashlib.sha256(without_made_up(template).encode()).hexdigest()
        yield f"{name}/policy", cloudformation.get_stack_policy(StackName=name).get("StackPolicyBody")
        pending = cloudformation.list_change_sets(StackName=name)["Summaries"]
        yield f"{name}/change sets", sorted(f"{each['Status']} {each['ExecutionStatus']}" for each in pending)
        resources = cloudformation.list_stack_resources(StackName=name)["StackResourceSummaries"]
        yield f"{name}/resources", sorted(f"{each['LogicalResourceId']} {each['ResourceStatus']}" for each in resources)


def _model_packages(client: Client) -> Found:
    sagemaker = client("sagemaker")
    for group in sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]:
        name = group["ModelPackageGroupName"]
        for each in sagemaker.list_model_packages(ModelPackageGroupName=name)["ModelPackageSummaryList"]:
            package = sagemaker.describe_model_package(ModelPackageName=each["ModelPackageArn"])
            package = {key: value for key, value in package.items() if key != "ResponseMetadata"}
            yield f"{name}/{each['ModelPackageVersion']}", package


def _models(client: Client) -> Found:
    return _counted(each["ModelName"] for each in client("sagemaker").list_models()["Models"])


def _pipelines(client: Client) -> Found:
    sagemaker = client("sagemaker")
    for each in sagemaker.list_pipelines()["PipelineSummaries"]:
        name = each["PipelineName"]
        yield f"{name}/definition", sagemaker.describe_pipeline(PipelineName=name)["PipelineDefinition"]
        executions = sagemaker.list_pipeline_executions(PipelineName=name)["PipelineExecutionSummaries"]
        yield f"{name}/executions", Counter(one["PipelineExecutionStatus"] for one in executions)


def _jobs(client: Client) -> Found:
    sagemaker = client("sagemaker")
    processing = sagemaker.list_processing_jobs()["ProcessingJobSummaries"]
    transform = sagemaker.list_transform_jobs()["TransformJobSummaries"]
    yield from Counter(f"processing {each['ProcessingJobStatus']}" for each in processing).items()
    yield from Counter(f"transform {each['TransformJobStatus']}" for each in transform).items()


def _objects(client: Client) -> Found:
    s3 = client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=name)
        found = [each["Key"] for page in pages for each in page.get("Contents", [])]
        entries = [key for key in found if key.startswith(LEDGER_FOLDER)]
        yield (
            f"{name}/ledger",
            _told([_document(s3.get_object(Bucket=name, Key=key)["Body"].read()) for key in entries]),
        )
        keys = [key for key in found if key not in entries]
        for key, count in _counted(keys):
            yield f"{name}/{key}", count
        for key in keys:
            if key.endswith(".json"):
                body = s3.get_object(Bucket=name, Key=key)["Body"].read()
                yield f"{name}/{key} says", _document(body)
        yield f"{name}/unfinished uploads", len(s3.list_multipart_uploads(Bucket=name).get("Uploads", []))


def _told(entries: list[Any]) -> list[str]:
    """What a ledger says was done. That a dead command's lock was taken over is said besides, and rightly."""
    told = [each for each in entries if isinstance(each, dict) and each.get("kind") not in (None, "unlock")]
    return sorted(without_made_up(f"{each['kind']} {each['release_id']} {each['passed']}") for each in told)


def _document(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def _rules(client: Client) -> Found:
    events = client("events")
    for rule in events.list_rules()["Rules"]:
        targets = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        yield rule["Name"], [rule["State"], rule.get("ScheduleExpression"), rule.get("EventPattern"), targets]


def _roles(client: Client) -> Found:
    iam = client("iam")
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        attached = [each["PolicyName"] for each in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]]
        inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
        policies = {each: iam.get_role_policy(RoleName=name, PolicyName=each)["PolicyDocument"] for each in inline}
        yield name, [role["AssumeRolePolicyDocument"], sorted(attached), policies]


def _monitoring(client: Client) -> Found:
    cloudwatch = client("cloudwatch")
    for each in cloudwatch.describe_alarms()["MetricAlarms"]:
        yield each["AlarmName"], [each["ActionsEnabled"], each["AlarmActions"], each.get("Threshold")]
    yield from _counted(each["DashboardName"] for each in cloudwatch.list_dashboards()["DashboardEntries"])
    yield from _counted(each["TopicArn"] for each in client("sns").list_topics()["Topics"])
    yield from _counted(client("sqs").list_queues().get("QueueUrls", []))
    yield from _counted(each["logGroupName"] for each in client("logs").describe_log_groups()["logGroups"])


_READERS: dict[str, Callable[[Client], Found]] = {
    "stacks": _stacks,
    "model packages": _model_packages,
    "models": _models,
    "pipelines": _pipelines,
    "jobs": _jobs,
    "objects": _objects,
    "rules": _rules,
    "roles": _roles,
    "monitoring": _monitoring,
}
