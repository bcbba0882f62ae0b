"""SageMaker pipelines of one account: start an execution, follow it, and read what its jobs did."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from scripts.decisions.step_waits import JobEnd
from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors
from scripts.gateways.polling import Pauses

RUNNING = ("Executing", "Stopping")


@dataclass(frozen=True)
class Execution:
    arn: str
    status: str
    display_name: str
    started: datetime | None
    reason: str

    @property
    def id(self) -> str:
        return self.arn.rsplit("/", 1)[-1]

    @property
    def running(self) -> bool:
        return self.status in RUNNING


@dataclass(frozen=True)
class Step:
    """One step of an execution. ``job_arn`` is empty where the step has no processing or transform job (yet).

    ``attempt`` counts from 1: a step that a retry policy tries again is Executing while it waits.
    """

    name: str
    status: str
    reason: str
    job_arn: str
    started: datetime | None
    ended: datetime | None
    attempt: int = 1

    @property
    def seconds(self) -> float | None:
        return (self.ended - self.started).total_seconds() if self.started and self.ended else None


class Pipelines:
    """SageMaker Pipelines as one account's principal."""

    def __init__(self, account: Account, sleep: Callable[[float], None] = time.sleep) -> None:
        self._account = account
        self._sleep = sleep

    def definition(self, pipeline: str) -> str | None:
        """The definition that SageMaker has, as JSON text; None where there is no such pipeline."""
        with told_as_deployment_errors(self._account.actor):
            try:
                text: str = self._client.describe_pipeline(PipelineName=pipeline)["PipelineDefinition"]
            except ClientError as error:
                if error_code(error) == "ResourceNotFound":
                    return None
                raise
        return text

    def newest(self, pipeline: str, count: int = 10) -> list[Execution]:
        """The newest executions, newest first; none where there is no such pipeline."""
        with told_as_deployment_errors(self._account.actor):
            try:
                answer = self._client.list_pipeline_executions(
                    PipelineName=pipeline, SortBy="CreationTime", SortOrder="Descending", MaxResults=count
                )
            except ClientError as error:
                if error_code(error) == "ResourceNotFound":
                    return []
                raise
        return [
            Execution(
                arn=each["PipelineExecutionArn"],
                status=each["PipelineExecutionStatus"],
                display_name=each.get("PipelineExecutionDisplayName", ""),
                started=each.get("StartTime"),
                reason=each.get("PipelineExecutionFailureReason", ""),
            )
            for each in answer["PipelineExecutionSummaries"]
        ]

    def running(self, pipeline: str, since: datetime) -> list[str]:
        """ARNs of the executions created after ``since`` that have not ended; none where there is no such pipeline."""
        with told_as_deployment_errors(self._account.actor):
            try:
                pages = self._client.get_paginator("list_pipeline_executions").paginate(
                    PipelineName=pipeline, CreatedAfter=since
                )
                found = [each for page in pages for each in page["PipelineExecutionSummaries"]]
            except ClientError as error:
                if error_code(error) == "ResourceNotFound":
                    return []
                raise
        return [each["PipelineExecutionArn"] for each in found if each["PipelineExecutionStatus"] in RUNNING]

    def start(self, pipeline: str, display_name: str, parameters: dict[str, str], token: str) -> str:
        """Start an execution and return its ARN; the same token starts it once."""
        with told_as_deployment_errors(self._account.actor):
            arn: str = self._client.start_pipeline_execution(
                PipelineName=pipeline,
                PipelineExecutionDisplayName=display_name,
                PipelineParameters=[{"Name": name, "Value": value} for name, value in sorted(parameters.items())],
                ClientRequestToken=token,
            )["PipelineExecutionArn"]
        return arn

    def describe(self, arn: str) -> Execution:
        with told_as_deployment_errors(self._account.actor):
            answer = self._client.describe_pipeline_execution(PipelineExecutionArn=arn)
        return Execution(
            arn=arn,
            status=answer["PipelineExecutionStatus"],
            display_name=answer.get("PipelineExecutionDisplayName", ""),
            started=answer.get("CreationTime"),
            reason=answer.get("FailureReason", ""),
        )

    def parameters(self, arn: str) -> dict[str, str]:
        """What an execution runs with: every parameter of its definition."""
        with told_as_deployment_errors(self._account.actor):
            pages = self._client.get_paginator("list_pipeline_parameters_for_execution").paginate(
                PipelineExecutionArn=arn
            )
            return {each["Name"]: each["Value"] for page in pages for each in page["PipelineParameters"]}

    def steps(self, arn: str) -> list[Step]:
        """All steps that have begun, oldest first."""
        with told_as_deployment_errors(self._account.actor):
            return self._steps(arn)

    def known_steps(self, arn: str) -> list[Step]:
        """The same; none where SageMaker no longer has the execution, as after its pipeline was deleted."""
        with told_as_deployment_errors(self._account.actor):
            try:
                return self._steps(arn)
            except ClientError as error:
                if error_code(error) == "ResourceNotFound":
                    return []
                raise

    def _steps(self, arn: str) -> list[Step]:
        pages = self._client.get_paginator("list_pipeline_execution_steps").paginate(
            PipelineExecutionArn=arn, SortOrder="Ascending"
        )
        return [_step(each) for page in pages for each in page["PipelineExecutionSteps"]]

    def follow(self, arn: str, at: Callable[[list[Step]], None] = lambda _: None) -> Iterator[Step]:
        """Every step each time its status changes, until the execution has ended; ``at`` is told each look."""
        seen: dict[str, str] = {}
        pauses = Pauses(self._sleep)
        while True:
            execution = self.describe(arn)
            steps = self.steps(arn)
            news = [each for each in steps if seen.get(each.name) != each.status]
            for step in news:
                seen[step.name] = step.status
                yield step
            if not execution.running:
                return
            at(steps)
            pauses.next(again_soon=bool(news))

    def transform_job(self, arn: str) -> dict[str, Any]:
        """DescribeTransformJob's answer."""
        with told_as_deployment_errors(self._account.actor):
            answer: dict[str, Any] = self._client.describe_transform_job(TransformJobName=arn.rsplit("/", 1)[-1])
        return answer

    def processing_job(self, arn: str) -> dict[str, Any]:
        """DescribeProcessingJob's answer."""
        with told_as_deployment_errors(self._account.actor):
            answer: dict[str, Any] = self._client.describe_processing_job(ProcessingJobName=arn.rsplit("/", 1)[-1])
        return answer

    def job_end(self, arn: str) -> JobEnd:
        """How a processing or transform job ended; one that runs, or succeeded, has not failed."""
        if ":processing-job/" in arn:
            answer, kind = self.processing_job(arn), "Processing"
        else:
            answer, kind = self.transform_job(arn), "Transform"
        failed = answer[f"{kind}JobStatus"] == "Failed"
        return JobEnd(failed, answer.get("FailureReason", "") if failed else "", answer.get(f"{kind}EndTime"))

    @property
    def _client(self) -> Any:
        return self._account.client("sagemaker")


def _step(answer: dict[str, Any]) -> Step:
    jobs = [answer.get("Metadata", {}).get(kind, {}).get("Arn", "") for kind in ("ProcessingJob", "TransformJob")]
    return Step(
        name=answer["StepName"],
        status=answer["StepStatus"],
        reason=answer.get("FailureReason", ""),
        job_arn=next(filter(None, jobs), ""),
        started=answer.get("StartTime"),
        ended=answer.get("EndTime"),
        attempt=answer.get("AttemptCount") or 1,
    )
