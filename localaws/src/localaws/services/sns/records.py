"""SNS's subscriptions as documents (table ``sns.subscription``, by ARN), and the topics that moto keeps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from localaws.core.arn import Arn, ArnError
from localaws.core.caller import Caller
from localaws.core.errors import ServiceError

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document


_ARN_PARTS = 6


class Records:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.subscriptions = cloud.store.table("sns.subscription")

    def of_topic(self, topic_arn: str) -> list[Document]:
        return self.subscriptions.values(f"{topic_arn}:")

    def subscription(self, arn: str) -> Document:
        found = self.subscriptions.get(arn)
        if found is None:
            raise ServiceError("NotFound", "Subscription does not exist", 404)
        return found

    def refuse_absent_topic(self, topic_arn: str, caller: Caller) -> None:
        """NotFound where there is no such topic, InvalidParameter where the ARN is none that the caller may name."""
        self.refuse_foreign_topic(topic_arn, caller)
        self.topic_attributes(topic_arn)

    def refuse_foreign_topic(self, topic_arn: str, caller: Caller) -> None:
        """InvalidParameter where this is no ARN of a topic in the region that the caller speaks to."""
        try:
            topic = Arn.parse(topic_arn)
        except ArnError as error:
            parts = topic_arn.count(":") + 1
            said = f" Reason: An ARN must have at least 6 elements, not {parts}" if parts < _ARN_PARTS else ""
            raise ServiceError("InvalidParameter", f"Invalid parameter: TopicArn{said}") from error
        if topic.service != "sns" or ":" in topic.resource or topic.region != caller.region:
            raise ServiceError("InvalidParameter", "Invalid parameter: TopicArn")

    def topic_attributes(self, topic_arn: str) -> dict[str, str]:
        """NotFound where there is no such topic."""
        topic = Arn.parse(topic_arn)
        sns = self._cloud.client("sns", Caller.root(topic.account, topic.region))
        try:
            found: dict[str, str] = sns.get_topic_attributes(TopicArn=topic_arn)["Attributes"]
        except sns.exceptions.NotFoundException as error:
            raise ServiceError("NotFound", "Topic does not exist", 404) from error
        return found


def raw(subscription: Document) -> bool:
    return str(subscription["Attributes"].get("RawMessageDelivery", "false")).lower() == "true"


def redrive_queue(subscription: Document) -> str | None:
    policy = subscription["Attributes"].get("RedrivePolicy")
    return str(json.loads(policy)["deadLetterTargetArn"]) if policy else None
