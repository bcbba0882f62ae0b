"""Gives the log lines of one execution, of a stage's pipeline or of the CodePipeline: those there are, and, while it
runs, those that come, until it has ended.

It only reads. What a line looks like is ``decisions.log_lines``' matter, where it goes the verb's.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from scripts.decisions.codepipeline_view import ENDED, action_rows, waiting_approval
from scripts.decisions.log_lines import LogLine, LogSource, in_order, is_step, job_source
from scripts.errors import ExecutionError
from scripts.flows.run_pipeline import deployed_stack
from scripts.flows.stage_context import StageContext
from scripts.flows.step_waits import StepWaits
from scripts.gateways.codepipelines import CodePipelines
from scripts.gateways.polling import Pauses

LATE = 3.0  # seconds after which CloudWatch Logs has the last lines of what has just ended, as a rule
_READS_AFTER_THE_END = 2
_RUNNING = ("Starting", "Executing", "Stopping")


@dataclass(frozen=True)
class StepLog:
    """A step as it stands: its status, and where it logs, if it does and has begun."""

    name: str
    status: str
    source: LogSource | None
    ended: bool


@dataclass(frozen=True)
class Look:
    """An execution as it stands. ``waits_for`` is what goes on now; ``stopped_at`` is a person whom it waits for."""

    status: str
    running: bool
    steps: list[StepLog]
    waits_for: str
    stopped_at: str | None = None


class Watched(Protocol):
    """An execution whose logs are read. ``subject`` names it."""

    subject: str

    def known_steps(self) -> list[str]:
        """The steps that it has or will have, in their order."""

    def look(self) -> Look:
        """How it stands now."""


class WatchedPipeline:
    """The newest execution of a stage's pipeline."""

    def __init__(self, context: StageContext) -> None:
        deployed_stack(context)
        self._context, self._pipeline = context, context.names.sagemaker_pipeline
        newest = context.pipelines.newest(self._pipeline, 1)
        if not newest:
            raise ExecutionError(f"{self._pipeline} has no execution yet", next_command=context.runs)
        self._arn = newest[0].arn
        self._waits = StepWaits(context, self._arn)
        self.subject = f"execution {newest[0].id} of {self._pipeline}"

    def known_steps(self) -> list[str]:
        declared = _step_names(json.loads(self._context.pipelines.definition(self._pipeline) or "{}").get("Steps", []))
        begun = [each.name for each in self._context.pipelines.steps(self._arn)]
        return list(dict.fromkeys([*declared, *begun]))

    def look(self) -> Look:
        execution = self._context.pipelines.describe(self._arn)  # first: what has ended then has all its steps
        listed = self._context.pipelines.steps(self._arn)
        steps = [
            StepLog(each.name, each.status, job_source(each.name, each.job_arn), each.status not in _RUNNING)
            for each in listed
        ]
        waits = self._waits.told(self._waits.of(listed)) if execution.running else []
        now = "; ".join(waits) or ", ".join(f"{each.name} ({each.status})" for each in steps if not each.ended)
        return Look(execution.status, execution.running, steps, now or f"the next step of {self.subject}")


class WatchedCodePipeline:
    """The newest execution of the CodePipeline; its builds are what logs."""

    def __init__(self, codepipeline: CodePipelines) -> None:
        self._codepipeline, self._structure = codepipeline, codepipeline.structure()
        newest = codepipeline.newest_execution_id()
        if newest is None:
            raise ExecutionError(f"{codepipeline.name} has no execution yet", next_command="make codepipeline")
        self._id = newest
        self._sources: dict[str, LogSource] = {}
        self.subject = f"execution {newest} of {codepipeline.name}"

    def known_steps(self) -> list[str]:
        return [f"{row.pipeline_stage}/{row.action}" for row in action_rows(self._structure, [])]

    def look(self) -> Look:
        status = self._codepipeline.status(self._id)
        details, state = self._codepipeline.actions(self._id), self._codepipeline.state()
        rows = action_rows(self._structure, details, state)
        steps = [
            StepLog(
                f"{row.pipeline_stage}/{row.action}",
                row.status,
                self._source(f"{row.pipeline_stage}/{row.action}", row.external_id)
                if row.provider == "CodeBuild"
                else None,
                row.status in ENDED,
            )
            for row in rows
        ]
        approval = waiting_approval(self._structure, state, details)
        own = approval if approval and approval.execution_id == self._id else None
        now = ", ".join(each.name for each in steps if each.status == "InProgress")
        return Look(
            status,
            status not in ENDED and own is None,
            steps,
            now or f"the next action of {self.subject}",
            f"the approval {own.pipeline_stage} / {own.action}" if own else None,
        )

    def _source(self, step: str, build_id: str | None) -> LogSource | None:
        """Where a build logs, which it says once it has begun to."""
        if build_id and build_id not in self._sources:
            stream = self._codepipeline.build_stream(build_id)
            if stream is None:
                return None
            self._sources[build_id] = LogSource(step, *stream)
        return self._sources[build_id] if build_id else None


def follow_logs(
    watched: Watched,
    news: Callable[[LogSource], list[LogLine]],
    sleep: Callable[[float], None],
    *,
    step: str | None = None,
    last: int | None = None,
    at: Callable[[Look], None] = lambda _: None,
) -> Iterator[LogLine]:
    """Every line once: what there is (only the ``last`` lines of it), then what comes, until the execution has ended.

    ``step`` leaves one step's lines alone; ``at`` is told each look that is taken.
    """
    pauses, followed, read_after_end = Pauses(sleep), False, Counter[LogSource]()
    while True:
        look = watched.look()
        at(look)
        if followed and not look.running:
            sleep(LATE)
        lines: list[LogLine] = []
        for each in look.steps:
            if each.source is None or not is_step(step, each.name):
                continue
            if look.running and read_after_end[each.source] >= _READS_AFTER_THE_END:
                continue
            lines += news(each.source)
            read_after_end[each.source] += each.ended
        yield from in_order(lines, None if followed else last)
        if not look.running:
            return
        followed = True
        pauses.next(again_soon=bool(lines))


def _step_names(steps: list[dict[str, Any]]) -> list[str]:
    """The names of a definition's steps, those within conditions too."""
    found = []
    for each in steps:
        inner = each.get("Arguments", {})
        found += [each["Name"], *_step_names(inner.get("IfSteps", [])), *_step_names(inner.get("ElseSteps", []))]
    return found
