"""Create or update a pipeline, start it and follow it: ``python -m pipelines.run_pipeline -n MODULE -role-arn ROLE``.

For trying out a pipeline while writing it. Deploying is another matter: there a definition is pinned, bound to a stage
and changed by CloudFormation. Credentials and region come by the SDK's ordinary chain; AWS_ENDPOINT_URL points it at
the embedded AWS.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from pipelines.get_pipeline_definition import (
    PIPELINE_ERROR,
    USAGE_ERROR,
    PipelineModuleError,
    canonical,
    definition_of,
    load_pipeline,
    offline,
    parse_kwargs,
)

EXECUTION_FAILED, AWS_ERROR, INTERRUPTED = 12, 16, 130
POLL_SECONDS = 2.0
UNFINISHED = ("Executing", "Stopping")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0, 2 for wrong arguments, 10 for a module that gives no definition, 12 where the execution fails,
    16 where AWS refuses a call."""
    options = _parser().parse_args(arguments)
    if options.module_name is None or options.role_arn is None:
        print("Wrong arguments: -n and -role-arn are required", file=sys.stderr)
        _parser().print_help(sys.stderr)
        return USAGE_ERROR
    try:
        kwargs, tags = parse_kwargs(options.kwargs), parse_tags(options.tags)
        parameters = {name: str(value) for name, value in parse_kwargs(options.parameters).items()}
        with offline():
            _, pipeline = load_pipeline(options.module_name, kwargs)
            definition = definition_of(pipeline, options.module_name)
    except PipelineModuleError as error:
        print(f"No definition: {error}", file=sys.stderr)
        return PIPELINE_ERROR
    name = options.pipeline_name or getattr(pipeline, "name", None) or options.module_name.split(".")[-2:][0]
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client = _client()
        name = str(name).replace("_", "-")
        print(f"Pipeline {upsert(client, name, definition, options.role_arn, tags, options.description)}")
        execution = start(client, name, parameters)
        print(f"Execution {execution}")
        return 0 if follow(client, execution) == "Succeeded" else EXECUTION_FAILED
    except (ClientError, BotoCoreError) as error:
        print(f"AWS call failed: {error}", file=sys.stderr)
        return AWS_ERROR
    except KeyboardInterrupt:
        print("\nInterrupted; a started execution continues.", file=sys.stderr)
        return INTERRUPTED


def upsert(
    client: Any, name: str, definition: dict[str, Any], role_arn: str, tags: list[dict[str, str]], description: str
) -> str:
    """Create the pipeline, or update the one of that name; its ARN."""
    request = {
        "PipelineName": name,
        "PipelineDefinition": canonical(definition),
        "RoleArn": role_arn,
        **({"PipelineDescription": description} if description else {}),
    }
    try:
        client.describe_pipeline(PipelineName=name)
    except client.exceptions.ResourceNotFound:
        token = uuid.uuid4().hex
        return str(client.create_pipeline(**request, ClientRequestToken=token, Tags=tags)["PipelineArn"])
    arn = str(client.update_pipeline(**request)["PipelineArn"])
    if tags:
        client.add_tags(ResourceArn=arn, Tags=tags)
    return arn


def start(client: Any, name: str, parameters: dict[str, str]) -> str:
    """Start an execution; its ARN."""
    given = [{"Name": key, "Value": value} for key, value in sorted(parameters.items())]
    answer = client.start_pipeline_execution(
        PipelineName=name, PipelineParameters=given, ClientRequestToken=uuid.uuid4().hex
    )
    return str(answer["PipelineExecutionArn"])


def follow(
    client: Any,
    execution: str,
    say: Callable[[str], None] = print,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Tell each step's changes until the execution has ended; its status."""
    told: dict[str, str] = {}
    while True:
        described = client.describe_pipeline_execution(PipelineExecutionArn=execution)
        for step in _steps(client, execution):
            if told.get(step["StepName"]) != step["StepStatus"]:
                told[step["StepName"]] = step["StepStatus"]
                reason = f": {step['FailureReason']}" if step.get("FailureReason") else ""
                say(f"  {step['StepName']}: {step['StepStatus']}{reason}")
        status = str(described["PipelineExecutionStatus"])
        if status not in UNFINISHED:
            reason = f": {described['FailureReason']}" if described.get("FailureReason") else ""
            say(f"{status}{reason}")
            return status
        sleep(POLL_SECONDS)


def parse_tags(text: str | None) -> list[dict[str, str]]:
    """Tags as AWS takes them, of a dict of texts or of a list of {"Key", "Value"}, in JSON or as a Python literal."""
    if not text:
        return []
    if text.lstrip().startswith("["):
        text = f'{{"tags": {text}}}'
        given = parse_kwargs(text)["tags"]
        if not all(isinstance(tag, dict) and {"Key", "Value"} == set(tag) for tag in given):
            raise PipelineModuleError(
                f'-tags must be a list of {{"Key": ..., "Value": ...}}, found {json.dumps(given)}'
            )
        return list(given)
    return [{"Key": key, "Value": str(value)} for key, value in parse_kwargs(text).items()]


def _steps(client: Any, execution: str) -> list[dict[str, Any]]:
    pages = client.get_paginator("list_pipeline_execution_steps").paginate(
        PipelineExecutionArn=execution, SortOrder="Ascending"
    )
    return [step for page in pages for step in page["PipelineExecutionSteps"]]


def _client() -> Any:
    import boto3

    return boto3.session.Session(region_name=os.environ.get("AWS_REGION")).client("sagemaker")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.run_pipeline", description="Create or update a pipeline, start it and follow it."
    )
    parser.add_argument("-n", "--module-name", help="e.g. pipelines.churn.pipeline")
    parser.add_argument("-role-arn", "--role-arn", help="the role that SageMaker runs the pipeline with")
    parser.add_argument("-tags", "--tags", help='e.g. \'[{"Key": "team", "Value": "screening"}]\'')
    parser.add_argument("-description", "--description", default="", help="of the pipeline")
    parser.add_argument("-kwargs", "--kwargs", help="arguments of get_pipeline, as a JSON object")
    parser.add_argument("-parameters", "--parameters", help="parameters of the execution, as a JSON object")
    parser.add_argument("-pipeline-name", "--pipeline-name", help="without it, the pipeline's own name")
    return parser


if __name__ == "__main__":
    sys.exit(main())
