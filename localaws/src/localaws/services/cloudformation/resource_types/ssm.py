"""AWS::SSM::Parameter."""

from __future__ import annotations

from typing import Any

from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource
from localaws.services.cloudformation.resource_types.declarative import ApiResource
from localaws.services.cloudformation.resource_types.tags import Tagging


class Parameter(ApiResource):
    type_name = "AWS::SSM::Parameter"
    service = "ssm"
    create_operation = "put_parameter"
    update_operation = "put_parameter"
    delete_operation = "delete_parameter"
    identifier = "Name"
    name_property = "Name"
    tagging = Tagging(
        "ssm",
        "add_tags_to_resource",
        "ResourceId",
        "Tags",
        "remove_tags_from_resource",
        "TagKeys",
        {"ResourceType": "Parameter"},
    )

    def attributes(
        self, context: Context, physical_id: str, properties: Properties, answer: dict[str, Any]
    ) -> dict[str, Any]:
        return {"Arn": context.arn("ssm", f"parameter/{physical_id.lstrip('/')}")}

    def tag_target(self, context: Context, resource: Resource) -> str:
        return resource.physical_id

    def change(self, context: Context, resource: Resource, after: Properties, changed: set[str]) -> None:
        sent = {key: value for key, value in after.items() if key not in ("Name", "Tags")}
        context.call("ssm", "put_parameter", sent, None, Name=resource.physical_id, Overwrite=True)
