"""Fail steps: end the execution as Failed, with a message of the author's own."""

from __future__ import annotations

from localaws.services.sagemaker.pipelines.expressions import as_text
from localaws.services.sagemaker.pipelines.steps.contract import Properties, StepFailed, StepRun


def fail(run: StepRun) -> Properties:
    message = as_text(run.arguments.get("ErrorMessage", ""))
    run.started({"Fail": {"ErrorMessage": message}})
    raise StepFailed(message)
