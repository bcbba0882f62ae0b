"""AWS::SNS: topics, topic policies and subscriptions."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from localaws.services.cloudformation.differences import changed_properties
from localaws.services.cloudformation.resource_types.attributes import AttributePolicy, attribute_text
from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource, ResourceType
from localaws.services.cloudformation.resource_types.declarative import ApiResource
from localaws.services.cloudformation.resource_types.tags import by_arn

_TOPIC_ATTRIBUTES = (
    "ArchivePolicy",
    "ContentBasedDeduplication",
    "DisplayName",
    "FifoTopic",
    "KmsMasterKeyId",
    "SignatureVersion",
    "TracingConfig",
)
_SUBSCRIPTION_ATTRIBUTES = (
    "DeliveryPolicy",
    "FilterPolicy",
    "FilterPolicyScope",
    "RawMessageDelivery",
    "RedrivePolicy",
    "SubscriptionRoleArn",
)


class Topic(ApiResource):
    type_name = "AWS::SNS::Topic"
    service = "sns"
    create_operation = "create_topic"
    delete_operation = "delete_topic"
    identifier = "TopicArn"
    name_property = "TopicName"
    name_limit = 256
    rename: ClassVar[dict[str, str]] = {"TopicName": "Name"}
    settings = frozenset({"Subscription", *_TOPIC_ATTRIBUTES})
    tagging = by_arn("sns")

    def named(self, context: Context, properties: Properties) -> Properties:
        found = super().named(context, properties)
        if attribute_text(found.get("FifoTopic", False)) == "true" and not properties.get("TopicName"):
            return {**found, "TopicName": f"{found['TopicName'][:250]}.fifo"}
        return found

    def create(self, context: Context, properties: Properties) -> Resource:
        named = self.named(context, properties)
        given = {name: attribute_text(named[name]) for name in _TOPIC_ATTRIBUTES if name in named}
        sent = {name: value for name, value in named.items() if name not in self.settings}
        arn = context.call("sns", "create_topic", sent, self.rename, Attributes=given)["TopicArn"]
        attributes = {"TopicArn": arn, "TopicName": named["TopicName"], "Arn": arn}
        resource = Resource(arn, attributes)
        context.report(resource)
        self._subscribe(context, arn, [], named.get("Subscription", []))
        return resource

    def configure(self, context: Context, resource: Resource, before: Properties, after: Properties) -> None:
        client = context.client("sns")
        for name in _TOPIC_ATTRIBUTES:
            if before.get(name) != after.get(name):
                client.set_topic_attributes(
                    TopicArn=resource.physical_id,
                    AttributeName=name,
                    AttributeValue=attribute_text(after.get(name, "")),
                )
        self._subscribe(context, resource.physical_id, before.get("Subscription", []), after.get("Subscription", []))

    def _subscribe(self, context: Context, arn: str, before: list[Any], after: list[Any]) -> None:
        client = context.client("sns")
        for each in after:
            if each not in before:
                client.subscribe(TopicArn=arn, Protocol=each["Protocol"], Endpoint=each["Endpoint"])
        gone = [(each["Protocol"], each["Endpoint"]) for each in before if each not in after]
        if not gone:
            return
        for answer in client.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn):
            for found in answer["Subscriptions"]:
                # One that nobody confirmed has no ARN yet and cannot be removed; SNS forgets it by itself.
                pending = found["SubscriptionArn"] == "PendingConfirmation"
                if (found["Protocol"], found["Endpoint"]) in gone and not pending:
                    client.unsubscribe(SubscriptionArn=found["SubscriptionArn"])


class TopicPolicy(AttributePolicy):
    type_name = "AWS::SNS::TopicPolicy"
    holders = "Topics"

    def put(self, context: Context, holder: str, policy: str) -> None:
        context.client("sns").set_topic_attributes(TopicArn=holder, AttributeName="Policy", AttributeValue=policy)

    def reset(self, context: Context, holder: str) -> None:
        """Its own account may use a new topic."""
        actions = (
            "GetTopicAttributes",
            "SetTopicAttributes",
            "AddPermission",
            "RemovePermission",
            "DeleteTopic",
            "Subscribe",
            "ListSubscriptionsByTopic",
            "Publish",
        )
        statement = {
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": [f"SNS:{action}" for action in actions],
            "Resource": holder,
            "Condition": {"StringEquals": {"AWS:SourceOwner": context.account}},
        }
        document = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
        self.put(context, holder, json.dumps(document))


class Subscription(ResourceType):
    type_name = "AWS::SNS::Subscription"

    def create(self, context: Context, properties: Properties) -> Resource:
        given = {name: attribute_text(properties[name]) for name in _SUBSCRIPTION_ATTRIBUTES if name in properties}
        arn = context.client("sns").subscribe(
            TopicArn=properties["TopicArn"],
            Protocol=properties["Protocol"],
            Endpoint=properties.get("Endpoint", ""),
            Attributes=given,
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        resource = Resource(arn, {"Arn": arn})
        context.report(resource)
        return resource

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        for name in changed_properties(before, after) & set(_SUBSCRIPTION_ATTRIBUTES):
            context.client("sns").set_subscription_attributes(
                SubscriptionArn=resource.physical_id,
                AttributeName=name,
                AttributeValue=attribute_text(after.get(name, "")),
            )
        return resource

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        context.client("sns").unsubscribe(SubscriptionArn=resource.physical_id)
