"""AWS::SQS: queues and queue policies."""

from __future__ import annotations

from localaws.services.cloudformation.differences import changed_properties
from localaws.services.cloudformation.resource_types.attributes import AttributePolicy, attribute_text
from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource, ResourceType
from localaws.services.cloudformation.resource_types.tags import Tagging, tag_map

_NOT_ATTRIBUTES = ("QueueName", "Tags")
_DEFAULTS = {
    "DelaySeconds": "0",
    "KmsDataKeyReusePeriodSeconds": "300",
    "MaximumMessageSize": "262144",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}


class Queue(ResourceType):
    type_name = "AWS::SQS::Queue"
    name_property = "QueueName"
    _tagging = Tagging("sqs", "tag_queue", "QueueUrl", "Tags", "untag_queue", "TagKeys")

    def create(self, context: Context, properties: Properties) -> Resource:
        fifo = attribute_text(properties.get("FifoQueue", False)) == "true"
        name = properties.get("QueueName") or (f"{context.name(75)}.fifo" if fifo else context.name(80))
        given = {key: attribute_text(value) for key, value in properties.items() if key not in _NOT_ATTRIBUTES}
        if not fifo:
            given.pop("FifoQueue", None)  # SQS refuses the attribute with the value false
        client = context.client("sqs")
        url = client.create_queue(QueueName=name, Attributes=given, tags=tag_map(properties.get("Tags")))["QueueUrl"]
        attributes = {"Arn": context.arn("sqs", name), "QueueName": name, "QueueUrl": url}
        resource = Resource(url, attributes)
        context.report(resource)
        return resource

    def update(self, context: Context, resource: Resource, before: Properties, after: Properties) -> Resource:
        changed = changed_properties(before, after) - set(_NOT_ATTRIBUTES)
        given = {key: attribute_text(after.get(key, _DEFAULTS.get(key, ""))) for key in changed}
        if given:
            context.client("sqs").set_queue_attributes(QueueUrl=resource.physical_id, Attributes=given)
        self._tagging.update(context, resource.physical_id, tag_map(before.get("Tags")), tag_map(after.get("Tags")))
        return resource

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        context.client("sqs").delete_queue(QueueUrl=resource.physical_id)


class QueuePolicy(AttributePolicy):
    type_name = "AWS::SQS::QueuePolicy"
    holders = "Queues"

    def put(self, context: Context, holder: str, policy: str) -> None:
        context.client("sqs").set_queue_attributes(QueueUrl=holder, Attributes={"Policy": policy})

    def reset(self, context: Context, holder: str) -> None:
        self.put(context, holder, "")
