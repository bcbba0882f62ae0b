"""AWS::Logs: log groups, metric filters and resource policies."""

from __future__ import annotations

from typing import Any

from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource
from localaws.services.cloudformation.resource_types.declarative import ApiResource
from localaws.services.cloudformation.resource_types.tags import by_arn


class LogGroup(ApiResource):
    type_name = "AWS::Logs::LogGroup"
    service = "logs"
    create_operation = "create_log_group"
    delete_operation = "delete_log_group"
    identifier = "logGroupName"
    name_property = "LogGroupName"
    name_limit = 512
    settings = frozenset({"RetentionInDays"})
    tagging = by_arn("logs", camel=True)

    def attributes(
        self, context: Context, physical_id: str, properties: Properties, answer: dict[str, Any]
    ) -> dict[str, Any]:
        return {"Arn": context.arn("logs", f"log-group:{physical_id}:*")}

    def tag_target(self, context: Context, resource: Resource) -> str:
        return context.arn("logs", f"log-group:{resource.physical_id}")

    def configure(self, context: Context, resource: Resource, before: Properties, after: Properties) -> None:
        days = after.get("RetentionInDays")
        if days == before.get("RetentionInDays"):
            return
        client = context.client("logs")
        if days is None:
            client.delete_retention_policy(logGroupName=resource.physical_id)
        else:
            client.put_retention_policy(logGroupName=resource.physical_id, retentionInDays=int(days))

    def change(self, context: Context, resource: Resource, after: Properties, changed: set[str]) -> None:
        if changed != {"KmsKeyId"}:
            super().change(context, resource, after, changed)
        client = context.client("logs")
        if after.get("KmsKeyId"):
            client.associate_kms_key(logGroupName=resource.physical_id, kmsKeyId=after["KmsKeyId"])
        else:
            client.disassociate_kms_key(logGroupName=resource.physical_id)


class MetricFilter(ApiResource):
    type_name = "AWS::Logs::MetricFilter"
    service = "logs"
    create_operation = "put_metric_filter"
    update_operation = "put_metric_filter"
    identifier = "filterName"
    name_property = "FilterName"

    def api_properties(self, context: Context, properties: Properties) -> Properties:
        transformations = []
        for each in properties["MetricTransformations"]:
            # CloudFormation lists dimensions; the API maps them.
            dimensions = each.get("Dimensions")
            mapped = {one["Key"]: one["Value"] for one in dimensions} if isinstance(dimensions, list) else dimensions
            transformations.append({**each, "Dimensions": mapped} if dimensions else each)
        return {**properties, "MetricTransformations": transformations}

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        context.client("logs").delete_metric_filter(
            logGroupName=properties["LogGroupName"], filterName=resource.physical_id
        )


class ResourcePolicy(ApiResource):
    type_name = "AWS::Logs::ResourcePolicy"
    service = "logs"
    create_operation = "put_resource_policy"
    update_operation = "put_resource_policy"
    delete_operation = "delete_resource_policy"
    identifier = "policyName"
    name_property = "PolicyName"
