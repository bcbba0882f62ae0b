"""The shared form of a resource type: which operations make, change and remove it, and where its names differ.

A subclass names its operations; ``requests.py`` turns properties into their members. ``settings`` are properties that
another operation sets, in the method ``configure``.
"""

from __future__ import annotations

from typing import Any, ClassVar

from localaws.services.cloudformation.differences import changed_properties
from localaws.services.cloudformation.errors import ResourceError
from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource, ResourceType
from localaws.services.cloudformation.resource_types.tags import Tagging, tag_map


class ApiResource(ResourceType):
    """A type with one operation each to create, update and delete it."""

    service: ClassVar[str]
    create_operation: ClassVar[str]
    update_operation: ClassVar[str | None] = None
    delete_operation: ClassVar[str]
    identifier: ClassVar[str]  # the API's member that names it when it is updated or deleted
    rename: ClassVar[dict[str, str]] = {}  # property -> member of the API, where they differ
    settings: ClassVar[frozenset[str]] = frozenset()  # properties that ``configure`` sets
    name_limit: ClassVar[int] = 255
    lower_case: ClassVar[bool] = False
    tagging: ClassVar[Tagging | None] = None
    tag_property: ClassVar[str] = "Tags"

    # What a subclass may say

    def identify(self, context: Context, properties: Properties, answer: dict[str, Any]) -> Resource:
        """The resource that ``create_operation`` made; its physical id is the name where nothing else is said."""
        name = str(properties[self.name_property or ""])
        return Resource(name, self.attributes(context, name, properties, answer))

    def attributes(
        self, context: Context, physical_id: str, properties: Properties, answer: dict[str, Any]
    ) -> dict[str, Any]:
        """What GetAtt answers besides the properties themselves."""
        return {}

    def configure(self, context: Context, resource: Resource, before: Properties, after: Properties) -> None:
        """Apply ``settings`` by further operations, from what they were to what they shall be."""

    def api_properties(self, context: Context, properties: Properties) -> Properties:
        """Properties as the operations take them, where more than names differs."""
        return properties

    def api_identifier(self, resource: Resource) -> str:
        return resource.physical_id

    def tag_target(self, context: Context, resource: Resource) -> str:
        """What the service's tag operations call the resource: its ARN, mostly."""
        return str(resource.attributes.get("Arn", resource.physical_id))

    def check_absent(self, context: Context, properties: Properties) -> None:
        """Refuse to create over something that is there, where the API's own operation would overwrite it."""

    # How it is done

    def create(self, context: Context, properties: Properties) -> Resource:
        named = self.named(context, properties)
        self.check_absent(context, named)
        sent = {key: value for key, value in named.items() if key not in self.settings}
        answer = context.call(self.service, self.create_operation, self.api_properties(context, sent), self.rename)
        resource = self.identify(context, named, answer)
        context.report(resource)
        self.configure(context, resource, {}, named)
        return resource

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        changed = changed_properties(before, after) - self.ignored_changes
        remaining = changed - self.settings - ({self.tag_property} if self.tagging else set())
        if remaining:
            self.change(context, resource, after, remaining)
        self.configure(context, resource, before, after)
        if self.tagging and self.tag_property in changed:
            self.tagging.update(
                context,
                self.tag_target(context, resource),
                tag_map(before.get(self.tag_property)),
                tag_map(after.get(self.tag_property)),
            )
        return resource

    def change(self, context: Context, resource: Resource, after: Properties, changed: set[str]) -> None:
        """Call ``update_operation`` with all properties that it takes."""
        if self.update_operation is None:
            raise ResourceError(f"{self.type_name} cannot change {', '.join(sorted(changed))} of a resource in place.")
        client = context.client(self.service)
        operation = client.meta.method_to_api_mapping[self.update_operation]
        members = {name.lower() for name in client.meta.service_model.operation_model(operation).input_shape.members}
        sent = self.api_properties(
            context, {key: value for key, value in after.items() if key not in self.settings | self.ignored_changes}
        )
        taken = {
            key: value
            for key, value in sent.items()
            if self.rename.get(key, key).lower() in members or (key in changed and key in after)
        }
        taken.pop(self.name_property or "", None)
        context.call(
            self.service,
            self.update_operation,
            taken,
            self.rename,
            **{self.identifier: self.api_identifier(resource)},
        )

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        getattr(context.client(self.service), self.delete_operation)(**{self.identifier: self.api_identifier(resource)})

    def named(self, context: Context, properties: Properties) -> Properties:
        """The properties with a generated name where the template gives none."""
        key = self.name_property
        if key is None or properties.get(key):
            return properties
        return {**properties, key: context.name(self.name_limit, lower=self.lower_case)}
