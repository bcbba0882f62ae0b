"""Connections to source providers, under both of their names, and notification rules."""

from __future__ import annotations

from typing import Any

from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource
from localaws.services.cloudformation.resource_types.declarative import ApiResource
from localaws.services.cloudformation.resource_types.tags import Tagging, by_arn


class CodeConnection(ApiResource):
    """A new connection is PENDING until somebody completes it by hand, as on AWS."""

    type_name = "AWS::CodeConnections::Connection"
    service = "codeconnections"
    create_operation = "create_connection"
    delete_operation = "delete_connection"
    identifier = "ConnectionArn"
    name_property = "ConnectionName"
    name_limit = 32
    tagging = by_arn("codeconnections")

    def identify(self, context: Context, properties: Properties, answer: dict[str, Any]) -> Resource:
        arn = str(answer["ConnectionArn"])
        attributes = {
            "Arn": arn,
            "ConnectionArn": arn,
            "ConnectionStatus": "PENDING",
            "OwnerAccountId": context.account,
        }
        return Resource(arn, attributes)


class CodeStarConnection(CodeConnection):
    type_name = "AWS::CodeStarConnections::Connection"
    service = "codestar-connections"
    tagging = by_arn("codestar-connections")


class NotificationRule(ApiResource):
    type_name = "AWS::CodeStarNotifications::NotificationRule"
    service = "codestar-notifications"
    create_operation = "create_notification_rule"
    update_operation = "update_notification_rule"
    delete_operation = "delete_notification_rule"
    identifier = "Arn"
    tagging = Tagging("codestar-notifications", "tag_resource", "Arn", "Tags", "untag_resource", "TagKeys")

    def identify(self, context: Context, properties: Properties, answer: dict[str, Any]) -> Resource:
        return Resource(str(answer["Arn"]), {"Arn": answer["Arn"]})
