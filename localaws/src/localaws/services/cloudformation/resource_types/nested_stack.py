"""AWS::CloudFormation::Stack: a stack in a stack, made by CreateStack and followed to its end."""

from __future__ import annotations

from typing import Any

from localaws.services.cloudformation.errors import ResourceError
from localaws.services.cloudformation.records import Records, key_of_arn
from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource, ResourceType


class NestedStack(ResourceType):
    type_name = "AWS::CloudFormation::Stack"

    def create(self, context: Context, properties: Properties) -> Resource:
        client = context.client("cloudformation")
        timeout = {"TimeoutInMinutes": int(properties["TimeoutInMinutes"])} if "TimeoutInMinutes" in properties else {}
        request = {**self._request(context, properties), **timeout}
        stack_id = client.create_stack(StackName=context.name(128), OnFailure="ROLLBACK", **request)["StackId"]
        self._adopt(context, stack_id)
        context.report(Resource(stack_id))
        return self._follow(context, stack_id, "CREATE_COMPLETE")

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        client = context.client("cloudformation")
        try:
            client.update_stack(StackName=resource.physical_id, **self._request(context, after))
        except client.exceptions.ClientError as error:
            if "No updates are to be performed" not in str(error):
                raise
            return resource
        return self._follow(context, resource.physical_id, "UPDATE_COMPLETE")

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        context.client("cloudformation").delete_stack(StackName=resource.physical_id)
        self._follow(context, resource.physical_id, "DELETE_COMPLETE")

    def _why(self, context: Context, stack_id: str) -> str:
        """Why the stack's last operation failed, as its own events tell it: which of its resources failed."""
        records = Records(context.cloud)
        for event in records.events_of(records.get(key_of_arn(stack_id))):
            reason = str(event.get("ResourceStatusReason", ""))
            if event["PhysicalResourceId"] == stack_id and reason and reason != "User Initiated":
                return reason.removesuffix(" Rollback requested by user.").removesuffix(" Delete requested by user.")
        return "its events do not say why"

    def _request(self, context: Context, properties: Properties) -> dict[str, Any]:
        parameters = properties.get("Parameters", {})
        return {
            "TemplateURL": properties["TemplateURL"],
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": ",".join(value) if isinstance(value, list) else str(value)}
                for key, value in parameters.items()
            ],
            "Tags": [tag for tag in properties.get("Tags", []) if not tag["Key"].startswith("aws:")],
            "Capabilities": context.stack.get("Capabilities", []),
            "NotificationARNs": properties.get("NotificationARNs", []),
        }

    def _adopt(self, context: Context, stack_id: str) -> None:
        """Tell the child whose it is; no API member says so."""
        with Records(context.cloud).edit(key_of_arn(stack_id)) as child:
            child["ParentId"] = context.stack_id
            child["RootId"] = context.stack.get("RootId") or context.stack_id

    def _follow(self, context: Context, stack_id: str, wanted: str) -> Resource:
        client = context.client("cloudformation")
        found: dict[str, Any] = {}

        def rests() -> bool:
            found.update(client.describe_stacks(StackName=stack_id)["Stacks"][0])
            return "IN_PROGRESS" not in found["StackStatus"]

        context.wait(rests, f"nested stack {stack_id}")
        if found["StackStatus"] != wanted:
            verb = wanted.split("_", maxsplit=1)[0].lower().rstrip("e")
            raise ResourceError(
                f"Embedded stack {stack_id} was not successfully {verb}ed: {self._why(context, stack_id)}"
            )
        outputs = {f"Outputs.{each['OutputKey']}": each["OutputValue"] for each in found.get("Outputs", [])}
        return Resource(stack_id, outputs)
