"""Executions of pipelines: start, describe, list, stop, retry, and answers to callback steps.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StartPipelineExecution.html
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.core.store import Document
from localaws.services.sagemaker.jobs.role import require_role
from localaws.services.sagemaker.listing import bounds, page
from localaws.services.sagemaker.pipelines.announcements import announce_execution
from localaws.services.sagemaker.pipelines.definition import Definition, parse_definition
from localaws.services.sagemaker.pipelines.executor import Result
from localaws.services.sagemaker.pipelines.parameters import ParameterError, bind_parameters, parameter_text
from localaws.services.sagemaker.pipelines.records import RUNNING, PipelineRecords, new_execution_id, user_context
from localaws.services.sagemaker.pipelines.run import ExecutionRun
from localaws.services.sagemaker.pipelines.selection import SelectionError, borrowed_steps

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

log = logging.getLogger(__name__)

_INTERRUPTED = "InternalServerError: localaws was stopped while this ran. Call RetryPipelineExecution to continue."
_GIVEN = (
    "PipelineExecutionDisplayName",
    "PipelineExecutionDescription",
    "ParallelismConfiguration",
    "SelectiveExecutionConfig",
)


class PipelineExecutions(Service):
    service = "sagemaker"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = PipelineRecords(cloud.store)
        cloud.on_start(self._settle_interrupted)

    def start_pipeline_execution(self, caller: Caller, request: Request) -> Response:
        for member in ("PipelineVersionAlias", "MlflowExperimentName"):
            if member in request:
                raise _invalid(f"localaws does not support {member}.")
        key, named = self._records.pipeline(caller, request["PipelineName"])
        role = request.get("RoleArn") or str(named["RoleArn"])
        require_role(self._cloud, caller, role, f"pipeline/{key.rpartition('/')[2]}")
        with self._records.lock:
            pipeline_key, pipeline = self._records.pipeline(caller, request["PipelineName"])
            given = {name: value for name, value in request.items() if name != "ClientRequestToken"}
            for earlier in self._records.executions.values(f"{pipeline_key}/"):
                if earlier["ClientRequestToken"] == request["ClientRequestToken"]:
                    if earlier["Request"] != given:
                        raise _conflict("ClientRequestToken was used before, with other parameters.")
                    return {"PipelineExecutionArn": earlier["PipelineExecutionArn"]}
            execution, definition = self._new_execution(caller, request, pipeline_key, pipeline)
            key = f"{pipeline_key}/{execution['PipelineExecutionId']}"
            steps = self._borrowed(caller, request, definition)
            self._records.executions.put(key, {**execution, "Request": given})
            for step in steps:
                self._records.steps.put(f"{key}/{step['StepName']}", step)
            self._records.pipelines.put(pipeline_key, {**pipeline, "LastRunTime": execution["CreationTime"]})
        announce_execution(self._cloud, execution, None)
        self._launch(key, definition)
        return {"PipelineExecutionArn": execution["PipelineExecutionArn"]}

    def describe_pipeline_execution(self, caller: Caller, request: Request) -> Response:
        _, execution = self._records.execution(caller, request["PipelineExecutionArn"])
        return execution

    def describe_pipeline_definition_for_execution(self, caller: Caller, request: Request) -> Response:
        key, execution = self._records.execution(caller, request["PipelineExecutionArn"])
        version = self._version(key, execution)
        return {"PipelineDefinition": version["PipelineDefinition"], "CreationTime": version["CreationTime"]}

    def list_pipeline_executions(self, caller: Caller, request: Request) -> Response:
        key, _ = self._records.pipeline(caller, request["PipelineName"])
        after, before = bounds(request, "CreatedAfter", "CreatedBefore")
        found = [
            (execution_key, _summary(execution))
            for execution_key, execution in self._records.executions.items(f"{key}/")
            if (after is None or execution["CreationTime"] >= after)
            and (before is None or execution["CreationTime"] <= before)
        ]
        by = "PipelineExecutionArn" if request.get("SortBy") == "PipelineExecutionArn" else "StartTime"
        found.sort(key=lambda item: item[1][by], reverse=request.get("SortOrder", "Descending") == "Descending")
        return page(found, request, "PipelineExecutionSummaries")

    def list_pipeline_execution_steps(self, caller: Caller, request: Request) -> Response:
        if "PipelineExecutionArn" not in request:
            raise _invalid("PipelineExecutionArn is required.")
        key, _ = self._records.execution(caller, request["PipelineExecutionArn"])
        found = sorted(self._records.steps.items(f"{key}/"), key=lambda item: item[1]["StartTime"])
        if request.get("SortOrder", "Descending") == "Descending":
            found.reverse()
        return page(found, request, "PipelineExecutionSteps")

    def list_pipeline_parameters_for_execution(self, caller: Caller, request: Request) -> Response:
        _, execution = self._records.execution(caller, request["PipelineExecutionArn"])
        items = [
            (name, {"Name": name, "Value": parameter_text(value)}) for name, value in execution["Parameters"].items()
        ]
        return page(items, request, "PipelineParameters", usual=100)

    def update_pipeline_execution(self, caller: Caller, request: Request) -> Response:
        key, execution = self._records.execution(caller, request["PipelineExecutionArn"])
        changes = {name: value for name, value in request.items() if name in _GIVEN}
        self._change(key, **changes, LastModifiedBy=user_context(caller))
        return {"PipelineExecutionArn": execution["PipelineExecutionArn"]}

    def stop_pipeline_execution(self, caller: Caller, request: Request) -> Response:
        with self._records.lock:
            key, execution = self._records.execution(caller, request["PipelineExecutionArn"])
            status = execution["PipelineExecutionStatus"]
            if status not in RUNNING:
                raise _conflict(f"Pipeline execution with status {status} cannot be stopped.")
            changed = self._change(key, PipelineExecutionStatus="Stopping", LastModifiedBy=user_context(caller))
        if status != "Stopping":
            announce_execution(self._cloud, changed, status)
        return {"PipelineExecutionArn": execution["PipelineExecutionArn"]}

    def retry_pipeline_execution(self, caller: Caller, request: Request) -> Response:
        with self._records.lock:
            key, execution = self._records.execution(caller, request["PipelineExecutionArn"])
            status = execution["PipelineExecutionStatus"]
            if execution.get("RetryToken") == request["ClientRequestToken"]:
                return {"PipelineExecutionArn": execution["PipelineExecutionArn"]}
            steps = self._records.steps.items(f"{key}/")
            if status not in ("Failed", "Stopped"):
                raise _conflict(f"Pipeline execution with status {status} cannot be retried.")
            if any(step["StepType"] == "Fail" for _, step in steps):
                raise _conflict("A pipeline execution that was ended by a Fail step cannot be retried.")
            for step_key, step in steps:
                if step["StepStatus"] != "Succeeded":
                    self._records.steps.delete(step_key)
            parallelism = {name: request[name] for name in ("ParallelismConfiguration",) if name in request}
            changed = self._change(
                key,
                PipelineExecutionStatus="Executing",
                FailureReason=None,
                EndTime=None,
                RetryToken=request["ClientRequestToken"],
                LastModifiedBy=user_context(caller),
                **parallelism,
            )
        announce_execution(self._cloud, changed, status)
        self._launch(key, parse_definition(self._version(key, changed)["PipelineDefinition"]))
        return {"PipelineExecutionArn": execution["PipelineExecutionArn"]}

    def send_pipeline_execution_step_success(self, caller: Caller, request: Request) -> Response:
        return self._answer(caller, request, {"OutputParameters": request.get("OutputParameters", [])})

    def send_pipeline_execution_step_failure(self, caller: Caller, request: Request) -> Response:
        return self._answer(caller, request, {"FailureReason": request.get("FailureReason", "The callback failed.")})

    def _answer(self, caller: Caller, request: Request, answer: dict[str, Any]) -> Response:
        token = request["CallbackToken"]
        with self._records.lock:
            waiting = self._records.tokens.get(token)
            if waiting is None or not waiting["Execution"].startswith(f"{caller.account}/{caller.region}/"):
                raise ServiceError("ResourceNotFound", f"Callback token '{token}' does not exist.")
            if waiting.get("Answer", answer) != answer:
                raise _conflict(f"Callback token '{token}' was answered already.")
            execution = self._records.executions.get(waiting["Execution"])
            if execution is None or ("Answer" not in waiting and execution["PipelineExecutionStatus"] not in RUNNING):
                raise _conflict(f"The execution that waited for callback token '{token}' has ended.")
            self._records.tokens.put(token, {**waiting, "Answer": answer})
        return {"PipelineExecutionArn": execution["PipelineExecutionArn"]}

    def _new_execution(
        self, caller: Caller, request: Request, pipeline_key: str, pipeline: Document
    ) -> tuple[Document, Definition]:
        number = int(request.get("PipelineVersionId") or pipeline["LatestVersion"])
        version = self._records.version(pipeline_key, number)
        if version is None:
            raise ServiceError("ResourceNotFound", f"Pipeline '{pipeline['PipelineArn']}' has no version {number}.")
        definition = parse_definition(version["PipelineDefinition"])
        try:
            parameters = bind_parameters(definition.parameters, request.get("PipelineParameters", []))
        except ParameterError as error:
            raise _invalid(str(error)) from error
        identifier, now = new_execution_id(), self._cloud.clock.now()
        execution: Document = {
            "PipelineName": pipeline["PipelineName"],
            "PipelineArn": pipeline["PipelineArn"],
            "PipelineExecutionId": identifier,
            "PipelineExecutionArn": f"{pipeline['PipelineArn']}/execution/{identifier}",
            "PipelineExecutionDisplayName": f"execution-{int(now.timestamp() * 1000)}",
            "PipelineExecutionStatus": "Executing",
            "PipelineVersionId": number,
            "RoleArn": request.get("RoleArn", version["RoleArn"]),
            "Parameters": parameters,
            "ClientRequestToken": request["ClientRequestToken"],
            "CreationTime": now,
            "LastModifiedTime": now,
            "CreatedBy": user_context(caller),
            "LastModifiedBy": user_context(caller),
        }
        inherited = {name: version[name] for name in ("ParallelismConfiguration",) if name in version}
        return {**execution, **inherited, **{name: request[name] for name in _GIVEN if name in request}}, definition

    def _borrowed(self, caller: Caller, request: Request, definition: Definition) -> list[Document]:
        config = request.get("SelectiveExecutionConfig")
        if config is None:
            return []
        source = config.get("SourcePipelineExecutionArn")
        earlier: list[Document] = []
        if source is not None:
            key, _ = self._records.execution(caller, source)
            earlier = self._records.steps.values(f"{key}/")
        selected = [step["StepName"] for step in config["SelectedSteps"]]
        try:
            return borrowed_steps(definition, selected, {step["StepName"]: step for step in earlier}, source)
        except SelectionError as error:
            raise _invalid(str(error)) from error

    def _launch(self, key: str, definition: Definition) -> None:
        def work() -> None:
            try:
                result = ExecutionRun(self._cloud, self._records, key, definition).run()
            except Exception as error:
                log.exception("execution %s failed inside localaws", key)
                result = Result("Failed", f"InternalServerError: {type(error).__name__}: {error}"[:1300])
            if result.status is not None:
                self._end(key, result.status, result.failure_reason)

        self._cloud.workers.start(f"pipeline-{key}", work)

    def _end(self, key: str, status: str, reason: str | None) -> None:
        with self._records.lock:
            before = self._records.executions.get(key)
            if before is None:
                return
            changed = self._change(
                key, PipelineExecutionStatus=status, FailureReason=reason, EndTime=self._cloud.clock.now()
            )
        announce_execution(self._cloud, changed, before["PipelineExecutionStatus"])

    def _settle_interrupted(self) -> None:
        """Fail what a former server left running: its jobs are gone, and nobody would ever end it."""
        for key, execution in self._records.executions.items():
            if execution["PipelineExecutionStatus"] not in RUNNING:
                continue
            for step_key, step in self._records.steps.items(f"{key}/"):
                if step["StepStatus"] in ("Starting", "Executing", "Stopping"):
                    end = {"StepStatus": "Failed", "FailureReason": _INTERRUPTED, "EndTime": self._cloud.clock.now()}
                    self._records.steps.put(step_key, {**step, **end})
            self._end(key, "Failed", _INTERRUPTED)

    def _change(self, key: str, **members: Any) -> Document:
        """Set members of an execution (None removes one) and return the whole."""
        with self._records.executions.edit(key) as execution:
            for name, value in {**members, "LastModifiedTime": self._cloud.clock.now()}.items():
                if value is None:
                    execution.pop(name, None)
                else:
                    execution[name] = value
        return dict(execution)

    def _version(self, key: str, execution: Document) -> Document:
        version = self._records.version(key.rsplit("/", 1)[0], execution["PipelineVersionId"])
        if version is None:
            raise ServiceError("ResourceNotFound", f"The version {execution['PipelineVersionId']} was deleted.")
        return version


def _summary(execution: Document) -> dict[str, Any]:
    summary = {**execution, "StartTime": execution["CreationTime"]}
    if "FailureReason" in execution:
        summary["PipelineExecutionFailureReason"] = execution["FailureReason"]
    return summary


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)


def _conflict(message: str) -> ServiceError:
    return ServiceError("ConflictException", message)
