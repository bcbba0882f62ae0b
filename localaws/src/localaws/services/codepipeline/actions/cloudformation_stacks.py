"""One stack as an action sees it: is it there, has it settled, why did it fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from localaws.services.codepipeline.action_failures import ActionFailedError


class Stacks:
    """A stack by name, read and awaited by the action's own client."""

    def __init__(self, client: Any, name: str, wait: Callable[[], None]) -> None:
        self.client = client
        self.name = name
        self._wait = wait

    def find(self) -> dict[str, Any] | None:
        """The stack, or None where there is none (any other refusal is raised)."""
        try:
            return dict(self.client.describe_stacks(StackName=self.name)["Stacks"][0])
        except ClientError as error:
            if _is_absent(error):
                return None
            raise

    def settled(self) -> dict[str, Any]:
        stack = self.find()
        if stack is None:
            raise ActionFailedError("JobFailed", f"Stack {self.name} does not exist")
        return stack

    def wait_until_done(self) -> dict[str, Any]:
        """The stack once nothing is in progress."""
        while True:
            stack = self.settled()
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return stack
            self._wait()

    def delete(self, role_arn: str | None) -> None:
        """Delete the stack and wait; one that is not there is deleted."""
        stack = self.find()
        if stack is None:
            return
        self.client.delete_stack(StackName=self.name, **({"RoleARN": role_arn} if role_arn else {}))
        while True:
            found = dict(self.client.describe_stacks(StackName=stack["StackId"])["Stacks"][0])
            if found["StackStatus"] == "DELETE_COMPLETE":
                return
            if found["StackStatus"] == "DELETE_FAILED":
                raise ActionFailedError("JobFailed", self.reason(self.client, found))
            self._wait()

    def delete_change_set(self, name: str) -> None:
        try:
            self.client.delete_change_set(StackName=self.name, ChangeSetName=name)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("ChangeSetNotFound", "ChangeSetNotFoundException"):
                raise

    def wait_for_change_set(self, name: str) -> dict[str, Any]:
        while True:
            change_set = dict(self.client.describe_change_set(StackName=self.name, ChangeSetName=name))
            if change_set["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
                return change_set
            self._wait()

    def changes(self, name: str) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("describe_change_set").paginate(StackName=self.name, ChangeSetName=name)
        return [change for page in pages for change in page.get("Changes", [])]

    @staticmethod
    def reason(client: Any, stack: dict[str, Any]) -> str:
        """Why a stack is in a failed status: the first resource that failed in its last operation."""
        first = None
        for page in client.get_paginator("describe_stack_events").paginate(StackName=stack["StackId"]):
            for event in page["StackEvents"]:  # newest first
                text = event.get("ResourceStatusReason", "")
                itself = event["PhysicalResourceId"] == stack["StackId"]
                if (
                    event["ResourceStatus"].endswith("_FAILED")
                    and text
                    and "cancelled" not in text.lower()
                    and not itself
                ):
                    first = event
                if itself and text == "User Initiated":
                    break
            else:
                continue
            break
        if first is None:
            why = stack.get("StackStatusReason", "no reason was given")
        else:
            why = f"{first['LogicalResourceId']} ({first['ResourceType']}): {first['ResourceStatusReason']}"
        return f"Stack {stack['StackName']} is {stack['StackStatus']}: {why}"


def _is_absent(error: ClientError) -> bool:
    refused = error.response["Error"]
    return refused["Code"] == "ValidationError" and "does not exist" in refused["Message"]
