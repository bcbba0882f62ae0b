"""The policy of an upload by a form: every field needs a condition that holds for it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from localaws.core.errors import ServiceError
from localaws.front_door.post_policy import refuse_unallowed

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIELDS = {"bucket": "b", "key": "up/x", "policy": "", "x-amz-signature": "", "x-ignore-me": "1"}
CONDITIONS: list[Any] = [{"bucket": "b"}, ["starts-with", "$key", "up/"]]


def judged(
    conditions: Any, fields: dict[str, str] | None = None, size: int = 5, expiration: Any = "2026-01-01T00:00:01Z"
) -> str | None:
    text = json.dumps({"expiration": expiration, "conditions": conditions})
    try:
        refuse_unallowed(base64.b64encode(text.encode()).decode(), fields or FIELDS, size, NOW)
    except ServiceError as error:
        return error.code
    return None


def test_what_every_condition_allows_is_allowed() -> None:
    assert judged(CONDITIONS) is None
    assert judged([*CONDITIONS, ["content-length-range", 5, 5], ["eq", "$Key", "up/x"]]) is None


@pytest.mark.parametrize(
    ("conditions", "code"),
    [
        (CONDITIONS[:1], "AccessDenied"),
        (CONDITIONS[1:], "AccessDenied"),
        ([{"bucket": "c"}, CONDITIONS[1]], "AccessDenied"),
        ([*CONDITIONS, ["eq", "$key", "up/y"]], "AccessDenied"),
        ([*CONDITIONS, ["eq", "$acl", "private"]], "AccessDenied"),
        ([*CONDITIONS, ["content-length-range", 6, 9]], "EntityTooSmall"),
        ([*CONDITIONS, ["content-length-range", 0, 4]], "EntityTooLarge"),
        ([*CONDITIONS, ["content-length-range", "0", "9"]], "InvalidPolicyDocument"),
        ([*CONDITIONS, ["matches", "$key", ".*"]], "InvalidPolicyDocument"),
        ([*CONDITIONS, "bucket"], "InvalidPolicyDocument"),
        ([*CONDITIONS, {}], "InvalidPolicyDocument"),
        (None, "InvalidPolicyDocument"),
    ],
)
def test_what_a_condition_does_not_allow_is_refused(conditions: Any, code: str) -> None:
    assert judged(conditions) == code


def test_a_field_without_a_condition_is_refused() -> None:
    assert judged(CONDITIONS, {**FIELDS, "acl": "public-read"}) == "AccessDenied"


@pytest.mark.parametrize("end", ["2026-01-01T00:00:00Z", "2025-12-31", (NOW - timedelta(days=1)).isoformat()])
def test_a_policy_that_has_ended_is_refused(end: str) -> None:
    assert judged(CONDITIONS, expiration=end) == "AccessDenied"


@pytest.mark.parametrize("end", [None, "soon", 5])
def test_a_policy_without_an_end_is_none(end: Any) -> None:
    assert judged(CONDITIONS, expiration=end) == "InvalidPolicyDocument"


@pytest.mark.parametrize("text", ["", "{", "bm8gSlNPTg==", "W10="])
def test_a_policy_that_cannot_be_read_is_none(text: str) -> None:
    with pytest.raises(ServiceError) as refused:
        refuse_unallowed(text, FIELDS, 1, NOW)
    assert refused.value.code == "InvalidPolicyDocument"
