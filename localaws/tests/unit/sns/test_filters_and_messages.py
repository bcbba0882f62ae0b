"""Filter policies of subscriptions, and the forms of a message."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from localaws.core.errors import ServiceError
from localaws.services.sns.filters import nests, passes, policy_problem
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


BODY, BY_NAME = "MessageBody", "MessageAttributes"


@pytest.mark.parametrize(
    ("policy", "scope", "problem"),
    [
        ({"a": [1]}, BY_NAME, None),
        ({"a": 1}, BY_NAME, "must be an object or an array"),
        ({"a": [{"anything-but": {"suffix": "z"}}]}, BY_NAME, "Unsupported anything-but pattern: suffix"),
        ({"$or": [{"a": [{"anything-but": {"suffix": "z"}}]}, {"b": [1]}]}, BY_NAME, "anything-but pattern: suffix"),
        ({"a": list(range(150))}, BY_NAME, None),
        ({"a": list(range(151))}, BY_NAME, "too complex"),
        ({"a": list(range(16)), "b": list(range(10))}, BY_NAME, "too complex"),
        ({name: [1] for name in "abcde"}, BY_NAME, None),
        ({name: [1] for name in "abcdef"}, BY_NAME, "more than 5 keys"),
        ({"a": {name: [1] for name in "bcdefgh"}}, BODY, None),  # only the outermost keys count
        ({"a": {"b": {"c": [1, 2, 3, 4]}}, "d": {"e": [1, 2, 3]}, "f": [1, 2, 3]}, BODY, "too complex"),  # 216
        ({"a": {"b": {"c": [1, 2, 3, 4]}}, "d": {"e": [1, 2, 3]}, "f": [1, 2]}, BODY, None),  # 144
        ({"s": [1, 2, 3], "$or": [{"m": list(range(6))}, {"t": list(range(44))}]}, BY_NAME, None),  # 150
        ({"s": [1, 2, 3], "$or": [{"m": list(range(6))}, {"t": list(range(45))}]}, BY_NAME, "too complex"),  # 153
    ],
)
def test_a_wrong_policy_is_explained(policy: dict[str, Any], scope: str, problem: str | None) -> None:
    found = policy_problem(json.dumps(policy), scope)
    assert (found is None) == (problem is None), found
    assert problem is None or problem in str(found)


def test_a_policy_that_is_no_json_is_explained() -> None:
    assert "failed to parse JSON" in str(policy_problem("{", BODY))


def test_a_policy_nests_where_a_member_has_members() -> None:
    assert nests('{"a": {"b": [1]}}')
    assert not nests('{"a": [1], "$or": [{"b": [1]}, {"c": [1]}]}')


@pytest.mark.parametrize("body", ['{"a.b": "x"}', '[{"a": {"b": "y"}}, {"a": {"b": "x"}}]'])
def test_a_body_with_dots_or_of_several_objects_is_filtered_too(body: str) -> None:
    assert passes('{"a": {"b": ["x"]}}', BODY, body, {})


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
        ('{"default": {"a": 1}}', {"structure": "json"}),
        ("x", {"deduplication": "d"}),
    ],
)
def test_a_wrong_message_is_refused(text: str, options: dict[str, Any]) -> None:
    with pytest.raises(ServiceError) as refused:
        refuse(_message(text, **options), deduplicates_by_content=False)
    assert refused.value.code == "InvalidParameter"


def _text(kind: str, value: Any = "v") -> dict[str, Any]:
    return {"DataType": kind, "StringValue": value}


@pytest.mark.aws_rule(
    "A message attribute has a valid name, a known type and a value of it",
    page="https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html",
)
@pytest.mark.parametrize(
    ("name", "attribute", "word"),
    [
        ("a", _text("String", ""), "non-empty message attribute value for message attribute type 'String'"),
        ("a", {"DataType": "String"}, "non-empty"),
        ("a", {"DataType": "Binary", "BinaryValue": b""}, "non-empty"),
        ("a", {"DataType": "String", "BinaryValue": b"x"}, "must use field 'String'"),
        ("a", {"DataType": "Number", "BinaryValue": b"x"}, "must use field 'String'"),
        ("a", _text("Binary"), "must use field 'Binary'"),
        ("a", _text("Text"), "invalid message attribute type"),
        ("a", _text("string"), "invalid message attribute type"),
        ("a", _text("Number", "five"), "to number"),
        ("a" * 256, _text("String"), "less than 256 bytes"),
        ("a^b", _text("String"), "'#x5E'"),
        (".a", _text("String"), "starting with character '.'"),
        ("a.", _text("String"), "ending with character '.'"),
        ("a..b", _text("String"), "successive '.'"),
    ],
)
def test_a_wrong_attribute_is_refused(name: str, attribute: dict[str, Any], word: str) -> None:
    with pytest.raises(ServiceError) as refused:
        refuse(_message(attributes={name: attribute}), deduplicates_by_content=False)
    assert (refused.value.code, word in refused.value.message) == ("ParameterValueInvalid", True)


@pytest.mark.parametrize(
    "attribute",
    [
        _text("String"),
        _text("String.Array", '["a"]'),
        _text("Number", "-5.0e3"),
        _text("Number.int", "5"),
        {"DataType": "Binary", "BinaryValue": b"x"},
    ],
)
def test_what_sns_takes_for_an_attribute_is_taken(attribute: dict[str, Any]) -> None:
    refuse(_message(attributes={"a.b-c_1": attribute}), deduplicates_by_content=False)


def test_a_fifo_message_needs_an_order_and_an_identity() -> None:
    fifo = Message("id", "arn:aws:sns:eu-west-1:1:t.fifo", "m", datetime(2030, 1, 1, tzinfo=UTC), group="g")
    refuse(fifo, deduplicates_by_content=True)
    assert fifo.deduplication_id == hashlib.sha256(b"m").hexdigest()
    with pytest.raises(ServiceError, match="ContentBasedDeduplication"):
        refuse(fifo, deduplicates_by_content=False)
    refuse(dataclasses.replace(fifo, deduplication="d"), deduplicates_by_content=False)
    with pytest.raises(ServiceError, match="MessageGroupId"):
        refuse(dataclasses.replace(fifo, group=None), deduplicates_by_content=True)
