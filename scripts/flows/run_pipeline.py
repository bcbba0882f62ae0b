"""Starts a stage's pipeline and follows it; finds where its predictions are; says why it failed.

An execution that is already running for the same purpose is followed instead of started a second time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.decisions.canonical import sha256_of
from scripts.decisions.containers import S3Location, s3_location
from scripts.decisions.log_lines import job_source
from scripts.decisions.stacks import Stack
from scripts.decisions.stage_values import input_url, run_defaults
from scripts.errors import ExecutionError, InputDataError, StackError
from scripts.flows.stage_context import StageContext
from scripts.flows.step_waits import StepWaits
from scripts.gateways.logs import last_lines
from scripts.gateways.pipelines import Execution, Step
from scripts.terminal.next_commands import repeated
from scripts.terminal.progress import Progress

SUCCEEDED = "Succeeded"
LAST_LINES = 15


@dataclass(frozen=True)
class Output:
    """An execution's predictions: where they are, and the objects there with their sizes."""

    location: S3Location
    objects: tuple[tuple[str, int], ...]


def deployed_stack(context: StageContext) -> Stack:
    """The stage's batch inference stack. Raises StackError where nothing is deployed."""
    stack = context.stacks.describe(context.names.batch_stack)
    if stack is None or "ModelName" not in stack.outputs:
        raise StackError(
            f"nothing is deployed in stage {context.stage}",
            found=[f"stack {context.names.batch_stack} " + (f"is in {stack.status}" if stack else "does not exist")],
            next_command=context.deploys,
        )
    return stack


def require_input(context: StageContext, url: str | None = None) -> None:
    """Raises InputDataError where the stage's input prefix, or ``url``, is empty, before anything is started for it."""
    url = url or input_url(context.settings, context.foundation)
    location = s3_location(url)
    if next(context.objects.keys(location.bucket, location.key), None) is None:
        raise InputDataError(
            f"there is no data to score in {url}",
            found=["the prefix is empty"],
            next_command=f"aws s3 cp <your data> {url} --recursive",
        )


def start_or_find(
    context: StageContext,
    stack: Stack,
    purpose: str,
    progress: Progress,
    reuse: bool,
    chosen: Mapping[str, str] | None = None,
) -> str:
    """The ARN of an execution for ``purpose`` (its display name): running, with ``reuse`` succeeded, or started now.

    ``chosen`` are parameters of this run alone.
    """
    pipeline = context.names.sagemaker_pipeline
    newest = context.pipelines.newest(pipeline)
    own = next((each for each in newest if each.display_name == purpose), None)
    if own and (own.running or (reuse and own.status == SUCCEEDED)):
        progress.line(f"found {own.arn}, {own.status}")
        return own.arn
    parameters = {**_run_parameters(context, stack), **(chosen or {})}
    token = sha256_of([purpose, parameters, newest[0].arn if newest else None])
    arn = context.verifier_pipelines.start(pipeline, purpose, parameters, token)
    progress.line(f"started {arn}")
    return arn


def follow(context: StageContext, arn: str, progress: Progress) -> Execution:
    """Show the steps until the execution has ended. Raises ExecutionError, with the job's last lines, if it failed."""
    failed: Step | None = None
    follows = repeated(f"make logs STAGE={context.stage}", None)
    subject = f"execution {arn.rsplit('/', 1)[-1]}   ({follows} follows its logs)"
    watch = _Watch(StepWaits(context, arn), progress, subject)
    with progress.awaiting(subject):
        for step in context.pipelines.follow(arn, watch.look):
            took = f"{step.seconds:.1f}s" if step.seconds is not None else ""
            progress.event(step.name, step.status, took)
            failed = step if step.status == "Failed" else failed
    execution = context.pipelines.describe(arn)
    if execution.status != SUCCEEDED:
        raise _failure(context, execution, failed)
    return execution


class _Watch:
    """Says what a step waits for when it begins to wait, and at each attempt; and always in the heartbeat."""

    def __init__(self, waits: StepWaits, progress: Progress, subject: str) -> None:
        self._waits, self._progress, self._subject = waits, progress, subject
        self._said: set[tuple[str, int, str]] = set()

    def look(self, steps: list[Step]) -> None:
        waits = self._waits.of(steps)
        for each, told in zip(waits, self._waits.told(waits), strict=True):
            if (each.step, each.attempt, each.reason) not in self._said:
                self._said.add((each.step, each.attempt, each.reason))
                self._progress.event(each.step, "Waiting", told)
        self._progress.awaits("; ".join(self._waits.told(waits)) or self._subject)


def output_of(context: StageContext, execution_arn: str) -> Output:
    """Where an execution's predictions are: its last transform job's output, or its folder of the output prefix."""
    jobs = [each for each in context.pipelines.steps(execution_arn) if ":transform-job/" in each.job_arn]
    if jobs:
        uri: str = context.pipelines.transform_job(jobs[-1].job_arn)["TransformOutput"]["S3OutputPath"]
    else:
        execution_id = execution_arn.rsplit("/", 1)[-1]
        uri = f"s3://{context.foundation.bucket}/{context.settings.output_prefix.rstrip('/')}/{execution_id}/"
    location = s3_location(uri.rstrip("/") + "/")
    return Output(location, tuple(context.objects.keys(location.bucket, location.key)))


def first_rows(context: StageContext, output: Output, count: int) -> list[str]:
    rows: list[str] = []
    for key, _ in output.objects:
        rows += context.objects.first_lines(output.location.bucket, key, count - len(rows))
        if len(rows) >= count:
            break
    return rows


def declared_parameters(context: StageContext) -> list[dict[str, Any]]:
    """What the deployed pipeline leaves a run to choose, as its definition declares it."""
    text = context.pipelines.definition(context.names.sagemaker_pipeline)
    return list(json.loads(text or "{}").get("Parameters", []))


def _run_parameters(context: StageContext, stack: Stack) -> dict[str, str]:
    """What a run passes: the model and the stage's sizes, as far as the deployed pipeline declares them."""
    declared = {each["Name"] for each in declared_parameters(context)}
    values: dict[str, Any] = {"ModelName": stack.outputs["ModelName"]}
    values |= run_defaults(context.settings, context.foundation)
    return {name: str(value) for name, value in values.items() if name in declared}


def _failure(context: StageContext, execution: Execution, failed: Step | None) -> ExecutionError:
    if failed is None:
        return ExecutionError(
            f"execution {execution.arn} is {execution.status}",
            found=[execution.reason] if execution.reason else [],
            next_command=context.runs,
        )
    found = [f"reason: {failed.reason or execution.reason or 'none given'}"]
    source = job_source(failed.name, failed.job_arn)
    if source:
        lines = last_lines(context.reader, source.group, source.prefix, LAST_LINES)
        found += [f"last lines of {source.group} {source.prefix.rstrip('/')}:", *(f"| {line}" for line in lines)]
    return ExecutionError(
        f"step {failed.name} of execution {execution.arn} failed",
        found=found,
        next_command=f"fix the cause, then: {context.deploys}",
    )
