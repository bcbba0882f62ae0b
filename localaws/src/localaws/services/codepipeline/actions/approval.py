"""A manual approval: announced to a topic, open until PutApprovalResult answers it or its time is over.

The answer is in the action's record, so an approval that was open when the server stopped is open when the next one
starts, with the same token.
https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals.html
"""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from localaws.services.codepipeline.action_failures import ActionFailedError
from localaws.services.codepipeline.actions.context import ActionContext, ActionResult

_SEVEN_DAYS = 7 * 24 * 60  # minutes


def manual_approval(context: ActionContext) -> ActionResult:
    if "token" not in context.record()["state"]:
        _open(context)
    while True:
        record = context.record()
        answer = record["state"].get("answer")
        if answer is not None:
            return _answered(context, answer)
        if context.cloud.clock.now() >= record["state"]["expires"]:
            raise ActionFailedError(
                "JobFailed",
                f"Nobody approved or rejected {context.name} before {record['state']['expires']:%Y-%m-%dT%H:%MZ}",
            )
        context.wait()


def _open(context: ActionContext) -> None:
    minutes = context.action.get("timeoutInMinutes", _SEVEN_DAYS)
    token, expires = str(uuid.uuid4()), context.cloud.clock.now() + timedelta(minutes=minutes)
    context.note(token=token, expires=expires)
    topic = context.configuration.get("NotificationArn")
    if topic is None:
        return
    region, pipeline = context.key.region, context.key.name
    subject = f"APPROVAL NEEDED: AWS CodePipeline {pipeline} for action {context.name}"
    try:
        context.client("sns").publish(
            TopicArn=topic, Subject=subject[:100], Message=json.dumps(_message(context, token, expires, region))
        )
    except ClientError as error:
        raise ActionFailedError.of(f"The approval could not be announced to {topic}", error) from error


def _message(context: ActionContext, token: str, expires: Any, region: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals-json-format.html"""
    console = f"https://console.aws.amazon.com/codesuite/codepipeline/pipelines/{context.key.name}/view?region={region}"
    approval = {
        "pipelineName": context.key.name,
        "stageName": context.stage,
        "actionName": context.name,
        "token": token,
        "expires": f"{expires:%Y-%m-%dT%H:%MZ}",
        "externalEntityLink": context.configuration.get("ExternalEntityLink"),
        "approvalReviewLink": f"{console}#/{context.stage}/{context.name}/approve/{token}",
        "customData": context.configuration.get("CustomData"),
    }
    return {"region": region, "consoleLink": console, "approval": approval}


def _answered(context: ActionContext, answer: dict[str, str]) -> ActionResult:
    if answer["status"] == "Rejected":
        context.note(summary=answer["summary"], updatedBy=answer["by"])
        raise ActionFailedError("JobFailed", f"Rejected by {answer['by']}: {answer['summary']}")
    return ActionResult(answer["summary"], updated_by=answer["by"])
