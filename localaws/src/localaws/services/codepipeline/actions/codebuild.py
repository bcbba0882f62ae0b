"""Runs a CodeBuild project with the action's artifacts and waits for the build.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeBuild.html
"""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from localaws.services.codebuild.start import offer_codepipeline_job
from localaws.services.codepipeline.action_failures import ActionFailedError
from localaws.services.codepipeline.actions.context import ActionContext, ActionResult


def codebuild(context: ActionContext) -> ActionResult:
    build = _start(context)
    console = (
        f"https://{context.role.region}.console.aws.amazon.com/codesuite/codebuild/projects/{build['projectName']}"
    )
    url = f"{console}/build/{build['id'].replace(':', '%3A')}/view/new"
    log_stream = build["logs"].get("cloudWatchLogsArn", "")
    context.note(externalExecutionId=build["id"], externalExecutionUrl=url)
    if log_stream and len(log_stream) <= 250:
        context.note(logStreamARN=log_stream)
    client = context.client("codebuild")
    while not build["buildComplete"]:
        context.wait()
        build = client.batch_get_builds(ids=[build["id"]])["builds"][0]
    if build["buildStatus"] != "SUCCEEDED":
        raise ActionFailedError("JobFailed", _reason(build))
    exported = {variable["name"]: variable["value"] for variable in build["exportedEnvironmentVariables"]}
    return ActionResult("Build succeeded", exported, external_id=build["id"], external_url=url)


def _start(context: ActionContext) -> dict[str, Any]:
    inputs = [{"name": name, **place} for name, place in context.inputs.items()]
    primary = context.configuration.get("PrimarySource", inputs[0]["name"])
    request: dict[str, Any] = {"projectName": context.configuration["ProjectName"]}
    if "EnvironmentVariables" in context.configuration:
        request["environmentVariablesOverride"] = _variables(context)
    job = {
        "pipeline": context.key.name,
        "inputs": inputs,
        "primary": primary,
        "outputs": [{"name": name, **place} for name, place in context.outputs.items()],
        "key_id": context.store.key_id or context.role.resource_arn("kms", "alias/aws/s3"),
    }
    offer_codepipeline_job(context.cloud, context.role, context.action_execution_id, job)
    request["idempotencyToken"] = context.action_execution_id
    try:
        return dict(context.client("codebuild").start_build(**request)["build"])
    except ClientError as error:
        raise ActionFailedError.of("Error calling startBuild", error) from error


def _variables(context: ActionContext) -> list[dict[str, str]]:
    text = context.configuration["EnvironmentVariables"]
    try:
        given = json.loads(text)
        return [{"type": "PLAINTEXT", **item, "name": item["name"], "value": item["value"]} for item in given]
    except (ValueError, TypeError, KeyError) as error:
        raise ActionFailedError(
            "ConfigurationError", f"EnvironmentVariables must be a JSON array of name, value and type, found {text}"
        ) from error


def _reason(build: dict[str, Any]) -> str:
    for phase in build["phases"]:
        if phase.get("phaseStatus", "SUCCEEDED") != "SUCCEEDED":
            context = (phase.get("contexts") or [{"statusCode": "", "message": ""}])[0]
            return (
                f"Build terminated with state: {build['buildStatus']}. Phase: {phase['phaseType']}, "
                f"Code: {context['statusCode']}, Message: {context['message']}"
            )
    return f"Build terminated with state: {build['buildStatus']}"
