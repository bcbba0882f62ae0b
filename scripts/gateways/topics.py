"""An SNS topic: who is subscribed to it, who has not confirmed that yet, and who may publish to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import told_as_deployment_errors

_PENDING = ("PendingConfirmation", "Deleted")  # stands where a confirmed subscription has its ARN


@dataclass(frozen=True)
class Subscription:
    protocol: str
    endpoint: str
    confirmed: bool


def subscriptions(account: Account, topic_arn: str) -> list[Subscription]:
    with told_as_deployment_errors(account.actor):
        pages = account.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic_arn)
        return [
            Subscription(each["Protocol"], each["Endpoint"], each["SubscriptionArn"] not in _PENDING)
            for page in pages
            for each in page["Subscriptions"]
        ]


def topic_policy(account: Account, topic_arn: str) -> dict[str, Any]:
    with told_as_deployment_errors(account.actor):
        return json.loads(account.client("sns").get_topic_attributes(TopicArn=topic_arn)["Attributes"]["Policy"])
