"""AWS::CloudFormation::WaitConditionHandle: a resource that is only a name, often a template's single one."""

from __future__ import annotations

from localaws.core.partitions import partition_at
from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource, ResourceType


class WaitConditionHandle(ResourceType):
    type_name = "AWS::CloudFormation::WaitConditionHandle"

    def create(self, context: Context, properties: Properties) -> Resource:
        name = f"{context.stack_id}/{context.logical_id}"
        url = f"https://cloudformation-waitcondition-{context.region}.s3.{context.region}.{partition_at(context.region).suffix}/{name}"
        return Resource(url, {"Id": url})

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        return resource

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        """Nothing was made."""
