"""AWS::CodeBuild::Project."""

from __future__ import annotations

from typing import Any

from localaws.services.cloudformation.errors import ResourceError
from localaws.services.cloudformation.resource_types.base import Context, Properties
from localaws.services.cloudformation.resource_types.declarative import ApiResource


class Project(ApiResource):
    type_name = "AWS::CodeBuild::Project"
    service = "codebuild"
    create_operation = "create_project"
    update_operation = "update_project"
    delete_operation = "delete_project"
    identifier = "name"
    name_property = "Name"

    def attributes(
        self, context: Context, physical_id: str, properties: Properties, answer: dict[str, Any]
    ) -> dict[str, Any]:
        return {"Arn": context.arn("codebuild", f"project/{physical_id}"), "Id": physical_id, "Name": physical_id}

    def api_properties(self, context: Context, properties: Properties) -> Properties:
        sent = dict(properties)
        if sent.pop("Triggers", None):
            raise ResourceError("localaws does not implement Triggers (webhooks) of AWS::CodeBuild::Project.")
        if sent.pop("Visibility", "PRIVATE") != "PRIVATE":
            raise ResourceError("localaws does not implement public CodeBuild projects.")
        if properties.get("Environment", {}).get("Type") == "linuxContainer":  # as templates of CodeBuild's first years
            sent["Environment"] = {**properties["Environment"], "Type": "LINUX_CONTAINER"}
        return sent
