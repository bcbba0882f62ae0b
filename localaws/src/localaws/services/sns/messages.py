"""The forms in which a message leaves SNS: the JSON document, the raw message, the text of one protocol. Pure.

Documents are not signed: whoever verifies signatures must not do so against localaws.
https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localaws.core.errors import ServiceError
from localaws.services.sns.message_attributes import refuse_attributes

LARGEST = 256 * 1024


@dataclass(frozen=True)
class Message:
    """One published message. ``attributes`` are as Publish gives them (``DataType``, ``StringValue`` ...)."""

    identifier: str
    topic_arn: str
    text: str
    time: datetime
    subject: str | None = None
    structure: str | None = None
    attributes: dict[str, dict[str, Any]] = field(default_factory=dict)
    group: str | None = None
    deduplication: str | None = None

    def text_for(self, protocol: str) -> str:
        """The message for one protocol; with ``MessageStructure`` json each may have its own."""
        if self.structure != "json":
            return self.text
        texts = json.loads(self.text)
        own = texts.get(protocol)
        return str(own if isinstance(own, str) else texts["default"])

    @property
    def deduplication_id(self) -> str:
        """Its own, or else the SHA-256 of its text."""
        return self.deduplication or hashlib.sha256(self.text.encode()).hexdigest()


def refuse(message: Message, deduplicates_by_content: bool) -> None:
    """ServiceError where SNS would not take the message. ``deduplicates_by_content``: what its FIFO topic says."""
    if not message.text:
        raise ServiceError("InvalidParameter", "Invalid parameter: Empty message")
    if len(message.text.encode()) + _size(message.attributes) > LARGEST:
        raise ServiceError("InvalidParameter", "Invalid parameter: Message too long")
    subject = message.subject
    if subject is not None and (not subject or len(subject) > 100 or "\n" in subject):
        raise ServiceError("InvalidParameter", "Invalid parameter: Subject")
    if message.structure not in (None, "json"):
        raise ServiceError("InvalidParameter", "Invalid parameter: MessageStructure")
    if message.structure == "json":
        _refuse_structure(message.text)
    refuse_attributes(message.attributes)
    _refuse_order(message, deduplicates_by_content)


def _refuse_order(message: Message, deduplicates_by_content: bool) -> None:
    """What a FIFO topic needs, and what a standard topic does not know."""
    problem = None
    if not message.topic_arn.endswith(".fifo"):
        if message.deduplication is not None:
            problem = (
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not "
                "valid for this topic type"
            )
    elif not message.group:
        problem = "The MessageGroupId parameter is required for FIFO topics"
    elif not message.deduplication and not deduplicates_by_content:
        problem = (
            "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
            "explicitly"
        )
    if problem:
        raise ServiceError("InvalidParameter", f"Invalid parameter: {problem}")


def _size(attributes: dict[str, dict[str, Any]]) -> int:
    """Bytes of attributes, which count as the message's own."""
    return sum(
        len(name.encode())
        + sum(len(value if isinstance(value, bytes) else str(value).encode()) for value in attribute.values())
        for name, attribute in attributes.items()
    )


def _refuse_structure(text: str) -> None:
    try:
        texts = json.loads(text)
    except ValueError as error:
        raise ServiceError(
            "InvalidParameter", "Invalid parameter: Message Structure - JSON message body failed to parse"
        ) from error
    if not isinstance(texts, dict) or not isinstance(texts.get("default"), str):
        raise ServiceError(
            "InvalidParameter", "Invalid parameter: Message Structure - No default entry in JSON message body"
        )


def document(message: Message, protocol: str, subscription_arn: str) -> str:
    """The JSON in which a queue or an email-json subscription receives a message that is not raw."""
    shown: dict[str, Any] = {
        "Type": "Notification",
        "MessageId": message.identifier,
        "TopicArn": message.topic_arn,
        **({"Subject": message.subject} if message.subject else {}),
        "Message": message.text_for(protocol),
        "Timestamp": written(message.time),
        "SignatureVersion": "1",
        "Signature": "localaws does not sign",
        "SigningCertURL": "",
        "UnsubscribeURL": subscription_arn,
    }
    if message.attributes:
        shown["MessageAttributes"] = {
            name: {"Type": attribute["DataType"], "Value": _shown_value(attribute)}
            for name, attribute in message.attributes.items()
        }
    return json.dumps(shown, indent=2, ensure_ascii=False)


def written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _shown_value(attribute: dict[str, Any]) -> str:
    binary = attribute.get("BinaryValue")
    return base64.b64encode(binary).decode() if binary is not None else str(attribute.get("StringValue", ""))
