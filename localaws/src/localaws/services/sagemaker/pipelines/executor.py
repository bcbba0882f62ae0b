"""Runs one execution: starts each step once what it waits for is done, independent ones in parallel.

It knows neither AWS nor how a step works: step types run attempts, the journal remembers, the runtime has time and
threads. After a failed step no further step starts; those that run already are waited for.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from localaws.services.sagemaker.pipelines import ordering
from localaws.services.sagemaker.pipelines.caching import cache_key
from localaws.services.sagemaker.pipelines.definition import Definition, Step
from localaws.services.sagemaker.pipelines.expressions import ExpressionError, Scope, resolve
from localaws.services.sagemaker.pipelines.retry import delay, unretried
from localaws.services.sagemaker.pipelines.steps.contract import (
    Properties,
    ServerStopping,
    StepFailed,
    StepRun,
    StepStopped,
    StepTypes,
)

log = logging.getLogger(__name__)

STEP_FAILURE = "Step failure: One or multiple steps failed."
_LOOK_SECONDS = 0.05
_LONGEST_REASON = 1024
StepRecord = dict[str, Any]


class Journal(Protocol):
    """What one execution remembers. A step's record holds StepName, StepType, StepStatus, StartTime, EndTime,
    AttemptCount, Metadata, FailureReason, Properties, CacheKey as far as they are known."""

    def step(self, name: str) -> StepRecord | None: ...

    def write_step(self, record: StepRecord) -> None: ...

    def cached(self, step: Step, key: str, now: datetime) -> StepRecord | None:
        """The newest Succeeded record of the same step with the same key that really ran and is young enough."""

    def stopping(self) -> bool: ...

    def most_parallel(self) -> int: ...


class Runtime(Protocol):
    def now(self) -> datetime: ...

    def wait(self, seconds: float, until: Callable[[], bool]) -> None:
        """Pause, at most until ``until()`` is true; raises ServerStopping where the server goes down meanwhile."""

    def start(self, name: str, work: Callable[[], None]) -> None:
        """Run ``work`` in parallel."""

    def step_run(self, step: Step, arguments: dict[str, Any], started: Callable[[dict[str, Any]], None]) -> StepRun:
        """One attempt of ``step``, for its step type."""


@dataclass(frozen=True)
class Result:
    """How the execution ended: Succeeded, Failed or Stopped; None where the server went down before the end."""

    status: str | None
    failure_reason: str | None = None


class Executor:
    """One execution. ``selected`` None runs all steps; otherwise only these, and the rest counts as done."""

    def __init__(
        self,
        definition: Definition,
        scope: Scope,
        journal: Journal,
        runtime: Runtime,
        step_types: StepTypes,
        selected: frozenset[str] | None = None,
    ) -> None:
        self._definition = definition
        self._scope = scope
        self._journal = journal
        self._runtime = runtime
        self._step_types = step_types
        self._graph = definition.graph()
        self._ended: queue.SimpleQueue[tuple[str, str | None]] = queue.SimpleQueue()
        self._done: set[str] = set()
        self._begun: set[str] = set()
        if selected is not None:
            self._done = set(self._graph) - selected
            self._begun = set(self._done)

    def run(self) -> Result:
        """Run to the end; steps whose record is Succeeded already are not run again."""
        for name in self._graph:
            record = self._journal.step(name)
            if record is not None and record["StepStatus"] == "Succeeded":
                self._settle(name, "Succeeded")
        running: set[str] = set()
        failed = interrupted = False
        while True:
            if not (failed or interrupted or self._journal.stopping()):
                running |= self._start_ready(len(running))
            if not running:
                break
            try:
                name, status = self._ended.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                continue
            running.discard(name)
            failed |= status == "Failed"
            interrupted |= status is None
            self._settle(name, status)
        if interrupted:
            return Result(None)
        if failed:
            return Result("Failed", STEP_FAILURE)
        return Result("Stopped" if self._journal.stopping() else "Succeeded")

    def _settle(self, name: str, status: str | None) -> None:
        """Take note of an ended step: what waits for it may start; the branch that was not chosen never will."""
        if status != "Succeeded":
            return
        self._begun.add(name)
        self._done.add(name)
        step = self._definition.steps[name]
        if step.type == "Condition" and (record := self._journal.step(name)):
            passed_over = "Else" if record["Properties"]["Outcome"] == "True" else "If"
            self._begun |= ordering.unreachable(self._graph, set(step.branches[passed_over]) - self._done)

    def _start_ready(self, running: int) -> set[str]:
        room = self._journal.most_parallel() - running
        names = ordering.ready(self._graph, self._done, self._begun)[: max(room, 0)]
        for name in names:
            self._begun.add(name)
            self._runtime.start(f"step-{name}", lambda name=name: self._run_step(name))  # type: ignore[misc]
        return set(names)

    def _run_step(self, name: str) -> None:
        """Run one step to its end, in its own thread. Whatever happens, the loop hears of it."""
        status: str | None = "Failed"
        try:
            status = _StepExecution(self._definition.steps[name], self._scope, self._journal, self._runtime).run(
                self._step_types
            )
        except ServerStopping:
            status = None
        except Exception as error:
            log.exception("step %s failed inside localaws", name)
            record = self._journal.step(name) or {"StepName": name, "StepType": self._definition.steps[name].type}
            reason = f"InternalServerError: {type(error).__name__}: {error}"[:_LONGEST_REASON]
            self._journal.write_step({**record, "StepStatus": "Failed", "FailureReason": reason})
        finally:
            self._ended.put((name, status))


class _StepExecution:
    """One step, from Starting to its end, over all its attempts."""

    def __init__(self, step: Step, scope: Scope, journal: Journal, runtime: Runtime) -> None:
        self._step = step
        self._scope = scope
        self._journal = journal
        self._runtime = runtime
        self._record: StepRecord = {
            "StepName": step.name,
            "StepType": step.type,
            "StepDisplayName": step.display_name,
            "StepDescription": step.description,
            "StepStatus": "Starting",
            "StartTime": runtime.now(),
            "AttemptCount": 1,
        }

    def run(self, step_types: StepTypes) -> str:
        """The final status."""
        self._write()
        try:
            arguments = resolve(self._step.arguments, self._scope)
            if self._taken_from_cache(arguments):
                return "Succeeded"
            self._write(Properties=self._attempts(step_types, arguments), StepStatus="Succeeded")
        except ExpressionError as error:
            self._fail(f"ClientError: {error}")
        except StepFailed as failure:
            self._fail(failure.reason)
        except StepStopped:
            self._write(StepStatus="Stopped", EndTime=self._runtime.now())
        return str(self._record["StepStatus"])

    def _attempts(self, step_types: StepTypes, arguments: dict[str, Any]) -> Properties:
        begun = self._runtime.now()
        retries = 0
        while True:
            self._write(StepStatus="Executing")
            run = self._runtime.step_run(self._step, arguments, lambda metadata: self._write(Metadata=metadata))
            try:
                properties = step_types[self._step.type](run)
            except StepFailed as failure:
                elapsed = (self._runtime.now() - begun).total_seconds()
                wait = delay(self._step.retry_policies, failure.exception_type, retries, elapsed)
                if wait is None or self._journal.stopping():
                    raise StepFailed(failure.reason + self._unretried(failure)) from failure
                self._runtime.wait(wait, self._journal.stopping)
                if self._journal.stopping():
                    raise StepStopped from failure
                retries += 1
                self._record["AttemptCount"] = retries + 1
            else:
                self._record["EndTime"] = self._runtime.now()
                return properties

    def _unretried(self, failure: StepFailed) -> str:
        execution = str(self._scope.execution_variable("PipelineExecutionArn"))
        return unretried(self._step.retry_policies, failure.exception_type, execution, self._step.name)

    def _taken_from_cache(self, arguments: dict[str, Any]) -> bool:
        key = cache_key(self._step.type, arguments)
        if self._step.cache is None or key is None:
            return False
        self._record["CacheKey"] = key
        now = self._runtime.now()
        source = self._journal.cached(self._step, key, now)
        if source is None:
            return False
        self._write(
            StepStatus="Succeeded",
            EndTime=now,
            Metadata=source.get("Metadata"),
            Properties=source["Properties"],
            CacheHitResult={"SourcePipelineExecutionArn": source["PipelineExecutionArn"]},
        )
        return True

    def _fail(self, reason: str) -> None:
        self._write(StepStatus="Failed", EndTime=self._runtime.now(), FailureReason=reason[:_LONGEST_REASON])

    def _write(self, **members: Any) -> None:
        self._record.update(members)
        self._journal.write_step({name: value for name, value in self._record.items() if value is not None})
