"""What topics and queues have in common: attributes are texts, and a policy resource is an attribute of several."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource, ResourceType


def attribute_text(value: Any) -> str:
    """A property as SNS and SQS keep it in their maps of texts."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


class AttributePolicy(ResourceType):
    """One policy document, put on each of the topics or queues that the property ``holders`` lists."""

    holders: ClassVar[str]

    def put(self, context: Context, holder: str, policy: str) -> None:
        """Give ``holder`` the policy."""
        raise NotImplementedError

    def reset(self, context: Context, holder: str) -> None:
        """Give ``holder`` the policy that a new one has."""
        raise NotImplementedError

    def create(self, context: Context, properties: Properties) -> Resource:
        identity = context.name(100)
        resource = Resource(identity, {"Id": identity})
        context.report(resource)
        self._put_on_all(context, properties)
        return resource

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        for holder in before[self.holders]:
            if holder not in after[self.holders]:
                self.reset(context, holder)
        self._put_on_all(context, after)
        return resource

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        for holder in properties[self.holders]:
            self.reset(context, holder)

    def _put_on_all(self, context: Context, properties: Properties) -> None:
        policy = json.dumps(properties["PolicyDocument"])
        for holder in properties[self.holders]:
            self.put(context, holder, policy)
