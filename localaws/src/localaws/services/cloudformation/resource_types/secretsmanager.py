"""AWS::SecretsManager::Secret."""

from __future__ import annotations

import json
from typing import Any

from localaws.services.cloudformation.differences import changed_properties
from localaws.services.cloudformation.errors import ResourceError
from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource, ResourceType
from localaws.services.cloudformation.resource_types.tags import Tagging, tag_map

_TAGGING = Tagging("secretsmanager", "tag_resource", "SecretId", "Tags", "untag_resource", "TagKeys")
_UPDATABLE = ("Description", "KmsKeyId")


class Secret(ResourceType):
    """Ref gives the ARN."""

    type_name = "AWS::SecretsManager::Secret"
    name_property = "Name"

    def create(self, context: Context, properties: Properties) -> Resource:
        if "ReplicaRegions" in properties:
            raise ResourceError("localaws does not implement ReplicaRegions of AWS::SecretsManager::Secret.")
        sent = {key: properties[key] for key in (*_UPDATABLE, "Tags") if key in properties}
        name = properties.get("Name") or context.name(200)
        text = {"SecretString": self._text(context, properties)}
        arn = str(context.call("secretsmanager", "create_secret", sent, None, Name=name, **text)["ARN"])
        resource = Resource(arn, {"Id": arn})
        context.report(resource)
        return resource

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        changed = changed_properties(before, after)
        client, arn = context.client("secretsmanager"), resource.physical_id
        sent: dict[str, Any] = {key: after.get(key, "") for key in _UPDATABLE if key in changed}
        if changed & {"SecretString", "GenerateSecretString"}:
            sent["SecretString"] = self._text(context, after)
        if sent:
            client.update_secret(SecretId=arn, **sent)
        _TAGGING.update(context, arn, tag_map(before.get("Tags")), tag_map(after.get("Tags")))
        return resource

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        """Without a recovery window, as CloudFormation does, so that the name is free again."""
        client = context.client("secretsmanager")
        client.delete_secret(SecretId=resource.physical_id, ForceDeleteWithoutRecovery=True)

    def _text(self, context: Context, properties: Properties) -> str:
        wanted = properties.get("GenerateSecretString")
        if wanted is None:
            return str(properties.get("SecretString", ""))
        rules = {
            key: value for key, value in wanted.items() if key not in ("SecretStringTemplate", "GenerateStringKey")
        }
        password = str(context.call("secretsmanager", "get_random_password", rules)["RandomPassword"])
        if "GenerateStringKey" not in wanted:
            return password
        document = json.loads(wanted.get("SecretStringTemplate", "{}"))
        return json.dumps({**document, wanted["GenerateStringKey"]: password})
