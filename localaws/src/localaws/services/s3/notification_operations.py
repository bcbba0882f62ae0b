"""Notification configurations of buckets: kept (table ``s3.notification``: bucket name -> configuration and owner), and
refused where S3 could not deliver: each topic and queue must exist, and its policies must let ``s3.amazonaws.com`` in.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from localaws.core.arn import Arn, ArnError
from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.services.s3 import moto_objects, notifications
from localaws.services.s3.ownership import check_expected_owner, owned_bucket

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


class Notifications(Service):
    service = "s3"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._kept = cloud.store.table(notifications.TABLE)

    def put_bucket_notification_configuration(self, caller: Caller, request: Request) -> Response:
        bucket, owner = self._owned(caller, request)
        given: dict[str, Any] = request.get("NotificationConfiguration") or {}
        if given.get("LambdaFunctionConfigurations"):
            raise ServiceError("NotImplemented", "localaws does not deliver notifications to functions.", 501)
        configuration = {member: [_named(each) for each in given.get(member) or []] for member in notifications.ARNS}
        if not request.get("SkipDestinationValidation"):
            self._refuse_closed(bucket, owner, configuration)
        if "EventBridgeConfiguration" in given:
            configuration["EventBridgeConfiguration"] = {}  # type: ignore[assignment]
        self._kept.put(bucket, {"Account": owner, "Configuration": configuration})
        for _, arn, _ in notifications.destinations(configuration):
            notifications.send(
                self._cloud, bucket, owner, arn, notifications.test_event(bucket, self._cloud.clock.now())
            )
        return {}

    def get_bucket_notification_configuration(self, caller: Caller, request: Request) -> Response:
        bucket, owner = self._owned(caller, request)
        configuration = notifications.configuration_of(self._cloud, bucket, owner)
        return {member: value for member, value in configuration.items() if value or value == {}}

    def _refuse_closed(self, bucket: str, owner: str, configuration: dict[str, Any]) -> None:
        region = moto_objects.bucket_region(bucket)
        for service, arn, each in notifications.destinations(configuration):
            problem = _problem(service, arn, region) or notifications.closed(self._cloud, bucket, owner, arn)
            problem = problem or notifications.unknown_event(each)
            if problem:
                raise ServiceError(
                    "InvalidArgument",
                    f"Unable to validate the following destination configurations: {problem}",
                    ArgumentName=arn,
                    ArgumentValue=problem,
                )

    def _owned(self, caller: Caller, request: Request) -> tuple[str, str]:
        bucket = str(request["Bucket"])
        owner = owned_bucket(self._cloud, caller, bucket)
        check_expected_owner(owner, request.get("ExpectedBucketOwner"))
        return bucket, owner


def _named(configuration: dict[str, Any]) -> dict[str, Any]:
    return {**configuration, "Id": configuration.get("Id") or str(uuid.uuid4())}


def _problem(service: str, arn: str, region: str) -> str | None:
    try:
        named = Arn.parse(arn)
    except ArnError as error:
        return str(error)
    if named.service != service:
        return f"{arn} is not the ARN of {'a topic' if service == 'sns' else 'a queue'}."
    if named.region != region:
        return f"The destination {arn} is not in the bucket's region, {region}."
    if named.resource.endswith(".fifo"):
        return f"S3 does not deliver to FIFO destinations such as {arn}."
    return None
