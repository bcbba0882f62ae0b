"""A model that is made again: by a call whose first answer was lost, or past somebody else's."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.decisions.drift import Expected
from scripts.errors import ServiceResponseError
from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import Actor
from scripts.gateways.restored_resources import restore

ARN = "arn:aws:sagemaker:ap-southeast-2:550011223344:model/berths"
MODEL = Expected("Model", "AWS::SageMaker::Model", ARN, {"ExecutionRoleArn": "arn:role", "Containers": []})


class SageMaker:
    """Says of the model that it exists, after so many attempts of the client's."""

    def __init__(self, attempts: int, message: str) -> None:
        self.attempts, self.message = attempts, message
        self.asked = 0

    def create_model(self, **_: Any) -> None:
        self.asked += 1
        raise ClientError(
            {
                "Error": {"Code": "ValidationException", "Message": self.message},
                "ResponseMetadata": {"RetryAttempts": self.attempts},
            },
            "CreateModel",
        )


def put_back(attempts: int, message: str = "Cannot create already existing model") -> int:
    account = Account(SimpleNamespace(region_name="ap-southeast-2"), Actor("550011223344"), Counter())
    account._clients["sagemaker"] = sagemaker = SageMaker(attempts, message)
    restore(account, [MODEL], frozenset(["Model"]))
    return sagemaker.asked


def test_a_model_that_a_lost_answer_made_is_there() -> None:
    assert put_back(attempts=1) == 1


@pytest.mark.parametrize(("attempts", "message"), [(0, "Cannot create already existing model"), (1, "another reason")])
def test_one_that_somebody_else_made_or_another_refusal_is_an_error(attempts: int, message: str) -> None:
    with pytest.raises(ServiceResponseError, match="CreateModel failed"):
        put_back(attempts, message)
