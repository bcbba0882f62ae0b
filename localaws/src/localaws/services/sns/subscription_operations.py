"""SNS's subscriptions: made, confirmed, listed, filtered, ended.

A queue that its own account subscribes is confirmed at once; everybody else is asked first, as on AWS. HTTP endpoints
are never called, so that their subscriptions stay pending.
https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
"""

from __future__ import annotations

import hmac
import json
import re
import uuid
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localaws.core.arn import Arn
from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.operations import Companion
from localaws.core.pages import Pages
from localaws.core.service import Request, Response, Service
from localaws.core.wire import HttpResponse, OperationRequest
from localaws.services.sns.filters import BY_ATTRIBUTES, BY_BODY, nests, policy_problem
from localaws.services.sns.message_operations import send_to_queue
from localaws.services.sns.messages import Message, written
from localaws.services.sns.post_box import (
    CONFIRM_PAGE,
    MAIL_PAGE,
    ConfirmPage,
    MailPage,
    PostBox,
    confirmation_link,
)
from localaws.services.sns.records import Records

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document

_SETTABLE = ("DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy")
_ENDPOINTS = {
    "sqs": re.compile(r"arn:[\w-]+:sqs:[\w-]+:\d{12}:[\w.-]+"),
    "email": re.compile(r"[^@\s]+@[^@\s]+"),
    "email-json": re.compile(r"[^@\s]+@[^@\s]+"),
    "http": re.compile(r"http://.+"),
    "https": re.compile(r"https://.+"),
    "sms": re.compile(r"\+?[\d().\s-]{5,20}"),
}
_SUBSCRIPTION = re.compile(r"arn:[^:]+:sns:[^:]*:[^:]*:[^:]+:[^:]+")
_PENDING = "PendingConfirmation"
_PAGES = Pages("InvalidParameter", "Invalid parameter: NextToken")


class Subscriptions(Service):
    service = "sns"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = Records(cloud)
        self._post_box = PostBox(cloud)
        cloud.operations.accompany("sns", TopicCompanion(self._records))
        cloud.operations.mount(MAIL_PAGE, MailPage(cloud))
        cloud.operations.mount(CONFIRM_PAGE, ConfirmPage(cloud), asks_itself=True)  # by the subscription's token

    def subscribe(self, caller: Caller, request: Request) -> Response:
        topic, protocol, endpoint = request["TopicArn"], request["Protocol"], request.get("Endpoint", "")
        self._records.refuse_absent_topic(topic, caller)
        _refuse_endpoint(topic, protocol, endpoint)
        given = request.get("Attributes", {})
        attributes = {name: value for name, value in given.items() if value or name != "FilterPolicy"}
        scope = attributes.get("FilterPolicyScope", BY_ATTRIBUTES)
        for name, value in attributes.items():
            _refuse_attribute(name, value, scope, "Attributes Reason: ")
            _refuse_nested(attributes.get("FilterPolicy", ""), scope)
        same = next(
            (s for s in self._records.of_topic(topic) if (s["Protocol"], s["Endpoint"]) == (protocol, endpoint)), None
        )
        if same is None:
            same = self._made(caller, topic, protocol, endpoint, attributes)
        elif any(same["Attributes"].get(name) != value for name, value in attributes.items()):
            raise ServiceError(
                "InvalidParameter",
                "Invalid parameter: Attributes Reason: Subscription already exists with different attributes",
            )
        if same["Pending"] and not request.get("ReturnSubscriptionArn"):
            return {"SubscriptionArn": "pending confirmation"}
        return {"SubscriptionArn": same["SubscriptionArn"]}

    def confirm_subscription(self, caller: Caller, request: Request) -> Response:
        self._records.refuse_absent_topic(request["TopicArn"], caller)
        for subscription in self._records.of_topic(request["TopicArn"]):
            if hmac.compare_digest(str(subscription["Token"]).encode(), str(request["Token"]).encode()):
                subscription["Pending"] = False
                self._records.subscriptions.put(subscription["SubscriptionArn"], subscription)
                return {"SubscriptionArn": subscription["SubscriptionArn"]}
        raise ServiceError("InvalidParameter", "Invalid parameter: Token")

    def unsubscribe(self, caller: Caller, request: Request) -> Response:
        arn = request["SubscriptionArn"]
        if not _SUBSCRIPTION.fullmatch(arn):
            raise ServiceError(
                "InvalidParameter", "Invalid parameter: SubscriptionArn Reason: it is not the ARN of a subscription"
            )
        self._records.subscriptions.delete(arn)
        return {}

    def list_subscriptions(self, caller: Caller, request: Request) -> Response:
        mine = [
            subscription
            for subscription in self._records.subscriptions.values()
            if subscription["Owner"] == caller.account and Arn.parse(subscription["TopicArn"]).region == caller.region
        ]
        return _listed(mine, request)

    def list_subscriptions_by_topic(self, caller: Caller, request: Request) -> Response:
        self._records.refuse_absent_topic(request["TopicArn"], caller)
        return _listed(self._records.of_topic(request["TopicArn"]), request)

    def get_subscription_attributes(self, caller: Caller, request: Request) -> Response:
        subscription = self._records.subscription(request["SubscriptionArn"])
        return {
            "Attributes": {
                "RawMessageDelivery": "false",
                **({"FilterPolicyScope": BY_ATTRIBUTES} if "FilterPolicy" in subscription["Attributes"] else {}),
                **subscription["Attributes"],
                **{
                    name: subscription[name]
                    for name in ("SubscriptionArn", "TopicArn", "Protocol", "Endpoint", "Owner")
                },
                "SubscriptionPrincipal": subscription["Principal"],
                "PendingConfirmation": "true" if subscription["Pending"] else "false",
                "ConfirmationWasAuthenticated": "false" if subscription["Pending"] else "true",
            }
        }

    def set_subscription_attributes(self, caller: Caller, request: Request) -> Response:
        subscription = self._records.subscription(request["SubscriptionArn"])
        name, value = request["AttributeName"], request.get("AttributeValue", "")
        if value or name == "RawMessageDelivery":
            scope = value if name == "FilterPolicyScope" else subscription["Attributes"].get("FilterPolicyScope")
            _refuse_attribute(name, value, scope or BY_ATTRIBUTES)
            subscription["Attributes"][name] = value
            _refuse_nested(subscription["Attributes"].get("FilterPolicy", ""), scope or BY_ATTRIBUTES)
        else:
            subscription["Attributes"].pop(name, None)
        self._records.subscriptions.put(subscription["SubscriptionArn"], subscription)
        return {}

    def _made(self, caller: Caller, topic: str, protocol: str, endpoint: str, attributes: dict[str, str]) -> Document:
        arn = f"{topic}:{uuid.uuid4()}"
        subscription: Document = {
            "SubscriptionArn": arn,
            "TopicArn": topic,
            "Protocol": protocol,
            "Endpoint": endpoint,
            "Owner": caller.account,
            "Principal": caller.arn,
            "Attributes": attributes,
            "Token": uuid.uuid4().hex * 2,
            "Pending": protocol != "sms" and not (protocol == "sqs" and Arn.parse(endpoint).account == caller.account),
        }
        self._records.subscriptions.put(arn, subscription)
        if subscription["Pending"]:
            self._ask(subscription)
        return subscription

    def _ask(self, subscription: Document) -> None:
        """Send the endpoint what it needs to confirm."""
        topic, token = subscription["TopicArn"], subscription["Token"]
        link = confirmation_link(self._cloud, topic, token)
        text = f"You have chosen to subscribe to the topic {topic}. To confirm this subscription, visit {link}"
        if subscription["Protocol"].startswith("email"):
            self._post_box.put(subscription, "AWS Notification - Subscription Confirmation", text, "confirmation")
        elif subscription["Protocol"] == "sqs":
            now = self._cloud.clock.now()
            body = {
                "Type": "SubscriptionConfirmation",
                "MessageId": str(uuid.uuid4()),
                "Token": token,
                "TopicArn": topic,
                "Message": text,
                "SubscribeURL": link,
                "Timestamp": written(now),
            }
            message = Message(body["MessageId"], topic, json.dumps(body), now)
            try:
                send_to_queue(self._cloud, subscription["Endpoint"], message.text, message, {})
            except (
                ClientError,
                ServiceError,
            ):  # a queue that is not there yet is asked by nobody; the subscription stays pending
                return


class TopicCompanion(Companion):
    """What moto knows of a topic it tells itself; how many subscribed is known here, and what SNS would refuse."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def before(self, caller: Caller, request: OperationRequest) -> dict[str, str]:
        parameters = request.parameters
        tags = [tag["Key"] for tag in parameters.get("Tags", [])]
        if len(set(tags)) < len(tags):
            raise ServiceError("InvalidParameter", "Invalid parameter: Duplicated keys are not allowed.")
        arn = parameters.get("TopicArn") or parameters.get("ResourceArn")
        if arn is not None:
            self._records.refuse_foreign_topic(str(arn), caller)
        if request.operation.name == "CreateTopic":
            self._refuse_another(caller, parameters)
        return {}

    def _refuse_another(self, caller: Caller, parameters: dict[str, Any]) -> None:
        """CreateTopic answers an existing topic only where it would be the same."""
        try:
            there = self._records.topic_attributes(caller.resource_arn("sns", parameters["Name"]))
        except ServiceError:
            return
        wanted = parameters.get("Attributes", {})
        if any(there.get(name, "") != value for name, value in wanted.items()):
            raise ServiceError(
                "InvalidParameter",
                "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
            )

    def after(self, caller: Caller, request: OperationRequest, response: HttpResponse) -> HttpResponse:
        if response.status >= 300:
            return response
        topic = str(request.parameters.get("TopicArn", ""))
        if request.operation.name == "DeleteTopic":
            for subscription in self._records.of_topic(topic):
                self._records.subscriptions.delete(subscription["SubscriptionArn"])
        if request.operation.name != "GetTopicAttributes":
            return response
        pending = [subscription["Pending"] for subscription in self._records.of_topic(topic)]
        body = response.body.decode()
        for name, number in (("SubscriptionsPending", sum(pending)), ("SubscriptionsConfirmed", pending.count(False))):
            body = re.sub(rf"(<key>{name}</key>\s*<value>)\d+", rf"\g<1>{number}", body)
        return HttpResponse(response.status, response.headers, body.encode())


def _refuse_endpoint(topic: str, protocol: str, endpoint: str) -> None:
    if protocol in ("lambda", "firehose", "application"):
        raise ServiceError(
            "NotImplemented", f"localaws does not deliver notifications to {protocol}: use sqs or email.", 501
        )
    expected = _ENDPOINTS.get(protocol)
    if expected is None:
        raise ServiceError(
            "InvalidParameter", f"Invalid parameter: Amazon SNS does not support this protocol string: {protocol}"
        )
    if not expected.fullmatch(endpoint):
        raise ServiceError("InvalidParameter", f"Invalid parameter: {protocol} endpoint {endpoint}")
    if protocol == "sqs" and endpoint.endswith(".fifo") and not topic.endswith(".fifo"):
        raise ServiceError(
            "InvalidParameter",
            "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
        )


def _refuse_attribute(name: str, value: str, scope: str, where: str = "") -> None:
    """``where`` stands before the name in the message: Subscribe says that it is one of its Attributes."""
    if name not in _SETTABLE:
        raise ServiceError("InvalidParameter", "Invalid parameter: AttributeName")
    problem = None
    if name == "FilterPolicy" and value:  # an empty one is none
        problem = policy_problem(value, scope)
    elif name == "FilterPolicyScope" and value not in (BY_BODY, BY_ATTRIBUTES):
        problem = f"Invalid value [{value}]. Please use either MessageBody or MessageAttributes"
    elif name == "RawMessageDelivery" and value.lower() not in ("true", "false"):
        problem = f"Invalid value [{value}]. Must be true or false."
    elif name == "RedrivePolicy":
        problem = _redrive_problem(value)
    if problem:
        raise ServiceError("InvalidParameter", f"Invalid parameter: {where}{name}: {problem}")


def _refuse_nested(policy: str, scope: str) -> None:
    if policy and scope == BY_ATTRIBUTES and nests(policy):
        raise ServiceError(
            "InvalidParameter",
            "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy",
        )


def _redrive_problem(value: str) -> str | None:
    try:
        queue = json.loads(value)["deadLetterTargetArn"]
    except (ValueError, KeyError, TypeError):
        return "it must be JSON with a deadLetterTargetArn"
    return None if _ENDPOINTS["sqs"].fullmatch(str(queue)) else "deadLetterTargetArn must be the ARN of a queue"


def _listed(subscriptions: list[Document], request: Request) -> Response:
    shown, more = _PAGES.of(subscriptions, request, lambda subscription: str(subscription["SubscriptionArn"]))
    members: list[dict[str, Any]] = [
        {
            **{name: subscription[name] for name in ("TopicArn", "Protocol", "Endpoint", "Owner")},
            "SubscriptionArn": _PENDING if subscription["Pending"] else subscription["SubscriptionArn"],
        }
        for subscription in shown
    ]
    return {"Subscriptions": members, **more}
