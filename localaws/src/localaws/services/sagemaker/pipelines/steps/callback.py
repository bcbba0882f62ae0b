"""Callback steps: a message with a token goes to an SQS queue; the step waits until somebody answers for it.

https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-steps-types.html#step-type-callback
"""

from __future__ import annotations

import json
from typing import Any

from localaws.services.sagemaker.pipelines.expressions import as_text
from localaws.services.sagemaker.pipelines.steps.api import call
from localaws.services.sagemaker.pipelines.steps.contract import Properties, StepFailed, StepRun, StepStopped

_POLL_SECONDS = 0.05


def call_back(run: StepRun) -> Properties:
    queue = as_text(run.resolve(run.step.queue_url))
    token = run.callback_token()
    metadata = {"CallbackToken": token, "SqsQueueUrl": queue}
    run.started({"Callback": metadata})
    _send(run, queue, token, "Executing")
    told_of_stop = False
    while True:
        answer = run.callback_answer(token)
        if answer is not None:
            run.started({"Callback": {**metadata, "OutputParameters": answer.get("OutputParameters", [])}})
            return _properties(run, answer)
        if run.stopping and not told_of_stop:
            # The answer is still awaited: only the receiver knows whether its work has ended.
            _send(run, queue, token, "Stopping")
            told_of_stop = True
        run.wait(_POLL_SECONDS)


def _send(run: StepRun, queue: str, token: str, status: str) -> None:
    message = {
        "token": token,
        "status": status,
        "stepName": run.step.name,
        "pipelineArn": run.pipeline_arn,
        "pipelineExecutionArn": run.execution_arn,
        "arguments": run.arguments,
    }
    call(run, "SendMessage", {"QueueUrl": queue, "MessageBody": json.dumps(message)}, service="sqs")


def _properties(run: StepRun, answer: dict[str, Any]) -> Properties:
    if run.stopping:
        raise StepStopped
    if "FailureReason" in answer:
        raise StepFailed(f"ClientError: {answer['FailureReason']}")
    given = {item["Name"]: item["Value"] for item in answer["OutputParameters"]}
    missing = run.step.output_parameters.keys() - given.keys()
    if missing:
        raise StepFailed(f"ClientError: the callback did not give the output parameters {', '.join(sorted(missing))}")
    typed = {name: _typed(given[name], kind) for name, kind in run.step.output_parameters.items()}
    return {"OutputParameters": {**given, **typed}}


def _typed(text: str, kind: str) -> Any:
    try:
        return text if kind == "String" else json.loads(text.lower() if kind == "Boolean" else text)
    except ValueError as error:
        raise StepFailed(f"ClientError: the callback gave '{text}', which is not of type {kind}") from error
