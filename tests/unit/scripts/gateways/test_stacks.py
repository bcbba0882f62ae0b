"""Executing a change set that another run of the same command is executing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.errors import ServiceResponseError
from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import Actor
from scripts.gateways.stacks import ChangeSet, StackRequest, Stacks

ARN = "arn:aws:cloudformation:ap-southeast-2:550011223344:changeSet/release-1"
CHANGE_SET = ChangeSet(f"{ARN}/1", "release-1", "batch-inference", ())


class CloudFormation:
    """Refuses to execute; ``status`` is the change set's."""

    def __init__(self, status: str) -> None:
        self.status = status

    def execute_change_set(self, **_: Any) -> None:
        raise ClientError({"Error": {"Code": "InvalidChangeSetStatus", "Message": self.status}}, "ExecuteChangeSet")

    def describe_change_set(self, **_: Any) -> dict[str, Any]:
        return {"ExecutionStatus": self.status, "Changes": []}


def stacks(status: str) -> Stacks:
    session = SimpleNamespace(region_name="ap-southeast-2")
    account = Account(session, Actor("550011223344"), Counter())
    account._clients["cloudformation"] = CloudFormation(status)
    return Stacks(account, lambda _: None)


@pytest.mark.parametrize("status", ["EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE"])
def test_what_another_run_executes_is_left_to_be_followed(status: str) -> None:
    stacks(status).execute(CHANGE_SET)


def test_a_change_set_that_cannot_be_executed_is_an_error() -> None:
    with pytest.raises(ServiceResponseError, match="InvalidChangeSetStatus"):
        stacks("UNAVAILABLE").execute(CHANGE_SET)


class Tokens:
    """Executes, and refuses a token that came with another change set, as CloudFormation does."""

    def __init__(self) -> None:
        self.made = ""  # the change set that has the name now
        self.seen: dict[str, str] = {}
        self.executed: list[str] = []

    def execute_change_set(self, **request: Any) -> None:
        token = request["ClientRequestToken"]
        if self.seen.setdefault(token, self.made) != self.made:
            raise ClientError({"Error": {"Code": "TokenAlreadyExistsException", "Message": ""}}, "ExecuteChangeSet")
        if self.made not in self.executed:
            self.executed.append(self.made)


@pytest.mark.aws_rule(
    "ExecuteChangeSet refuses a ClientRequestToken that came with another change set",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ExecuteChangeSet.html",
)
def test_a_release_that_comes_back_is_a_new_intention_and_a_lost_answer_is_none() -> None:
    tokens = Tokens()
    account = Account(SimpleNamespace(region_name="ap-southeast-2"), Actor("550011223344"), Counter())
    account._clients["cloudformation"] = tokens
    given = Stacks(account, lambda _: None)
    for change_set in (CHANGE_SET, CHANGE_SET, replace(CHANGE_SET, id=f"{ARN}/2")):
        tokens.made = change_set.id
        given.execute(change_set)
    assert tokens.executed == [f"{ARN}/1", f"{ARN}/2"]


class LostAnswers:
    """Makes a change set, and tells nobody: the client's second attempt meets the first one's."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.made: list[str] = []

    def create_change_set(self, **request: Any) -> None:
        self.made.append(request["ChangeSetName"])
        raise ClientError({"Error": {"Code": self.code, "Message": "already exists"}}, "CreateChangeSet")

    def describe_change_set(self, **request: Any) -> dict[str, Any]:
        if not self.made:
            raise ClientError({"Error": {"Code": "ChangeSetNotFound", "Message": ""}}, "DescribeChangeSet")
        status = {"Status": "CREATE_COMPLETE", "ExecutionStatus": "AVAILABLE"}
        return {**status, "ChangeSetId": f"{ARN}/1", "Changes": []}


def _make_with_lost_answers(code: str) -> ChangeSet:
    account = Account(SimpleNamespace(region_name="ap-southeast-2"), Actor("550011223344"), Counter())
    account._clients["cloudformation"] = LostAnswers(code)
    request = StackRequest("batch-inference", "release-1", "UPDATE", "{}", {}, None, None, "d")
    return Stacks(account, lambda _: None).make_change_set(request)


def test_a_change_set_whose_making_was_never_told_is_taken() -> None:
    assert _make_with_lost_answers("AlreadyExistsException") == CHANGE_SET


def test_another_refusal_of_it_is_an_error() -> None:
    with pytest.raises(ServiceResponseError, match="LimitExceededException"):
        _make_with_lost_answers("LimitExceededException")


STACK = "arn:aws:cloudformation:ap-southeast-2:550011223344:stack/batch-inference/1"


class Events:
    """Two failed operations of one stack, newest event first, two events a page."""

    def get_paginator(self, operation: str) -> Events:
        assert operation == "describe_stack_events"
        return self

    def paginate(self, **_: Any) -> Any:
        told = [
            (STACK, "UPDATE_ROLLBACK_COMPLETE", ""),
            ("nested", "UPDATE_IN_PROGRESS", "a stack within"),
            ("table", "UPDATE_FAILED", "the newest reason"),
            (STACK, "UPDATE_ROLLBACK_IN_PROGRESS", "failed"),
            ("queue", "UPDATE_FAILED", "the first reason"),
            (STACK, "UPDATE_IN_PROGRESS", "User Initiated"),
            ("role", "UPDATE_FAILED", "an older operation's reason"),
            (STACK, "UPDATE_IN_PROGRESS", "User Initiated"),
        ]
        events = [
            {
                "EventId": str(number),
                "StackId": STACK,
                "LogicalResourceId": resource,
                "PhysicalResourceId": resource,
                "ResourceType": "AWS::CloudFormation::Stack",
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
            }
            for number, (resource, status, reason) in enumerate(told)
        ]
        return ({"StackEvents": events[start : start + 2]} for start in range(0, len(events), 2))


def test_failures_are_those_of_the_newest_operation_alone() -> None:
    account = Account(SimpleNamespace(region_name="ap-southeast-2"), Actor("550011223344"), Counter())
    account._clients["cloudformation"] = Events()
    found = Stacks(account, lambda _: None).failures(STACK)
    assert [line.rpartition(": ")[2] for line in found] == ["the first reason", "the newest reason"]
