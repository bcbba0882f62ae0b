"""What SNS would have mailed or texted to people: kept, and shown by a page, since nothing here is really sent.

GET /_localaws/mail[?to=<address>]  {"messages": [{"to", "protocol", "topic_arn", "subject", "text", "kind",
"delivered", "time"}]}, oldest first. ``delivered`` is false for a subscription that nobody has confirmed: AWS would not
have sent it. ``kind`` is ``confirmation`` (its text holds the link that confirms) or ``notification``.
GET /_localaws/sns/confirm?topic_arn=...&token=...  confirms a subscription, as the link in the mail does.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from werkzeug.wrappers import Request, Response

from localaws.core.arn import Arn, ArnError
from localaws.core.caller import Caller

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document

MAIL_PAGE = "/_localaws/mail"
CONFIRM_PAGE = "/_localaws/sns/confirm"


class PostBox:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._messages = cloud.store.table("sns.mail")

    def put(self, subscription: Document, subject: str, text: str, kind: str = "notification") -> None:
        """Keep a message to a person."""
        message = {
            "to": subscription["Endpoint"],
            "protocol": subscription["Protocol"],
            "topic_arn": subscription["TopicArn"],
            "subject": subject,
            "text": text,
            "kind": kind,
            "delivered": kind == "confirmation" or not subscription["Pending"],
            "time": self._cloud.clock.now().isoformat(),
        }
        self._messages.put(str(uuid.uuid4()), message)

    def messages(self, to: str | None) -> list[Document]:
        return [message for message in self._messages.values() if to in (None, message["to"])]


class MailPage:
    def __init__(self, cloud: Cloud) -> None:
        self._box = PostBox(cloud)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        messages = self._box.messages(Request(environ).args.get("to"))
        text = json.dumps({"messages": messages}, ensure_ascii=False) + "\n"
        return Response(text, content_type="application/json")(environ, start_response)


class ConfirmPage:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        arn, token = request.args.get("topic_arn", ""), request.args.get("token", "")
        try:
            topic = Arn.parse(arn)
        except ArnError as error:
            return Response(f"topic_arn: {error}\n", 400)(environ, start_response)
        sns = self._cloud.client("sns", Caller.root(topic.account, topic.region))
        try:
            confirmed = sns.confirm_subscription(TopicArn=arn, Token=token)["SubscriptionArn"]
        except (sns.exceptions.InvalidParameterException, sns.exceptions.NotFoundException) as error:
            return Response(f"{error}\n", 400)(environ, start_response)
        return Response(f"Subscription confirmed: {confirmed}\n")(environ, start_response)


def confirmation_link(cloud: Cloud, topic_arn: str, token: str) -> str:
    return f"{cloud.endpoint_url}{CONFIRM_PAGE}?{urlencode({'topic_arn': topic_arn, 'token': token})}"
