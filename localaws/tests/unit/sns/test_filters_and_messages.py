"""Filter policies of subscriptions, and the forms of a message."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from localaws.core.errors import ServiceError
from localaws.services.sns.filters import passes, policy_problem
from localaws.services.sns.messages import Message, document, refuse

ATTRIBUTES = {
    "kind": {"DataType": "String", "StringValue": "a"},
    "size": {"DataType": "Number", "StringValue": "5"},
    "many": {"DataType": "String.Array", "StringValue": '["x", "y"]'},
}


def _message(text: str = "text", **options: Any) -> Message:
    return Message("id", "arn:aws:sns:eu-west-1:1:t", text, datetime(2030, 1, 1, tzinfo=UTC), **options)


@pytest.mark.aws_rule(
    "A filter policy lets through what all its members match, by attributes or by the body",
    page="https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html",
)
@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (None, True),
        ({}, True),
        ({"kind": ["a", "b"]}, True),
        ({"kind": ["b"]}, False),
        ({"size": [{"numeric": [">=", 5]}]}, True),
        ({"size": ["5"]}, False),
        ({"many": ["y"]}, True),
        ({"absent": [{"exists": False}]}, True),
        ({"kind": ["a"], "absent": ["x"]}, False),
    ],
)
def test_attributes_are_filtered(policy: dict[str, Any] | None, expected: bool) -> None:
    text = None if policy is None else json.dumps(policy)
    assert passes(text, "MessageAttributes", "body", ATTRIBUTES) is expected


@pytest.mark.parametrize(("body", "expected"), [('{"a": {"b": "x"}}', True), ('{"a": {}}', False), ("text", False)])
def test_a_body_is_filtered_by_its_members(body: str, expected: bool) -> None:
    assert passes('{"a": {"b": ["x"]}}', "MessageBody", body, {}) is expected


def test_a_wrong_policy_is_explained() -> None:
    assert policy_problem('{"a": [1]}') is None
    assert policy_problem('{"a": 1}')
    assert policy_problem("{")


def test_each_protocol_may_have_its_own_text() -> None:
    message = _message(json.dumps({"default": "d", "sqs": "q"}), structure="json")
    assert (message.text_for("sqs"), message.text_for("email")) == ("q", "d")


@pytest.mark.aws_rule(
    "A notification is the documented JSON document",
    page="https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html",
)
def test_the_document_has_what_aws_puts_in_it() -> None:
    shown = json.loads(document(_message(subject="S", attributes=ATTRIBUTES), "sqs", "subscription"))
    assert (shown["Type"], shown["Message"], shown["Subject"]) == ("Notification", "text", "S")
    assert shown["Timestamp"] == "2030-01-01T00:00:00.000Z"
    assert shown["MessageAttributes"]["size"] == {"Type": "Number", "Value": "5"}


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("", {}),
        ("x" * (256 * 1024 + 1), {}),
        ("x", {"subject": "two\nlines"}),
        ("x", {"structure": "json"}),
        ('{"sqs": "q"}', {"structure": "json"}),
        ("x", {"structure": "xml"}),
    ],
)
def test_a_wrong_message_is_refused(text: str, options: dict[str, Any]) -> None:
    with pytest.raises(ServiceError) as refused:
        refuse(_message(text, **options))
    assert refused.value.code == "InvalidParameter"
