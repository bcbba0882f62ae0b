"""Finds out what the steps of a running execution wait for, by few calls: it looks at a job only now and then.

It only reads; what may not be read is left out of the reason. What the words are is ``decisions.step_waits``' matter.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cached_property

from scripts.decisions.job_quotas import QuotaNeed, quota_name, quota_told
from scripts.decisions.job_requests import JobRequest, job_requests
from scripts.decisions.step_waits import NO_JOB_FOR, Attempted, JobEnd, StepWait, step_wait
from scripts.errors import AccessDeniedError
from scripts.flows.stage_context import StageContext
from scripts.gateways.pipelines import Step
from scripts.gateways.quotas import job_quotas

_EVERY = 5  # looks at a running step between two looks at its job


class StepWaits:
    """Of one execution of a stage's pipeline, by its ARN; keep it while that execution is followed."""

    def __init__(
        self, context: StageContext, arn: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._context, self._arn, self._now = context, arn, now
        self._looks: Counter[str] = Counter()
        self._failed: dict[str, JobEnd] = {}  # by the job's ARN: what has failed stays so
        self._reasons: dict[str, str] = {}

    def of(self, steps: Iterable[Step], *, at_once: bool = False) -> list[StepWait]:
        """What each step waits for. ``at_once`` spares no call: for a single look."""
        found = [self._wait(each, at_once) for each in steps if each.status in ("Starting", "Executing")]
        return [each for each in found if each is not None]

    def told(self, waits: Iterable[StepWait]) -> list[str]:
        return [each.told(self._now()) for each in waits]

    def _wait(self, step: Step, at_once: bool) -> StepWait | None:
        self._looks[step.name] += 1
        if not at_once and self._has_just_begun(step):
            return None
        request = self._requests.get(step.name)
        if request is None:
            return None
        attempted = Attempted(step.name, step.status, step.attempt, step.started, self._job(step, at_once))
        why = None if step.job_arn or self._has_just_begun(step) else self._why_no_job(step, request)
        return step_wait(attempted, request.retry_policies, self._now(), why)

    def _job(self, step: Step, at_once: bool) -> JobEnd | None:
        if not step.job_arn:
            return None
        if step.job_arn not in self._failed and (at_once or self._looks[step.name] % _EVERY == 2):
            end = self._ended(step.job_arn)
            if end.failed:
                self._failed[step.job_arn] = end
        return self._failed.get(step.job_arn, JobEnd(failed=False))

    def _ended(self, job_arn: str) -> JobEnd:
        """Who may follow an execution need not be allowed to look at its jobs: then of these nothing is said."""
        try:
            return self._context.pipelines.job_end(job_arn)
        except AccessDeniedError:
            return JobEnd(failed=False)

    def _has_just_begun(self, step: Step) -> bool:
        """Of such a step nothing is asked."""
        if step.job_arn:
            return self._looks[step.name] == 1
        age = (self._now() - step.started).total_seconds() if step.started else 0.0
        return step.attempt <= 1 and age < NO_JOB_FOR

    def _why_no_job(self, step: Step, request: JobRequest) -> str | None:
        """The quota that its job needs; read once for each step."""
        if step.name not in self._reasons:
            self._reasons[step.name] = self._quota(request)
        return self._reasons[step.name]

    def _quota(self, request: JobRequest) -> str:
        name, count = quota_name(request), request.resources.get("InstanceCount", 1)
        if name is None or not isinstance(count, int):
            return "SageMaker has made no job for it yet; its size is known to the run alone"
        try:
            quotas = job_quotas(self._context.reader, [name])
        except AccessDeniedError as error:
            return f"SageMaker has made no job for it yet; its quota is unknown: {error.problem}"
        if not quotas:
            return f"SageMaker has made no job for it yet; {name}: unknown"
        told = quota_told(QuotaNeed(name, count, (request.step,)), quotas[name].value)
        short = quotas[name].value < count
        return f"quota {told}" + (": too small" if short else "; other jobs may use it, or SageMaker throttles")

    @cached_property
    def _requests(self) -> dict[str, JobRequest]:
        """The steps' requests with the values of this run; without the right to read these no size is known."""
        pipelines = self._context.pipelines
        try:
            definition = json.loads(pipelines.definition(self._context.names.sagemaker_pipeline) or "{}")
        except AccessDeniedError:
            return {}
        try:
            chosen = pipelines.parameters(self._arn)
        except AccessDeniedError:
            definition, chosen = {**definition, "Parameters": []}, {}
        return {each.step: each for each in job_requests(definition, chosen)}
