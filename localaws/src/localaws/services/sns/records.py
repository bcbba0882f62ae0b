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

    def refuse_absent_topic(self, topic_arn: str) -> None:
        """NotFound where there is no such topic, InvalidParameter where the ARN is none of a topic."""
        try:
            topic = Arn.parse(topic_arn)
        except ArnError as error:
            raise ServiceError("InvalidParameter", "Invalid parameter: TopicArn") from error
        if topic.service != "sns" or ":" in topic.resource:
            raise ServiceError("InvalidParameter", "Invalid parameter: TopicArn")
        sns = self._cloud.client("sns", Caller.root(topic.account, topic.region))
        try:
            sns.get_topic_attributes(TopicArn=topic_arn)
        except sns.exceptions.NotFoundException as error:
            raise ServiceError("NotFound", "Topic does not exist", 404) from error


def raw(subscription: Document) -> bool:
    return str(subscription["Attributes"].get("RawMessageDelivery", "false")).lower() == "true"


def redrive_queue(subscription: Document) -> str | None:
    policy = subscription["Attributes"].get("RedrivePolicy")
    return str(json.loads(policy)["deadLetterTargetArn"]) if policy else None
