"""Stack policies: what is not allowed is denied, a Deny wins, and what they cannot say is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localaws.core.errors import ServiceError
from localaws.policies.stack_policy import check_policy_document, denial
from tests.unit.policies.guide import EVERYBODY, STACKS, allow, deny, without

ALLOW_ALL = allow("Update:*", **EVERYBODY)
TOPIC, QUEUE = "AWS::SNS::Topic", "AWS::SQS::Queue"


def of_type(operator: str, *types: str) -> dict[str, Any]:
    return deny("Update:*", Condition={operator: {"ResourceType": list(types)}}, **EVERYBODY)


@pytest.mark.aws_rule(
    "Once a stack has a policy, every update that it does not allow is denied",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html",
)
@pytest.mark.parametrize(
    ("statements", "action", "allowed"),
    [
        ([ALLOW_ALL], "Update:Replace", True),
        ([allow("Update:Modify", **EVERYBODY)], "Update:Replace", False),
        ([allow("*", **EVERYBODY)], "Update:Delete", True),
        ([ALLOW_ALL, deny("Update:Replace", "LogicalResourceId/Db*", **EVERYBODY)], "Update:Replace", False),
        ([ALLOW_ALL, deny("Update:Replace", "LogicalResourceId/Db*", **EVERYBODY)], "Update:Modify", True),
        ([ALLOW_ALL, deny("Update:*", "LogicalResourceId/db*", **EVERYBODY)], "Update:Modify", True),
        ([ALLOW_ALL, {**without(deny(**EVERYBODY), "Action"), "NotAction": "Update:Modify"}], "Update:Modify", True),
        ([ALLOW_ALL, {**without(deny(**EVERYBODY), "Action"), "NotAction": "Update:Modify"}], "Update:Delete", False),
        (
            [ALLOW_ALL, {**without(deny("*", **EVERYBODY), "Resource"), "NotResource": "LogicalResourceId/Db1"}],
            "Update:Modify",
            True,
        ),
        ([ALLOW_ALL, of_type("StringEquals", QUEUE)], "Update:Modify", True),
        ([ALLOW_ALL, of_type("StringEquals", QUEUE, TOPIC)], "Update:Modify", False),
        ([ALLOW_ALL, of_type("StringEquals", "AWS::SNS::*")], "Update:Modify", True),
        ([ALLOW_ALL, of_type("StringLike", "AWS::SNS::*")], "Update:Modify", False),
    ],
)
def test_what_a_policy_allows(statements: list[dict[str, Any]], action: str, allowed: bool) -> None:
    body = json.dumps({"Statement": statements})
    check_policy_document(body)
    found = denial(body, "Db1", TOPIC, action)
    assert (found is None) == allowed, STACKS
    assert found is None or "Db1" in found


def test_a_denial_names_the_statement() -> None:
    found = denial(json.dumps({"Statement": [ALLOW_ALL, of_type("StringLike", "*")]}), "A", TOPIC, "Update:Modify")
    assert found == "Action denied by stack policy: Statement [#2] denies [Update:Modify] for resource [A]"


@pytest.mark.parametrize(
    "statement",
    [
        without(ALLOW_ALL, "Principal"),
        {**ALLOW_ALL, "Principal": {"AWS": "111111111111"}},
        without(ALLOW_ALL, "Resource"),
        {**ALLOW_ALL, "Action": "Update:Nothing"},
        {**ALLOW_ALL, "Action": "s3:GetObject"},
        {**ALLOW_ALL, "Resource": "arn:aws:s3:::b"},
        of_type("StringNotEquals", TOPIC),
        of_type("StringMatches", TOPIC),
        {**ALLOW_ALL, "Condition": {"StringEquals": {"aws:username": "ann"}}},
    ],
)
def test_what_a_stack_policy_cannot_say_is_refused(statement: dict[str, Any]) -> None:
    with pytest.raises(ServiceError, match="Error validating stack policy: "):
        check_policy_document(json.dumps({"Statement": [statement]}))


@pytest.mark.aws_rule(
    "A stack without a stack policy may be updated everywhere",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html",
)
def test_without_a_policy_everything_is_allowed() -> None:
    assert denial(None, "A", TOPIC, "Update:Delete") is None
