"""Which message attributes SNS takes, and in which words it refuses the others. Pure.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from localaws.core.errors import ServiceError

_CODE = "ParameterValueInvalid"
_LONGEST_NAME = 256
_FIELDS = {"String": "StringValue", "Number": "StringValue", "Binary": "BinaryValue"}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def refuse_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> None:
    """ServiceError, ParameterValueInvalid, for the first attribute that SNS would refuse."""
    for name, attribute in attributes.items():
        problem = _name_problem(name) or _value_problem(name, attribute)
        if problem:
            raise ServiceError(_CODE, problem)


def _name_problem(name: str) -> str | None:
    if len(name.encode()) >= _LONGEST_NAME:
        return f"Length of message attribute name must be less than {_LONGEST_NAME} bytes."
    unknown = re.search(r"[^A-Za-z0-9_.-]", name)
    if unknown:
        return (
            f"Invalid non-alphanumeric character '#x{ord(unknown[0]):X}' was found in the message attribute name. Can "
            "only include alphanumeric characters, hyphens, underscores, or dots."
        )
    for place, found in (("starting", name.startswith(".")), ("ending", name.endswith("."))):
        if found:
            return f"Invalid message attribute name {place} with character '.' was found."
    return "Message attribute name can not have successive '.' character." if ".." in name else None


def _value_problem(name: str, attribute: Mapping[str, Any]) -> str | None:
    kind = str(attribute["DataType"])
    prefix = kind.partition(".")[0]
    field = _FIELDS.get(prefix)
    if field is None:
        return (
            f"The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes "
            "is Binary, Number, and String."
        )
    other = "BinaryValue" if field == "StringValue" else "StringValue"
    if other in attribute and field not in attribute:
        return f"The message attribute '{name}' with type '{kind}' must use field '{field.removesuffix('Value')}'."
    if not attribute.get(field):
        return (
            f"The message attribute '{name}' must contain non-empty message attribute value for message attribute type "
            f"'{kind}'."
        )
    if prefix == "Number" and not _NUMBER.fullmatch(str(attribute[field])):
        return f"Could not cast message attribute '{name}' value to number."
    return None
