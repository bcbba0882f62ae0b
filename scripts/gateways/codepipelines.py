"""The CodePipeline of the dev account: start an execution, look at it, answer its approval.

https://docs.aws.amazon.com/codepipeline/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from scripts.errors import ApprovalError, ServiceResponseError, UsageError
from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors
from scripts.gateways.logs import last_lines

_LINES_OF_CODEBUILD = 30


class CodePipelines:
    """One CodePipeline by its name. ``options``: what a next command must repeat to mean the same one."""

    def __init__(self, account: Account, name: str, options: str = "") -> None:
        self._account = account
        self._options = options
        self._client = account.client("codepipeline")
        self.name = name

    def exists(self) -> bool:
        return self._structure() is not None

    def command(self, target: str, arguments: str = "") -> str:
        """The make line that does ``target`` with this CodePipeline."""
        return f"make {target}{self._options}" + (f" ARGS={arguments}" if arguments else "")

    def structure(self) -> dict[str, Any]:
        """GetPipeline's structure. Raises ServiceResponseError, with the next command, where there is none."""
        found = self._structure()
        if found is not None:
            return found
        raise ServiceResponseError(
            f"there is no CodePipeline {self.name}",
            found=[f"in account {self._account.actor.account}, region {self._account.region}"],
            next_command="make bootstrap",
        )

    def _structure(self) -> dict[str, Any] | None:
        with told_as_deployment_errors(self._account.actor):
            try:
                return dict(self._client.get_pipeline(name=self.name)["pipeline"])
            except ClientError as error:
                if error_code(error) != "PipelineNotFoundException":
                    raise
        return None

    def start(self, variables: Mapping[str, str]) -> str:
        """The id of a new execution, with values for variables of the CodePipeline."""
        given = [{"name": name, "value": value} for name, value in variables.items()]
        with told_as_deployment_errors(self._account.actor):
            return self._client.start_pipeline_execution(name=self.name, **({"variables": given} if given else {}))[
                "pipelineExecutionId"
            ]

    def executions(self) -> list[dict[str, Any]]:
        """Summaries of the newest executions, newest first: one page, which holds 100 of them."""
        with told_as_deployment_errors(self._account.actor):
            found = self._client.list_pipeline_executions(pipelineName=self.name, maxResults=100)
        return list(found["pipelineExecutionSummaries"])

    def succeeded_in(self, pipeline_stage: str) -> list[dict[str, Any]]:
        """Summaries of the newest executions that succeeded in a pipeline stage."""
        with told_as_deployment_errors(self._account.actor):
            found = self._client.list_pipeline_executions(
                pipelineName=self.name, filter={"succeededInStage": {"stageName": pipeline_stage}}, maxResults=100
            )
        return list(found["pipelineExecutionSummaries"])

    def newest_execution_id(self) -> str | None:
        """Of the executions that carry something on: one that rolls a pipeline stage back is none of them."""
        going_on = [each for each in self.executions() if each.get("executionType") != "ROLLBACK"]
        return str(going_on[0]["pipelineExecutionId"]) if going_on else None

    def retry(self, execution_id: str, pipeline_stage: str) -> None:
        """Run again what failed in a pipeline stage of this execution, and go on from there."""
        with told_as_deployment_errors(self._account.actor):
            self._client.retry_stage_execution(
                pipelineName=self.name,
                stageName=pipeline_stage,
                pipelineExecutionId=execution_id,
                retryMode="FAILED_ACTIONS",
            )

    def roll_back(self, pipeline_stage: str, target: str) -> str:
        """Have a pipeline stage run again what it ran in an earlier execution; the id of the execution that does."""
        with told_as_deployment_errors(self._account.actor):
            return str(
                self._client.rollback_stage(
                    pipelineName=self.name, stageName=pipeline_stage, targetPipelineExecutionId=target
                )["pipelineExecutionId"]
            )

    def status(self, execution_id: str) -> str:
        """InProgress, Stopping, or one of ``codepipeline_view.ENDED``."""
        return str(self._execution(execution_id)["status"])

    def version(self, execution_id: str) -> int:
        """The version of the structure that an execution began with."""
        return int(self._execution(execution_id)["pipelineVersion"])

    def _execution(self, execution_id: str) -> dict[str, Any]:
        with told_as_deployment_errors(self._account.actor):
            try:
                answer = self._client.get_pipeline_execution(pipelineName=self.name, pipelineExecutionId=execution_id)
            except ClientError as error:
                if error_code(error) != "PipelineExecutionNotFoundException":
                    raise
                raise UsageError(
                    f"{self.name} has no execution {execution_id}",
                    next_command="aws codepipeline list-pipeline-executions --pipeline-name " + self.name,
                ) from error
        return dict(answer["pipelineExecution"])

    def actions(self, execution_id: str) -> list[dict[str, Any]]:
        """Every action execution of one execution, newest first."""
        paginator = self._client.get_paginator("list_action_executions")
        with told_as_deployment_errors(self._account.actor):
            pages = paginator.paginate(pipelineName=self.name, filter={"pipelineExecutionId": execution_id})
            return [detail for page in pages for detail in page["actionExecutionDetails"]]

    def action_history(self) -> Iterator[dict[str, Any]]:
        """Every action execution that CodePipeline remembers, newest first, asked for page by page as it is read."""
        with told_as_deployment_errors(self._account.actor):
            for page in self._client.get_paginator("list_action_executions").paginate(pipelineName=self.name):
                yield from page["actionExecutionDetails"]

    def state(self) -> dict[str, Any]:
        with told_as_deployment_errors(self._account.actor):
            return self._client.get_pipeline_state(name=self.name)

    def answer(self, pipeline_stage: str, action: str, token: str, status: str, summary: str) -> None:
        """Give an approval its answer, ``Approved`` or ``Rejected``. Raises ApprovalError where it has one already."""
        with told_as_deployment_errors(self._account.actor):
            try:
                self._client.put_approval_result(
                    pipelineName=self.name,
                    stageName=pipeline_stage,
                    actionName=action,
                    token=token,
                    result={"status": status, "summary": summary},
                )
            except ClientError as error:
                if error_code(error) not in ("ApprovalAlreadyCompletedException", "InvalidApprovalTokenException"):
                    raise
                raise ApprovalError(
                    "this approval was already answered, or it timed out",
                    found=[str(error)],
                    next_command=self.command("codepipeline", "--newest"),
                ) from error

    def build_stream(self, build_id: str) -> tuple[str, str] | None:
        """The log group and the stream of a build; None where it has not begun to log."""
        with told_as_deployment_errors(self._account.actor):
            builds = self._account.client("codebuild").batch_get_builds(ids=[build_id])["builds"]
        logs = builds[0].get("logs", {}) if builds else {}
        group, stream = logs.get("groupName"), logs.get("streamName")
        return (group, stream) if group and stream else None

    def build_log(self, build_id: str, count: int) -> list[str]:
        """The last ``count`` lines that the commands of a build wrote; none where it has not begun to.

        What CodeBuild itself says between them (a dozen lines after a failure) is left out.
        """
        stream = self.build_stream(build_id)
        if stream is None:
            return []
        lines = last_lines(self._account, *stream, count + _LINES_OF_CODEBUILD)
        return [line for line in lines if not line.startswith("[Container] ")][-count:]
