"""What others learn of a stack event: EventBridge by its documented shape, the stack's topics by a message.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-eventbridge.html
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localaws.core.caller import Caller

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

log = logging.getLogger(__name__)


def announce_event(cloud: Cloud, stack: dict[str, Any], event: dict[str, Any], *, is_stack: bool) -> None:
    """``event`` is a stack event as DescribeStackEvents shows it; ``is_stack``: the stack's own, not a resource's."""
    details = {"status": event["ResourceStatus"], "status-reason": event.get("ResourceStatusReason", "")}
    detail = {"stack-id": stack["StackId"], "status-details": details}
    kind = "CloudFormation Stack Status Change"
    if not is_stack:
        kind = "CloudFormation Resource Status Change"
        detail |= {
            "logical-resource-id": event["LogicalResourceId"],
            "physical-resource-id": event["PhysicalResourceId"],
            "resource-type": event["ResourceType"],
        }
    cloud.emit(stack["Account"], stack["Region"], "aws.cloudformation", kind, detail, [stack["StackId"]])
    if stack.get("NotificationARNs"):
        _notify_topics(cloud, stack, event)


def _notify_topics(cloud: Cloud, stack: dict[str, Any], event: dict[str, Any]) -> None:
    text = "".join(f"{name}='{value}'\n" for name, value in event.items())
    sns = cloud.client("sns", Caller.root(stack["Account"], stack["Region"]))
    for topic in stack["NotificationARNs"]:
        try:
            sns.publish(TopicArn=topic, Subject="AWS CloudFormation Notification", Message=text)
        except ClientError as error:  # a topic that is gone does not stop the stack
            log.warning("%s was not notified of %s: %s", topic, stack["StackName"], error)
