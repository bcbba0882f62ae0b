"""Invokes a target: the call that EventBridge or Scheduler makes for one delivery, as the target's role.

It tries once and raises; when to try again is decided elsewhere.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localaws.core.arn import Arn
from localaws.core.caller import Caller
from localaws.policies.service_access import refusal
from localaws.policies.service_roles import role_problem, session_of
from localaws.services.events.failures import InvocationError
from localaws.services.events.json_path import ABSENT, is_path, value_at
from localaws.services.events.targets import service_of

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


@dataclass(frozen=True)
class Invocation:
    """One delivery, ready to be made. ``text`` is what the target receives; ``event`` what it was made from."""

    cloud: Cloud
    target: dict[str, Any]
    text: str
    event: dict[str, Any]
    principal: str
    session_name: str
    source_arn: str  # of the rule, or of the group of the schedule: what policies test as aws:SourceArn
    region: str = ""  # of the call, where the target's ARN has none

    @property
    def arn(self) -> Arn:
        """The target's ARN."""
        return Arn.parse(self.target["Arn"])

    def client(self, service: str) -> Any:
        """A client of the target's region, acting as the target's role or, where it has none, as the service itself."""
        region = self.arn.region or self.region
        role = self.target.get("RoleArn")
        if role is None:
            return self.cloud.client(service, Caller.root(self.arn.account, region))
        problem = role_problem(self.cloud, role, self.principal, self.source_arn)
        if problem:
            raise InvocationError("FAILED_TO_ASSUME_ROLE", problem)
        return self.cloud.client(service, session_of(role, self.session_name, region))

    def refuse_closed(self, resource_arn: str | None = None) -> None:
        """Without a role the resource's own policy must let the service in, and so must that of its key."""
        if "RoleArn" in self.target:
            return
        sender = self.principal.partition(".")[0]
        closed = refusal(self.cloud, sender, resource_arn or self.target["Arn"], self.source_arn)
        if closed:
            raise InvocationError("NO_PERMISSIONS", closed.text)

    def parsed_text(self) -> Any:
        try:
            return json.loads(self.text)
        except ValueError as error:
            raise InvocationError("INVALID_JSON", f"the target's input is not JSON: {error}") from error

    def resolved(self, value: str) -> str:
        """A parameter of the target: a path into the event is replaced by what it leads to."""
        if not value.startswith("$.") or not is_path(value):
            return value
        found = value_at(self.event, value)
        if found is ABSENT:
            raise InvocationError("INVALID_PARAMETER", f"the event has no value at {value}")
        return found if isinstance(found, str) else json.dumps(found)


def invoke(invocation: Invocation) -> None:
    """Make the call. Raises InvocationError, or the error of the call itself."""
    _CALLS[service_of(invocation.target["Arn"])](invocation)


def _codepipeline(invocation: Invocation) -> None:
    request: dict[str, Any] = {"name": invocation.arn.resource}
    if "Input" in invocation.target or "InputTransformer" in invocation.target:
        # An input may say which revisions and variables; anything else in it means nothing to CodePipeline.
        given = invocation.parsed_text()
        if isinstance(given, dict):
            for member in ("sourceRevisions", "variables"):
                if member in given:
                    request[member] = given[member] if isinstance(given[member], list) else [given[member]]
    invocation.client("codepipeline").start_pipeline_execution(**request)


def _sagemaker(invocation: Invocation) -> None:
    listed = invocation.target.get("SageMakerPipelineParameters", {}).get("PipelineParameterList", [])
    parameters = [{"Name": entry["Name"], "Value": invocation.resolved(entry["Value"])} for entry in listed]
    invocation.client("sagemaker").start_pipeline_execution(
        PipelineName=invocation.arn.resource.split("/", 1)[1],
        PipelineParameters=parameters,
        ClientRequestToken=str(uuid.uuid4()),
    )


def _codebuild(invocation: Invocation) -> None:
    given: Any = {}
    if "Input" in invocation.target or "InputTransformer" in invocation.target:
        given = invocation.parsed_text()
    overrides = given if isinstance(given, dict) else {}
    invocation.client("codebuild").start_build(**{**overrides, "projectName": invocation.arn.resource.split("/", 1)[1]})


def _sns(invocation: Invocation) -> None:
    invocation.refuse_closed()
    invocation.client("sns").publish(TopicArn=invocation.target["Arn"], Message=invocation.text)


def _sqs(invocation: Invocation) -> None:
    invocation.refuse_closed()
    sqs, queue = invocation.client("sqs"), invocation.arn
    url = sqs.get_queue_url(QueueName=queue.resource, QueueOwnerAWSAccountId=queue.account)["QueueUrl"]
    group = invocation.target.get("SqsParameters", {}).get("MessageGroupId")
    # No deduplication id: a FIFO queue must deduplicate by content, as EventBridge asks.
    options = {"MessageGroupId": invocation.resolved(group)} if group else {}
    sqs.send_message(QueueUrl=url, MessageBody=invocation.text, **options)


def _logs(invocation: Invocation) -> None:
    group = invocation.arn.resource.removeprefix("log-group:").removesuffix(":*")
    stream = str(uuid.uuid4())
    invocation.refuse_closed(f"{invocation.target['Arn'].removesuffix(':*')}:log-stream:{stream}")
    logs = invocation.client("logs")
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    now = int(time.time() * 1000)  # Logs takes nothing from its future, and goes by the wall clock
    logs.put_log_events(
        logGroupName=group, logStreamName=stream, logEvents=[{"timestamp": now, "message": invocation.text}]
    )


_CALLS: dict[str, Callable[[Invocation], None]] = {
    "codepipeline": _codepipeline,
    "codebuild": _codebuild,
    "sagemaker": _sagemaker,
    "sns": _sns,
    "sqs": _sqs,
    "logs": _logs,
}
