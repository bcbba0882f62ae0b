"""Stack policies: what is not allowed is denied, and a Deny wins."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localaws.policies.stack_policy import denial

ALLOW_ALL = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}


@pytest.mark.parametrize(
    ("statements", "action", "allowed"),
    [
        ([ALLOW_ALL], "Update:Replace", True),
        ([], "Update:Modify", False),
        (
            [ALLOW_ALL, {"Effect": "Deny", "Action": "Update:Replace", "Resource": "LogicalResourceId/Db*"}],
            "Update:Replace",
            False,
        ),
        (
            [ALLOW_ALL, {"Effect": "Deny", "Action": "Update:Replace", "Resource": "LogicalResourceId/Db*"}],
            "Update:Modify",
            True,
        ),
        ([ALLOW_ALL, {"Effect": "Deny", "NotAction": "Update:Modify", "Resource": "*"}], "Update:Modify", True),
        (
            [
                ALLOW_ALL,
                {
                    "Effect": "Deny",
                    "Action": "Update:*",
                    "Resource": "*",
                    "Condition": {"StringEquals": {"ResourceType": ["AWS::SQS::Queue"]}},
                },
            ],
            "Update:Modify",
            True,
        ),
    ],
)
def test_what_a_policy_allows(statements: list[dict[str, Any]], action: str, allowed: bool) -> None:
    found = denial(json.dumps({"Statement": statements}), "Database", "AWS::SNS::Topic", action)
    found_for_db = denial(json.dumps({"Statement": statements}), "Db1", "AWS::SNS::Topic", action)
    assert (found_for_db is None) == allowed
    assert found is None or "Database" in found


def test_without_a_policy_everything_is_allowed() -> None:
    assert denial(None, "A", "AWS::SNS::Topic", "Update:Delete") is None
