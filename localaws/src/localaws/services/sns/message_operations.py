"""SNS's Publish: to the queues and people that subscribed to a topic, each in the form it asked for.

A queue belongs to any account; what a queue does not take goes to the subscription's own dead-letter queue.
https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

from __future__ import annotations

import logging
import re
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localaws.core.arn import Arn
from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.policies.service_access import refusal
from localaws.services.sns.filters import passes
from localaws.services.sns.messages import Message, document, refuse
from localaws.services.sns.post_box import PostBox
from localaws.services.sns.records import Records, raw, redrive_queue

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document

log = logging.getLogger(__name__)

_LONGEST_ID = 80
_DEDUPLICATED_FOR = timedelta(minutes=5)


class Publishing(Service):
    service = "sns"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = Records(cloud)
        self._post_box = PostBox(cloud)
        self._accepted = cloud.store.table("sns.accepted")

    def publish(self, caller: Caller, request: Request) -> Response:
        arn = request.get("TopicArn") or request.get("TargetArn")
        if "PhoneNumber" in request:
            raise ServiceError("NotImplemented", "localaws does not send text messages: publish to a topic.", 501)
        if not arn:
            raise ServiceError("InvalidParameter", "Invalid parameter: TopicArn or TargetArn Reason: no value")
        if ":endpoint/" in arn:
            raise ServiceError("NotImplemented", "localaws does not support mobile push: publish to a topic.", 501)
        self._records.refuse_absent_topic(arn, caller)
        return self._publish(arn, request)

    def publish_batch(self, caller: Caller, request: Request) -> Response:
        arn = request["TopicArn"]
        self._records.refuse_absent_topic(arn, caller)
        entries = request["PublishBatchRequestEntries"]
        names = [entry["Id"] for entry in entries]
        if not entries:
            raise ServiceError("EmptyBatchRequest", "The batch request doesn't contain any entries.")
        if len(entries) > 10:
            raise ServiceError(
                "TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible."
            )
        if len(set(names)) < len(names):
            raise ServiceError("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
        for name in names:
            _refuse_batch_id(name)
        successful, failed = [], []
        for entry in entries:
            try:
                successful.append({"Id": entry["Id"], **self._publish(arn, entry)})
            except ServiceError as error:
                failed.append({"Id": entry["Id"], "Code": error.code, "Message": error.message, "SenderFault": True})
        return {"Successful": successful, "Failed": failed}

    def _publish(self, topic_arn: str, request: Request) -> Response:
        message = Message(
            identifier=str(uuid.uuid4()),
            topic_arn=topic_arn,
            text=request["Message"],
            time=self._cloud.clock.now(),
            subject=request.get("Subject"),
            structure=request.get("MessageStructure"),
            attributes=request.get("MessageAttributes", {}),
            group=request.get("MessageGroupId"),
            deduplication=request.get("MessageDeduplicationId"),
        )
        by_content = False
        if topic_arn.endswith(".fifo"):
            by_content = self._records.topic_attributes(topic_arn).get("ContentBasedDeduplication") == "true"
        refuse(message, by_content)
        if not topic_arn.endswith(".fifo"):
            self._deliver_to_all(message)
            return {"MessageId": message.identifier}
        return self._once(message)

    def _once(self, message: Message) -> Response:
        """A FIFO topic delivers one of the messages with the same deduplication id within five minutes."""
        key = f"{message.topic_arn}/{message.deduplication_id}"
        with self._cloud.store.lock:
            earlier = self._accepted.get(key)
            if earlier is not None and message.time - earlier["Time"] < _DEDUPLICATED_FOR:
                return dict(earlier["Answer"])
            number = str(message.time.timestamp()).replace(".", "").ljust(20, "0")
            answer: Response = {"MessageId": message.identifier, "SequenceNumber": number}
            self._accepted.put(key, {"Time": message.time, "Answer": answer})
        self._deliver_to_all(message)
        return answer

    def _deliver_to_all(self, message: Message) -> None:
        for subscription in self._records.of_topic(message.topic_arn):
            attributes = subscription["Attributes"]
            scope = attributes.get("FilterPolicyScope", "MessageAttributes")
            if passes(attributes.get("FilterPolicy"), scope, message.text, message.attributes):
                self._deliver(subscription, message)

    def _deliver(self, subscription: Document, message: Message) -> None:
        protocol = subscription["Protocol"]
        if protocol in ("email", "sms"):
            self._post_box.put(subscription, message.subject or "AWS Notification Message", message.text_for(protocol))
        elif protocol == "email-json":
            text = document(message, protocol, subscription["SubscriptionArn"])
            self._post_box.put(subscription, message.subject or "AWS Notification Message", text)
        elif protocol == "sqs" and not subscription["Pending"]:
            self._to_queue(subscription, message)

    def _to_queue(self, subscription: Document, message: Message) -> None:
        body = (
            message.text_for("sqs") if raw(subscription) else document(message, "sqs", subscription["SubscriptionArn"])
        )
        attributes = message.attributes if raw(subscription) else {}
        try:
            send_to_queue(self._cloud, subscription["Endpoint"], body, message, attributes)
        except (ClientError, ServiceError) as error:
            log.warning("%s refused the message: %s", subscription["Endpoint"], error)
            self._to_dead_letters(subscription, body, message, attributes)

    def _to_dead_letters(
        self, subscription: Document, body: str, message: Message, attributes: dict[str, dict[str, Any]]
    ) -> None:
        queue = redrive_queue(subscription)
        if queue is None:
            return
        try:
            send_to_queue(self._cloud, queue, body, message, attributes)
        except (ClientError, ServiceError) as error:
            log.warning("the dead-letter queue %s refused the message: %s", queue, error)


def _refuse_batch_id(name: str) -> None:
    problem = ""
    if re.search(r"[^A-Za-z0-9_-]", name):
        problem = f"contains an impermissible character: {name}"
    elif len(name) > _LONGEST_ID:
        problem = f"is too long: {name}"
    if problem:
        raise ServiceError("InvalidBatchEntryId", f"The Id of a batch entry in the batch request {problem}")


def send_to_queue(
    cloud: Cloud, queue_arn: str, body: str, message: Message, attributes: dict[str, dict[str, Any]]
) -> None:
    """Send to a queue of whichever account. ClientError or ServiceError where the queue does not take it."""
    closed = refusal(cloud, "sns", queue_arn, message.topic_arn)
    if closed:
        raise ServiceError("AccessDenied", closed.text, 403)
    queue = Arn.parse(queue_arn)
    sqs = cloud.client("sqs", Caller.root(queue.account, queue.region))
    url = sqs.get_queue_url(QueueName=queue.resource, QueueOwnerAWSAccountId=queue.account)["QueueUrl"]
    options: dict[str, Any] = {}
    if queue.resource.endswith(".fifo"):
        options["MessageGroupId"] = message.group or message.identifier
        options["MessageDeduplicationId"] = message.deduplication_id
    sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attributes, **options)
