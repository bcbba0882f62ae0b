"""What S3 sends to topics and queues about objects, as ``s3.amazonaws.com``. What is refused is lost, as on AWS; the
server's log says so.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

from __future__ import annotations

import fnmatch
import json
import logging
import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from botocore.exceptions import ClientError

from localaws.core.arn import Arn
from localaws.core.caller import Caller
from localaws.core.partitions import partition_of
from localaws.policies.service_access import refusal
from localaws.services.s3.moto_objects import bucket_region

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

log = logging.getLogger(__name__)

TABLE = "s3.notification"
# The kinds of destinations, and the member of each that names it.
ARNS = {"TopicConfigurations": "TopicArn", "QueueConfigurations": "QueueArn"}
_SERVICES = {"TopicConfigurations": "sns", "QueueConfigurations": "sqs"}
_CREATED = {
    "PutObject": "Put",
    "PostObject": "Post",
    "CopyObject": "Copy",
    "CompleteMultipartUpload": "CompleteMultipartUpload",
}
_FAMILIES = ("ObjectCreated", "ObjectRemoved", "ObjectRestore", "ObjectTagging", "ObjectAcl", "Replication")
_FAMILIES_ALONE = ("LifecycleExpiration", "LifecycleTransition", "IntelligentTiering", "ReducedRedundancyLostObject")


def configuration_of(cloud: Cloud, bucket: str, owner: str) -> dict[str, Any]:
    """What the bucket's owner configured; nothing for a bucket that was made again by somebody else."""
    kept = cloud.store.table(TABLE).get(bucket)
    return dict(kept["Configuration"]) if kept and kept["Account"] == owner else {}


def destinations(configuration: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(service, ARN, configuration) of each topic and queue."""
    for member, arn in ARNS.items():
        for each in configuration.get(member, []):
            yield _SERVICES[member], str(each[arn]), each


def unknown_event(configuration: dict[str, Any]) -> str | None:
    """What is wrong with the events of one configuration."""
    for event in configuration["Events"]:
        family = event.removeprefix("s3:").partition(":")[0]
        if not event.startswith("s3:") or family not in (*_FAMILIES, *_FAMILIES_ALONE):
            return f"The event {event} is not supported for notifications."
    return None


def closed(cloud: Cloud, bucket: str, owner: str, arn: str) -> str | None:
    """Why S3 may not send to a topic or queue; None where it may."""
    if cloud.resource_policies.is_absent(arn):
        return f"The destination {arn} does not exist."
    found = refusal(cloud, "s3", arn, _bucket_arn(bucket), owner)
    return found.text if found else None


def created(operation: str) -> str:
    return f"ObjectCreated:{_CREATED[operation]}"


def removed(marker: bool) -> str:
    return "ObjectRemoved:DeleteMarkerCreated" if marker else "ObjectRemoved:Delete"


def notify(cloud: Cloud, caller: Caller, bucket: str, event: str, shown: dict[str, Any]) -> None:
    """Tell the bucket's topics and queues; ``shown`` describes the object and has its ``key``."""
    owner = str(cloud.moto.bucket_owner(bucket))
    for _, arn, configuration in destinations(configuration_of(cloud, bucket, owner)):
        if _wanted(configuration, event, shown["key"]):
            record = _record(cloud, caller, bucket, owner, event, shown, configuration["Id"])
            send(cloud, bucket, owner, arn, {"Records": [record]})


def send(cloud: Cloud, bucket: str, owner: str, arn: str, message: dict[str, Any]) -> None:
    problem = closed(cloud, bucket, owner, arn)
    if problem:
        log.warning("the notification of %s is lost: %s", bucket, problem)
        return
    named, text = Arn.parse(arn), json.dumps(message)
    client = cloud.client(named.service, Caller.root(named.account, named.region))
    try:
        if named.service == "sns":
            client.publish(TopicArn=arn, Subject="Amazon S3 Notification", Message=text)
        else:
            client.send_message(QueueUrl=client.get_queue_url(QueueName=named.resource)["QueueUrl"], MessageBody=text)
    except ClientError as error:
        log.warning("the notification of %s is lost: %s refused it: %s", bucket, arn, error)


def test_event(bucket: str, now: datetime) -> dict[str, str]:
    """What S3 sends once, when a destination is configured."""
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": _time(now),
        "Bucket": bucket,
        "RequestId": secrets.token_hex(8).upper(),
        "HostId": secrets.token_urlsafe(32),
    }


def _wanted(configuration: dict[str, Any], event: str, key: str) -> bool:
    if not any(fnmatch.fnmatchcase(f"s3:{event}", pattern) for pattern in configuration["Events"]):
        return False
    rules = configuration.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    return all(
        key.startswith(rule["Value"]) if rule["Name"].lower() == "prefix" else key.endswith(rule["Value"])
        for rule in rules
    )


def _record(
    cloud: Cloud, caller: Caller, bucket: str, owner: str, event: str, shown: dict[str, Any], identifier: str
) -> dict[str, Any]:
    names = {"etag": "eTag", "version-id": "versionId"}
    described = {names.get(name, name): value for name, value in shown.items()}
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": caller.region,
        "eventTime": _time(cloud.clock.now()),
        "eventName": event,
        "userIdentity": {"principalId": f"AWS:{caller.account}"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": secrets.token_hex(8).upper()},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": identifier,
            "bucket": {"name": bucket, "ownerIdentity": {"principalId": owner}, "arn": _bucket_arn(bucket)},
            "object": {**described, "key": quote_plus(str(shown["key"]), safe="/")},
        },
    }


def _bucket_arn(bucket: str) -> str:
    return f"arn:{partition_of(bucket_region(bucket))}:s3:::{bucket}"


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
