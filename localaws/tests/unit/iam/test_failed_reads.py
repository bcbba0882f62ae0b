"""A policy that could not be read is not a policy that is not there."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.core.caller import Caller
from localaws.core.store import Store
from localaws.iam.resource_policies import ResourcePolicies
from localaws.moto.backend import MotoBackend

ME = Caller.root("123456789012", "us-west-2")


class Failing:
    """A client whose every operation ends in one error."""

    def __init__(self, status: int) -> None:
        self._status = status

    def __getattr__(self, name: str) -> Any:
        def fail(**_: Any) -> None:
            raise ClientError(
                {"Error": {"Code": "x", "Message": "x"}, "ResponseMetadata": {"HTTPStatusCode": self._status}}, name
            )

        return fail


def policies(status: int) -> ResourcePolicies:
    return ResourcePolicies(lambda service, caller: Failing(status), Store(None), MotoBackend(None))


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:kms:us-west-2:123456789012:key/0",
        "arn:aws:sqs:us-west-2:123456789012:q",
        "arn:aws:sns:us-west-2:123456789012:t",
        "arn:aws:events:us-west-2:123456789012:event-bus/b",
        "arn:aws:ecr:us-west-2:123456789012:repository/r",
        "arn:aws:secretsmanager:us-west-2:123456789012:secret:s-abcdef",
    ],
)
def test_a_failed_read_lets_no_request_pass(arn: str) -> None:
    with pytest.raises(ClientError):
        policies(501).of(ME, "any:Action", arn)
    assert policies(404).of(ME, "any:Action", arn).policy is None
