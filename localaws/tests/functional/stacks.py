"""Stacks as tests drive them: make one, follow it to its end, read its events."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

Template = dict[str, Any]
DEADLINE = 60.0


class Stacks:
    """CloudFormation through one client."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def create(self, name: str, template: Template, **more: Any) -> dict[str, Any]:
        """The stack once it rests, whatever came of it."""
        arn = self.client.create_stack(StackName=name, TemplateBody=json.dumps(template), **more)["StackId"]
        return self.rest(arn)

    def update(self, name: str, template: Template, **more: Any) -> dict[str, Any]:
        return self.rest(self.client.update_stack(StackName=name, TemplateBody=json.dumps(template), **more)["StackId"])

    def delete(self, name: str, **more: Any) -> dict[str, Any]:
        arn = self.client.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        self.client.delete_stack(StackName=name, **more)
        return self.rest(arn)

    def rest(self, name: str) -> dict[str, Any]:
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            stack: dict[str, Any] = self.client.describe_stacks(StackName=name)["Stacks"][0]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return stack
            time.sleep(0.02)
        raise AssertionError(f"{name} is still {stack['StackStatus']}")

    def change_set(self, name: str, template: Template, **more: Any) -> dict[str, Any]:
        """A change set as DescribeChangeSet gives it with values, once it is made or failed."""
        request = {"StackName": name, "ChangeSetName": "changes", "TemplateBody": json.dumps(template), **more}
        arn = self.client.create_change_set(**request)["Id"]
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            found: dict[str, Any] = self.client.describe_change_set(ChangeSetName=arn, IncludePropertyValues=True)
            if found["Status"] in ("CREATE_COMPLETE", "FAILED"):
                return found
            time.sleep(0.02)
        raise AssertionError(f"change set is still {found['Status']}")

    def changes(self, name: str, template: Template, **more: Any) -> dict[str, dict[str, Any]]:
        """ResourceChange by logical id."""
        found = self.change_set(name, template, **more)["Changes"]
        return {each["ResourceChange"]["LogicalResourceId"]: each["ResourceChange"] for each in found}

    def events(self, name: str) -> list[tuple[str, str]]:
        """(logical id, status), oldest first."""
        return [(event["LogicalResourceId"], event["ResourceStatus"]) for event in self.full_events(name)]

    def full_events(self, name: str) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("describe_stack_events").paginate(StackName=name)
        return [event for page in pages for event in page["StackEvents"]][::-1]

    def reasons(self, name: str, status: str) -> list[str]:
        return [
            event.get("ResourceStatusReason", "")
            for event in self.full_events(name)
            if event["ResourceStatus"] == status
        ]

    def physical_id(self, name: str, logical_id: str) -> str:
        answer = self.client.describe_stack_resource(StackName=name, LogicalResourceId=logical_id)
        return str(answer["StackResourceDetail"]["PhysicalResourceId"])

    def outputs(self, name: str) -> dict[str, str]:
        stack = self.client.describe_stacks(StackName=name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def resources(**each: Any) -> Template:
    """A template of resources only."""
    return {"Resources": each}


def parameter(name: str, value: Any = "v", **more: Any) -> Template:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Name": name, "Type": "String", "Value": value}, **more}


HANDLE: Template = {"Type": "AWS::CloudFormation::WaitConditionHandle"}


def refused(call: Any, *arguments: Any, **request: Any) -> tuple[str, str]:
    """(code, message) of the error that a call answers."""
    with pytest.raises(ClientError) as error:
        call(*arguments, **request)
    answer = error.value.response["Error"]
    return answer["Code"], answer["Message"]
