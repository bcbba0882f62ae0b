"""Model steps (CreateModel) and RegisterModel steps (CreateModelPackage)."""

from __future__ import annotations

from typing import Any

from localaws.services.sagemaker.pipelines.steps.api import call
from localaws.services.sagemaker.pipelines.steps.contract import Properties, StepFailed, StepRun


def create_model(run: StepRun) -> Properties:
    request = dict(run.arguments)
    name = run.job_name(request.pop("ModelName", None))
    created = call(run, "CreateModel", {**request, "ModelName": name})
    run.started({"Model": {"Arn": created["ModelArn"]}})
    return _described(call(run, "DescribeModel", {"ModelName": name}))


def register_model(run: StepRun) -> Properties:
    """A version in a group, which is made where it is not there yet and takes the step's tags; a version has none."""
    request = dict(run.arguments)
    group = request.get("ModelPackageGroupName")
    if group:
        _ensure_group(run, group, request.pop("Tags", None))
    created = call(run, "CreateModelPackage", request)
    run.started({"RegisterModel": {"Arn": created["ModelPackageArn"]}})
    described = call(run, "DescribeModelPackage", {"ModelPackageName": created["ModelPackageArn"]})
    if described["ModelPackageStatus"] == "Failed":
        details = described["ModelPackageStatusDetails"].get("ValidationStatuses") or [{}]
        raise StepFailed(f"ClientError: {details[0].get('FailureReason', 'The model package is Failed.')}")
    return _described(described)


def _ensure_group(run: StepRun, group: str, tags: list[dict[str, str]] | None) -> None:
    try:
        call(run, "DescribeModelPackageGroup", {"ModelPackageGroupName": group})
    except StepFailed as missing:
        if "does not exist" not in missing.reason:
            raise
        request: dict[str, Any] = {"ModelPackageGroupName": group}
        call(run, "CreateModelPackageGroup", {**request, "Tags": tags} if tags else request)


def _described(response: dict[str, Any]) -> Properties:
    return {name: value for name, value in response.items() if name != "ResponseMetadata"}
