"""What the policy of an upload by a form allows: its end, and a condition for each field. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from localaws.core.errors import ServiceError

# The parts of the signature itself, and the content, which no condition is about.
_FREE = frozenset({"x-amz-signature", "signature", "awsaccesskeyid", "policy", "file"})
_IGNORED = "x-ignore-"


def refuse_unallowed(policy: str, fields: Mapping[str, str], size: int, now: datetime) -> None:
    """``fields`` have lower-case names, ``bucket`` among them. Raise AccessDenied, EntityTooLarge or EntityTooSmall, or
    InvalidPolicyDocument."""
    document = _read(policy)
    if _end(document) <= now:
        raise _denied("Policy expired.")
    covered = set()
    for condition in document["conditions"]:
        name = _check(condition, fields, size)
        covered.add(name)
    extra = sorted(set(fields) - covered - _FREE)
    extra = [name for name in extra if not name.startswith(_IGNORED)]
    if extra:
        raise _denied(f"Extra input fields: {', '.join(extra)}")


def _check(condition: Any, fields: Mapping[str, str], size: int) -> str:
    """The name of the field that a condition is about, which it holds for."""
    if isinstance(condition, dict) and len(condition) == 1:
        ((name, value),) = condition.items()
        operator, name = "eq", f"${name}"
    elif isinstance(condition, list) and len(condition) == 3:
        operator, name, value = condition
    else:
        raise _invalid(f"a condition is {json.dumps(condition)}")
    if str(operator).lower() == "content-length-range":
        _check_size(name, value, size)
        return ""
    field = str(name).lower().removeprefix("$")
    given = fields.get(field, "")
    holds = {"eq": given == str(value), "starts-with": given.startswith(str(value))}.get(str(operator).lower())
    if holds is None:
        raise _invalid(f"there is no operator {operator}")
    if not holds:
        raise _denied(f"Policy Condition failed: {json.dumps(condition)}")
    return field


def _check_size(smallest: Any, largest: Any, size: int) -> None:
    if not isinstance(smallest, int) or not isinstance(largest, int):
        raise _invalid("content-length-range takes two numbers")
    if size < smallest:
        raise ServiceError("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", 400)
    if size > largest:
        raise ServiceError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 400)


def _read(policy: str) -> dict[str, Any]:
    try:
        document = json.loads(base64.b64decode(policy, validate=True))
    except (binascii.Error, ValueError) as error:
        raise _invalid("it is not JSON in base64") from error
    if not isinstance(document, dict) or not isinstance(document.get("conditions"), list):
        raise _invalid("it has no conditions")
    return document


def _end(document: dict[str, Any]) -> datetime:
    try:
        found = datetime.fromisoformat(str(document["expiration"]))
    except (KeyError, ValueError) as error:
        raise _invalid("it has no expiration") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _denied(why: str) -> ServiceError:
    return ServiceError("AccessDenied", f"Invalid according to Policy: {why}", 403)


def _invalid(why: str) -> ServiceError:
    return ServiceError("InvalidPolicyDocument", f"The content of the form does not meet its policy's form: {why}", 400)
