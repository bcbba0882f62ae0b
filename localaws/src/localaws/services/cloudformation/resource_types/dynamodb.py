"""AWS::DynamoDB::Table."""

from __future__ import annotations

from typing import Any

from localaws.services.cloudformation.errors import ResourceError
from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource
from localaws.services.cloudformation.resource_types.declarative import ApiResource
from localaws.services.cloudformation.resource_types.tags import by_arn


class Table(ApiResource):
    type_name = "AWS::DynamoDB::Table"
    service = "dynamodb"
    create_operation = "create_table"
    update_operation = "update_table"
    delete_operation = "delete_table"
    identifier = "TableName"
    name_property = "TableName"
    settings = frozenset({"PointInTimeRecoverySpecification", "TimeToLiveSpecification"})
    tagging = by_arn("dynamodb")

    def attributes(
        self, context: Context, physical_id: str, properties: Properties, answer: dict[str, Any]
    ) -> dict[str, Any]:
        found = answer["TableDescription"]
        stream = {"StreamArn": found["LatestStreamArn"]} if "LatestStreamArn" in found else {}
        return {"Arn": found["TableArn"], **stream}

    def api_properties(self, context: Context, properties: Properties) -> Properties:
        sent = dict(properties)
        if "SSESpecification" in sent:
            encryption = dict(sent["SSESpecification"])
            enabled = encryption.pop("SSEEnabled", True)
            sent["SSESpecification"] = {"Enabled": enabled, **encryption}
        if "StreamSpecification" in sent:
            sent["StreamSpecification"] = {"StreamEnabled": True, **sent["StreamSpecification"]}
        return sent

    def configure(self, context: Context, resource: Resource, before: Properties, after: Properties) -> None:
        for key, operation in (
            ("PointInTimeRecoverySpecification", "update_continuous_backups"),
            ("TimeToLiveSpecification", "update_time_to_live"),
        ):
            if before.get(key) != after.get(key) and key in after:
                context.call("dynamodb", operation, {key: after[key]}, None, TableName=resource.physical_id)
            elif key in before and key not in after:
                raise ResourceError(f"localaws cannot remove {key} from table {resource.physical_id}.")
