"""How EventBridge classifies what a target answers, and who may put events on a bus."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.core.errors import ServiceError
from localaws.policies.bus_policies import may_put_events, statement
from localaws.services.events.failures import explained

BUS = "arn:aws:events:eu-west-1:333333333333:event-bus/b"


@pytest.mark.parametrize(
    ("code", "status", "expected", "retriable"),
    [
        ("ThrottlingException", 400, "THROTTLING", True),
        ("ConcurrentPipelineExecutionsLimitExceededException", 400, "THROTTLING", True),
        ("AccessDeniedException", 403, "NO_PERMISSIONS", False),
        ("ResourceNotFound", 400, "NO_RESOURCE", False),
        ("AWS.SimpleQueueService.NonExistentQueue", 400, "NO_RESOURCE", False),
        ("ValidationException", 400, "INVALID_PARAMETER", False),
        ("InternalFailure", 500, "ERROR_FROM_TARGET", True),
        ("NotImplemented", 501, "ERROR_FROM_TARGET", False),
    ],
)
def test_an_error_of_the_target(code: str, status: int, expected: str, retriable: bool) -> None:
    response: Any = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    for error in (ClientError(response, "Call"), ServiceError(code, "m", status)):
        found = explained(error)
        assert (found.code, found.retriable, found.target_code) == (expected, retriable, code)


def test_an_error_of_no_target_is_tried_again() -> None:
    assert explained(OSError("disk")).retriable


def test_a_bus_is_closed_to_other_accounts_without_a_policy() -> None:
    assert not may_put_events(None, "111111111111", BUS)


@pytest.mark.parametrize(("principal", "account", "allowed"), [("*", "1" * 12, True), ("2" * 12, "1" * 12, False)])
def test_a_bus_is_open_to_whom_its_policy_names(principal: str, account: str, allowed: bool) -> None:
    policy = {"Statement": [statement("s", principal, "events:PutEvents", BUS, None)]}
    assert may_put_events(policy, account, BUS) is allowed


def test_a_deny_and_another_bus_close_it_again() -> None:
    allow = statement("s", "*", "events:PutEvents", BUS, None)
    assert not may_put_events({"Statement": [allow, {**allow, "Effect": "Deny"}]}, "1" * 12, BUS)
    assert not may_put_events({"Statement": [{**allow, "Resource": f"{BUS}-other"}]}, "1" * 12, BUS)
