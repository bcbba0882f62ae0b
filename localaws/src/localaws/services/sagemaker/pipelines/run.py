"""One execution brought to life: the executor's journal, scope and runtime, made of the cloud's parts."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from localaws.core.store import Document
from localaws.services.sagemaker.jobs.role import role_caller
from localaws.services.sagemaker.pipelines.announcements import announce_step
from localaws.services.sagemaker.pipelines.definition import Definition, Step
from localaws.services.sagemaker.pipelines.executor import Executor, Result, StepRecord
from localaws.services.sagemaker.pipelines.expressions import ExpressionError, resolve, select
from localaws.services.sagemaker.pipelines.records import PipelineRecords
from localaws.services.sagemaker.pipelines.steps import STEP_TYPES
from localaws.services.sagemaker.pipelines.steps.contract import ServerStopping, StepRun

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

DEFAULT_PARALLEL_STEPS = 50
_LONGEST_JOB_NAME = 63
_LETTERS = string.ascii_letters + string.digits


class ExecutionRun:
    """The journal, scope and runtime of the execution at ``key``; ``run`` takes it to its end."""

    def __init__(self, cloud: Cloud, records: PipelineRecords, key: str, definition: Definition) -> None:
        execution = _present(records.executions.get(key), key)
        _, region, _, self._id = key.split("/")
        self._role = role_caller(execution["RoleArn"], region)
        self._cloud = cloud
        self._records = records
        self._key = key
        self._definition = definition
        self._execution = execution

    def run(self) -> Result:
        selective = self._execution.get("SelectiveExecutionConfig")
        selected = frozenset(step["StepName"] for step in selective["SelectedSteps"]) if selective else None
        return Executor(self._definition, self, self, self, STEP_TYPES, selected).run()

    # The journal

    def step(self, name: str) -> StepRecord | None:
        return self._records.steps.get(f"{self._key}/{name}")

    def write_step(self, record: StepRecord) -> None:
        key = f"{self._key}/{record['StepName']}"
        before = self._records.steps.get(key)
        document = {**record, "PipelineExecutionArn": self.execution_arn}
        self._records.steps.put(key, document)
        previous = before["StepStatus"] if before else None
        if previous != record["StepStatus"]:
            announce_step(self._cloud, self._execution, document, previous)

    def cached(self, step: Step, key: str, now: datetime) -> StepRecord | None:
        assert step.cache is not None
        oldest = now - step.cache.expire_after if step.cache.expire_after is not None else None
        pipeline = self._key.rsplit("/", 1)[0]
        found = [
            record
            for record in self._records.steps.values(f"{pipeline}/")
            if record["StepName"] == step.name
            and record.get("CacheKey") == key
            and record["StepStatus"] == "Succeeded"
            and "CacheHitResult" not in record
            and (oldest is None or record["EndTime"] >= oldest)
        ]
        return max(found, key=lambda record: record["EndTime"], default=None)

    def stopping(self) -> bool:
        return bool(self._now()["PipelineExecutionStatus"] == "Stopping")

    def most_parallel(self) -> int:
        configured = self._now().get("ParallelismConfiguration", {})
        return int(configured.get("MaxParallelExecutionSteps", DEFAULT_PARALLEL_STEPS))

    # The scope

    def parameter(self, name: str) -> Any:
        return self._execution["Parameters"][name]

    def execution_variable(self, name: str) -> Any:
        moments = {"StartDateTime": self._execution["CreationTime"], "CurrentDateTime": self._cloud.clock.now()}
        if name in moments:
            return moments[name].strftime("%Y-%m-%dT%H:%M:%SZ")
        return self._id if name == "PipelineExecutionId" else self._execution[name]

    def step_property(self, step: str, path: str) -> Any:
        return select(self._properties(step), path)

    def property_file(self, step: str, name: str) -> str:
        file = self._definition.steps[step].property_files[name]
        output = select(self._properties(step), f"ProcessingOutputConfig.Outputs['{file.output_name}'].S3Output.S3Uri")
        return self.s3_object(f"{output.rstrip('/')}/{file.file_path}")

    def s3_object(self, uri: str) -> str:
        url = urlsplit(uri)
        try:
            response = self.client("s3").get_object(Bucket=url.netloc, Key=url.path.lstrip("/"))
        except ClientError as error:
            raise ExpressionError(f"{uri} cannot be read: {error.response['Error']['Message']}") from error
        return str(response["Body"].read().decode())

    def _properties(self, step: str) -> Any:
        record = self.step(step)
        if record is None or "Properties" not in record:
            raise ExpressionError(f"step '{step}' did not run, so it has no properties")
        return record["Properties"]

    # The runtime

    def now(self) -> datetime:
        return self._cloud.clock.now()

    def wait(self, seconds: float, until: Callable[[], bool]) -> None:
        deadline = self.now() + timedelta(seconds=seconds)
        while self.now() < deadline and not until():
            self._cloud.clock.wait_until(deadline, self._cloud.workers.stopping, 0.2)
            if self._cloud.workers.stopping.is_set():
                raise ServerStopping

    def start(self, name: str, work: Callable[[], None]) -> None:
        self._cloud.workers.start(f"pipeline-{self._id}-{name}", work)

    def step_run(self, step: Step, arguments: dict[str, Any], started: Callable[[dict[str, Any]], None]) -> StepRun:
        return _Attempt(self, step, arguments, started)

    # What attempts need

    @property
    def execution_arn(self) -> str:
        return str(self._execution["PipelineExecutionArn"])

    @property
    def pipeline_arn(self) -> str:
        return str(self._execution["PipelineArn"])

    def client(self, service: str) -> Any:
        return self._cloud.client(service, self._role)

    def pause(self, seconds: float) -> None:
        if self._cloud.workers.stopping.wait(seconds):
            raise ServerStopping

    def job_name(self, step: str, prefix: str | None) -> str:
        ending = "-" + "".join(secrets.choice(_LETTERS) for _ in range(10))
        start = f"{prefix}-{self._id}" if prefix else f"pipelines-{self._id}-{step}"
        return start.replace("_", "-")[: _LONGEST_JOB_NAME - len(ending)].rstrip("-") + ending

    def new_callback_token(self, step: str) -> str:
        token = "".join(secrets.choice(_LETTERS) for _ in range(10))
        self._records.tokens.put(token, {"Execution": self._key, "StepName": step})
        return token

    def callback_answer(self, token: str) -> dict[str, Any] | None:
        return _present(self._records.tokens.get(token), token).get("Answer")

    def _now(self) -> Document:
        return _present(self._records.executions.get(self._key), self._key)


class _Attempt:
    """One attempt of one step, as its type sees it (``StepRun``)."""

    def __init__(
        self, run: ExecutionRun, step: Step, arguments: dict[str, Any], started: Callable[[dict[str, Any]], None]
    ) -> None:
        self._run = run
        self.step = step
        self.arguments = arguments
        self.started = started
        self.client = run.client
        self.wait = run.pause
        self.callback_answer = run.callback_answer
        self.execution_arn = run.execution_arn
        self.pipeline_arn = run.pipeline_arn

    @property
    def stopping(self) -> bool:
        return self._run.stopping()

    def resolve(self, value: Any) -> Any:
        return resolve(value, self._run)

    def job_name(self, prefix: str | None = None) -> str:
        return self._run.job_name(self.step.name, prefix)

    def callback_token(self) -> str:
        return self._run.new_callback_token(self.step.name)


def _present(document: Document | None, key: str) -> Document:
    if document is None:
        raise KeyError(key)
    return document
