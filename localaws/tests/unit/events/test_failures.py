"""How EventBridge classifies what a target answers."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.core.errors import ServiceError
from localaws.services.events.failures import explained


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
