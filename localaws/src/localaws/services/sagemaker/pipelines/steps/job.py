"""Processing and Transform steps: a job made by an ordinary API call, then followed until it ends."""

from __future__ import annotations

from typing import Any

from localaws.services.sagemaker.pipelines.retry import exception_of_failure
from localaws.services.sagemaker.pipelines.steps.api import call
from localaws.services.sagemaker.pipelines.steps.contract import Properties, StepFailed, StepRun, StepStopped, StepType

_POLL_SECONDS = 0.05


def job_step(kind: str) -> StepType:
    """The step type for jobs of ``kind``: ProcessingJob or TransformJob."""

    def run(run: StepRun) -> Properties:
        request = dict(run.arguments)
        # A name among the arguments is only a prefix: each attempt needs a name of its own.
        name = run.job_name(request.pop(f"{kind}Name", None))
        created = call(run, f"Create{kind}", {**request, f"{kind}Name": name})
        run.started({kind: {"Arn": created[f"{kind}Arn"]}})
        return _follow(kind, name, run)

    return run


def _follow(kind: str, name: str, run: StepRun) -> Properties:
    stop_asked = False
    while True:
        described = call(run, f"Describe{kind}", {f"{kind}Name": name})
        status = described[f"{kind}Status"]
        if status in ("Completed", "Failed", "Stopped"):
            return _outcome(kind, described, run)
        if run.stopping and not stop_asked:
            _stop(kind, name, run)
            stop_asked = True
        run.wait(_POLL_SECONDS)


def _outcome(kind: str, described: dict[str, Any], run: StepRun) -> Properties:
    status = described[f"{kind}Status"]
    if status == "Completed":
        described.pop("ResponseMetadata", None)
        return described
    if status == "Stopped" and run.stopping:
        raise StepStopped
    reason = described.get("FailureReason") or f"The {kind} was stopped."
    raise StepFailed(f"ClientError: {reason}", exception_of_failure(reason))


def _stop(kind: str, name: str, run: StepRun) -> None:
    try:
        call(run, f"Stop{kind}", {f"{kind}Name": name})
    except StepFailed:
        # The job may have ended between the look and the stop; the next look tells.
        if call(run, f"Describe{kind}", {f"{kind}Name": name})[f"{kind}Status"] in ("InProgress", "Stopping"):
            raise
