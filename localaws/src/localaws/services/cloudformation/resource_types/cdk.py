"""AWS::CDK::Metadata: what the CDK tells AWS about its own use. It makes nothing."""

from __future__ import annotations

from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource, ResourceType


class Metadata(ResourceType):
    type_name = "AWS::CDK::Metadata"

    def create(self, context: Context, properties: Properties) -> Resource:
        return Resource(context.name())

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        return resource

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        pass
