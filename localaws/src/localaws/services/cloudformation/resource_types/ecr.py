"""AWS::ECR::Repository."""

from __future__ import annotations

from typing import Any

from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource, already_gone
from localaws.services.cloudformation.resource_types.declarative import ApiResource
from localaws.services.cloudformation.resource_types.iam_principals import policy_text
from localaws.services.cloudformation.resource_types.tags import by_arn


class Repository(ApiResource):
    type_name = "AWS::ECR::Repository"
    service = "ecr"
    create_operation = "create_repository"
    delete_operation = "delete_repository"
    identifier = "repositoryName"
    name_property = "RepositoryName"
    name_limit = 256
    lower_case = True
    settings = frozenset({"EmptyOnDelete", "LifecyclePolicy", "RepositoryPolicyText"})
    tagging = by_arn("ecr", camel=True)

    def attributes(
        self, context: Context, physical_id: str, properties: Properties, answer: dict[str, Any]
    ) -> dict[str, Any]:
        found = answer["repository"]
        return {"Arn": found["repositoryArn"], "RepositoryUri": found["repositoryUri"]}

    def configure(self, context: Context, resource: Resource, before: Properties, after: Properties) -> None:
        client, name = context.client("ecr"), {"repositoryName": resource.physical_id}
        old, new = before.get("RepositoryPolicyText"), after.get("RepositoryPolicyText")
        if new and new != old:
            client.set_repository_policy(**name, policyText=policy_text(new))
        elif old and not new:
            with already_gone():
                client.delete_repository_policy(**name)
        old, new = before.get("LifecyclePolicy"), after.get("LifecyclePolicy")
        if new and new != old:
            client.put_lifecycle_policy(**name, lifecyclePolicyText=new["LifecyclePolicyText"])
        elif old and not new:
            with already_gone():
                client.delete_lifecycle_policy(**name)

    def change(self, context: Context, resource: Resource, after: Properties, changed: set[str]) -> None:
        client, name = context.client("ecr"), {"repositoryName": resource.physical_id}
        if "ImageTagMutability" in changed:
            mutability = after.get("ImageTagMutability", "MUTABLE")
            client.put_image_tag_mutability(**name, imageTagMutability=mutability)
        if "ImageScanningConfiguration" in changed:
            scanning = {"ImageScanningConfiguration": after.get("ImageScanningConfiguration", {"ScanOnPush": False})}
            context.call("ecr", "put_image_scanning_configuration", scanning, None, **name)
        remaining = changed - {"ImageTagMutability", "ImageScanningConfiguration"}
        if remaining:
            super().change(context, resource, after, remaining)

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        force = str(properties.get("EmptyOnDelete", False)).lower() == "true"
        context.client("ecr").delete_repository(repositoryName=resource.physical_id, force=force)
