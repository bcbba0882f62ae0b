"""CloudFormation: stacks, change sets, events and outputs of one account.

A template that is too large to be sent goes by way of a bucket that exists already; none is made for it.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from scripts.decisions.change_set import ResourceChange, resource_changes
from scripts.decisions.names import template_key
from scripts.decisions.rollback import ResourceEvent
from scripts.decisions.stacks import Stack
from scripts.errors import StackError
from scripts.gateways.accounts import Account
from scripts.gateways.artifacts import Objects
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors
from scripts.gateways.buckets import bucket_exists
from scripts.gateways.polling import Pauses
from scripts.gateways.regions import dns_suffix

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
LARGEST_TEMPLATE_BODY = 51_200
LARGEST_TEMPLATE_OBJECT = 1_000_000
SECONDS_TO_MAKE = 900.0
SECONDS_TO_DELETE = 120.0
_BEING_MADE = ("CREATE_PENDING", "CREATE_IN_PROGRESS")
_BEING_EXECUTED = ("EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE")
_NOT_EXECUTABLE = ("InvalidChangeSetStatus", "InvalidChangeSetStatusException")
_BEGINNINGS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS")
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")


@dataclass(frozen=True)
class ChangeSet:
    """A change set that may be executed. ``empty``: CloudFormation found nothing to change.

    ``id`` is its ARN, which a later one of the same name does not have.
    """

    id: str
    name: str
    stack: str
    changes: tuple[ResourceChange, ...]
    empty: bool = False


@dataclass(frozen=True)
class StackEvent:
    id: str
    resource: str
    type: str
    status: str
    reason: str


@dataclass(frozen=True)
class StackRequest:
    """What a stack shall become. ``change_set`` is the same name for the same content.

    None (of ``template``, of a parameter, of ``tags``) leaves what the stack has.
    """

    name: str
    change_set: str
    kind: str  # CREATE or UPDATE
    template: str | None
    parameters: Mapping[str, str | None]
    tags: Mapping[str, str] | None
    role_arn: str | None
    description: str
    capabilities: tuple[str, ...] = ()


class Stacks:
    """The stacks of one account, as one principal.

    ``template_buckets``: a template that is too large to be sent goes into the first of these that exists.
    """

    def __init__(
        self,
        account: Account,
        sleep: Callable[[float], None] = time.sleep,
        template_buckets: Sequence[str] = (),
    ) -> None:
        self._account = account
        self._sleep = sleep
        self._template_buckets = template_buckets

    def describe(self, name: str) -> Stack | None:
        """The stack; None where there is none of that name."""
        with told_as_deployment_errors(self._account.actor):
            try:
                found = self._client.describe_stacks(StackName=name)["Stacks"]
            except ClientError as error:
                # DescribeStacks has no code of its own for this; ValidationError covers malformed names too.
                if error_code(error) == "ValidationError" and "does not exist" in str(error):
                    return None
                raise
        return _stack(found[0]) if found else None

    def all(self) -> list[Stack]:
        """Every stack that is there."""
        with told_as_deployment_errors(self._account.actor):
            pages = self._client.get_paginator("describe_stacks").paginate()
            return [_stack(each) for page in pages for each in page["Stacks"]]

    def template(self, name: str) -> str:
        """The template as it was given; of one that was given as JSON, its text with keys in order."""
        with told_as_deployment_errors(self._account.actor):
            body = self._client.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
        return body if isinstance(body, str) else json.dumps(body, indent=2)

    def policy(self, name: str) -> str | None:
        """The stack policy, as JSON text; None where the stack has none."""
        with told_as_deployment_errors(self._account.actor):
            body: str | None = self._client.get_stack_policy(StackName=name).get("StackPolicyBody")
        return body

    def pending_change_sets(self, name: str) -> list[str]:
        """Names of change sets that were made and not executed."""
        with told_as_deployment_errors(self._account.actor):
            pages = self._client.get_paginator("list_change_sets").paginate(StackName=name)
            return [
                each["ChangeSetName"]
                for page in pages
                for each in page["Summaries"]
                if each.get("ExecutionStatus") in ("AVAILABLE", "UNAVAILABLE", "EXECUTE_FAILED")
            ]

    def make_change_set(self, request: StackRequest) -> ChangeSet:
        """Make a change set, or take the one of the same name that an interrupted run left behind."""
        left = self._describe_change_set(request.name, request.change_set)
        if left is not None and left["Status"] in _BEING_MADE:
            left = self._wait_for_change_set(request)
        if left is not None and left["Status"] == "CREATE_COMPLETE" and left.get("ExecutionStatus") == "AVAILABLE":
            return self._finished(request, left)
        if left is not None and left.get("ExecutionStatus") != "EXECUTE_COMPLETE":
            self.delete_change_set(request.name, request.change_set)
        self._create_change_set(request)
        return self._finished(request, self._wait_for_change_set(request))

    def _create_change_set(self, request: StackRequest) -> None:
        """Ask for it. One of that name has the same content, so that it is there already is as good.

        CreateChangeSet has no token by which AWS knows a call that the client makes again after a lost answer.
        """
        with told_as_deployment_errors(self._account.actor):
            try:
                self._client.create_change_set(
                    StackName=request.name,
                    ChangeSetName=request.change_set,
                    ChangeSetType=request.kind,
                    Description=request.description,
                    Parameters=[_parameter(key, value) for key, value in sorted(request.parameters.items())],
                    Capabilities=list(request.capabilities),
                    **self._template(request),
                    **({} if request.tags is None else {"Tags": _tags(request.tags)}),
                    **({"RoleARN": request.role_arn} if request.role_arn else {}),
                )
            except ClientError as error:
                if error_code(error) != "AlreadyExistsException":
                    raise

    def _template(self, request: StackRequest) -> dict[str, Any]:
        """How CloudFormation gets the template. Raises StackError where it is too large, or no bucket can carry it."""
        if request.template is None:
            return {"UsePreviousTemplate": True}
        content = request.template.encode()
        if len(content) <= LARGEST_TEMPLATE_BODY:
            return {"TemplateBody": request.template}
        if len(content) > LARGEST_TEMPLATE_OBJECT:
            raise StackError(
                f"the template of {request.name} is larger than CloudFormation takes",
                found=[f"{len(content)} bytes; {LARGEST_TEMPLATE_OBJECT} are allowed"],
                next_command="shorten it, or move resources into a stack of their own",
            )
        bucket = next((each for each in self._template_buckets if bucket_exists(self._account, each)), None)
        if bucket is None:
            raise StackError(
                f"the template of {request.name} must reach CloudFormation through S3, and there is no bucket for it",
                found=[
                    f"{len(content)} bytes; {LARGEST_TEMPLATE_BODY} may be sent without a bucket",
                    f"looked for: {', '.join(self._template_buckets) or 'none'}",
                ],
                next_command=f"aws s3 mb s3://{self._template_buckets[-1]} --region {self._account.region}"
                if self._template_buckets
                else "shorten it, or move resources into a stack of their own",
            )
        key = template_key(hashlib.sha256(content).hexdigest())
        Objects(self._account).write(bucket, key, content, None, "application/yaml")
        region = self._account.region
        return {"TemplateURL": f"https://{bucket}.s3.{region}.{dns_suffix(region)}/{key}"}

    def execute(self, change_set: ChangeSet) -> None:
        """Execute it. One that another run of the same command is executing already is simply left to be followed.

        The token is of this very change set: sent again after a lost answer it executes nothing twice. A release that
        comes back has another change set, though of the same name.
        """
        with told_as_deployment_errors(self._account.actor):
            try:
                self._client.execute_change_set(
                    ChangeSetName=change_set.name,
                    StackName=change_set.stack,
                    ClientRequestToken=change_set.id.rpartition("/")[2],
                )
            except ClientError as error:
                if error_code(error) not in _NOT_EXECUTABLE or not self._is_executing(change_set):
                    raise

    def delete_change_set(self, stack: str, name: str) -> None:
        with told_as_deployment_errors(self._account.actor):
            self._client.delete_change_set(StackName=stack, ChangeSetName=name)
        pauses = Pauses(self._sleep, f"deleting change set {name}", SECONDS_TO_DELETE)
        # An executed change set of the same name stays, and is described once the other one is gone.
        while (left := self._describe_change_set(stack, name)) and left.get("ExecutionStatus") != "EXECUTE_COMPLETE":
            pauses.next()

    def delete(self, name: str, role_arn: str | None) -> None:
        with told_as_deployment_errors(self._account.actor):
            self._client.delete_stack(StackName=name, **({"RoleARN": role_arn} if role_arn else {}))

    def cancel_update(self, stack_id: str) -> None:
        """Have a running update taken back. One that has ended meanwhile is left as it is."""
        with told_as_deployment_errors(self._account.actor):
            try:
                self._client.cancel_update_stack(StackName=stack_id, ClientRequestToken=uuid.uuid4().hex)
            except ClientError as error:
                now = self.describe(stack_id)
                if error_code(error) != "ValidationError" or now is None or now.status == "UPDATE_IN_PROGRESS":
                    raise

    def continue_rollback(self, stack_id: str, skip: Sequence[str], role_arn: str) -> None:
        """Carry on a rollback that has failed, without the resources of these logical ids."""
        skipped = {"ResourcesToSkip": list(skip)} if skip else {}
        with told_as_deployment_errors(self._account.actor):
            self._client.continue_update_rollback(
                StackName=stack_id, RoleARN=role_arn, ClientRequestToken=uuid.uuid4().hex, **skipped
            )

    def resource_events(self, stack_id: str) -> Iterator[ResourceEvent]:
        """Every event that CloudFormation remembers, newest first, asked for page by page as they are read."""
        with told_as_deployment_errors(self._account.actor):
            for page in self._client.get_paginator("describe_stack_events").paginate(StackName=stack_id):
                for each in page["StackEvents"]:
                    yield ResourceEvent(
                        each.get("LogicalResourceId", ""),
                        each.get("ResourceStatus", ""),
                        each.get("ResourceStatusReason", ""),
                        is_stack=each.get("PhysicalResourceId") == each["StackId"],
                    )

    def recent_events(self, name: str) -> list[StackEvent]:
        """The newest page of events, oldest first."""
        with told_as_deployment_errors(self._account.actor):
            events = self._client.describe_stack_events(StackName=name)["StackEvents"]
        return [_event(each) for each in reversed(events)]

    def follow(self, stack: Stack, seen: set[str]) -> Iterator[StackEvent]:
        """Events as they happen, until the stack (by its id, which also a deleted one has) is settled."""
        pauses = Pauses(self._sleep)
        while True:
            current = self.describe(stack.id)
            news = [each for each in self.recent_events(stack.id) if each.id not in seen]
            for event in news:
                seen.add(event.id)
                yield event
            if current is None or current.settled:
                return
            pauses.next(again_soon=bool(news))

    def resources(self, stack_id: str, kind: str) -> dict[str, str]:
        """Logical id -> name of a stack's resources of one type."""
        with told_as_deployment_errors(self._account.actor):
            pages = self._client.get_paginator("list_stack_resources").paginate(StackName=stack_id)
            return {
                each["LogicalResourceId"]: each["PhysicalResourceId"]
                for page in pages
                for each in page["StackResourceSummaries"]
                if each["ResourceType"] == kind and each.get("PhysicalResourceId")
            }

    def physical_ids(self, stack_id: str) -> dict[str, str]:
        """Logical id -> physical id of everything that the stack says it has."""
        with told_as_deployment_errors(self._account.actor):
            pages = self._client.get_paginator("list_stack_resources").paginate(StackName=stack_id)
            return {
                each["LogicalResourceId"]: each["PhysicalResourceId"]
                for page in pages
                for each in page["StackResourceSummaries"]
                if each.get("PhysicalResourceId") and each["ResourceStatus"] != "DELETE_COMPLETE"
            }

    def left_behind(self, stack_id: str, kind: str) -> list[str]:
        """Physical ids of the resources of one type that a policy kept when they left the stack, newest first.

        CloudFormation remembers 90 days of events.
        """
        with told_as_deployment_errors(self._account.actor):
            return [
                each["PhysicalResourceId"]
                for page in self._client.get_paginator("describe_stack_events").paginate(StackName=stack_id)
                for each in page["StackEvents"]
                if each["ResourceStatus"] == "DELETE_SKIPPED" and each["ResourceType"] == kind
            ]

    def failures(self, stack_id: str) -> list[str]:
        """What failed first in the newest operation, in CloudFormation's words."""
        failed = [each for each in self._newest_operation(stack_id) if each.status.endswith("_FAILED") and each.reason]
        own = [each for each in failed if "cancelled" not in each.reason.lower()]
        return [f"{each.resource} ({each.type}): {each.status}: {each.reason}" for each in (own or failed)[:5]]

    def _newest_operation(self, stack_id: str) -> list[StackEvent]:
        """The events of the newest operation alone, oldest first: those since the stack itself last began one."""
        events: list[StackEvent] = []
        with told_as_deployment_errors(self._account.actor):
            for page in self._client.get_paginator("describe_stack_events").paginate(StackName=stack_id):
                for each in page["StackEvents"]:
                    events.append(_event(each))
                    if each.get("PhysicalResourceId") == each["StackId"] and each["ResourceStatus"] in _BEGINNINGS:
                        return events[::-1]
        return events[::-1]

    def _is_executing(self, change_set: ChangeSet) -> bool:
        found = self._describe_change_set(change_set.stack, change_set.id)
        return found is not None and found.get("ExecutionStatus") in _BEING_EXECUTED

    def _describe_change_set(self, stack: str, name: str) -> dict[str, Any] | None:
        """All pages of DescribeChangeSet as one; None where there is no such change set."""
        whole: dict[str, Any] | None = None
        token: dict[str, str] = {}
        with told_as_deployment_errors(self._account.actor):
            while True:
                try:
                    page = self._client.describe_change_set(
                        StackName=stack, ChangeSetName=name, IncludePropertyValues=True, **token
                    )
                except ClientError as error:
                    gone = error_code(error) == "ValidationError" and "does not exist" in str(error)
                    if gone or error_code(error) in ("ChangeSetNotFound", "ChangeSetNotFoundException"):
                        return None
                    raise
                whole = page if whole is None else {**whole, "Changes": whole["Changes"] + page["Changes"]}
                if not page.get("NextToken"):
                    return whole
                token = {"NextToken": page["NextToken"]}

    def _wait_for_change_set(self, request: StackRequest) -> dict[str, Any]:
        pauses = Pauses(self._sleep, f"making change set {request.change_set}", SECONDS_TO_MAKE)
        while True:
            answer = self._describe_change_set(request.name, request.change_set)
            if answer is None:
                raise StackError(
                    f"change set {request.change_set} of {request.name} no longer exists",
                    next_command="run the command again",
                )
            if answer["Status"] not in _BEING_MADE:
                return answer
            pauses.next()

    def _finished(self, request: StackRequest, answer: dict[str, Any]) -> ChangeSet:
        if answer["Status"] == "CREATE_COMPLETE":
            changes = resource_changes(answer.get("Changes", []))
            return ChangeSet(answer["ChangeSetId"], request.change_set, request.name, changes)
        reason = answer.get("StatusReason", "no reason given")
        self.delete_change_set(request.name, request.change_set)
        if any(phrase in reason for phrase in _NO_CHANGES):
            return ChangeSet(answer["ChangeSetId"], request.change_set, request.name, (), empty=True)
        raise StackError(
            f"CloudFormation rejected the change set of {request.name}",
            found=[reason],
            next_command="correct what it names (stages/, cloudformation/), then run the command again",
        )

    @property
    def _client(self) -> Any:
        return self._account.client("cloudformation")


def _parameter(name: str, value: str | None) -> dict[str, Any]:
    return {"ParameterKey": name, **({"UsePreviousValue": True} if value is None else {"ParameterValue": value})}


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def _stack(answer: dict[str, Any]) -> Stack:
    return Stack(
        name=answer["StackName"],
        id=answer["StackId"],
        status=answer["StackStatus"],
        reason=answer.get("StackStatusReason", ""),
        parameters={each["ParameterKey"]: each.get("ParameterValue", "") for each in answer.get("Parameters", [])},
        outputs={each["OutputKey"]: each["OutputValue"] for each in answer.get("Outputs", [])},
        tags={each["Key"]: each["Value"] for each in answer.get("Tags", [])},
    )


def _event(answer: dict[str, Any]) -> StackEvent:
    return StackEvent(
        id=answer["EventId"],
        resource=answer.get("LogicalResourceId", ""),
        type=answer.get("ResourceType", ""),
        status=answer.get("ResourceStatus", ""),
        reason=answer.get("ResourceStatusReason", ""),
    )
