"""Alarms: what a new state does. CloudWatch publishes to the alarm's topics as itself, so that their policies and the
policies of their keys must let it; what came of it is in the alarm's history.

An alarm's state changes only by SetAlarmState: metrics are not evaluated.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localaws.core.arn import Arn
from localaws.core.caller import Caller
from localaws.core.operations import Companion
from localaws.core.pages import Pages
from localaws.core.service import Request, Response, Service
from localaws.core.wire import HttpResponse, OperationRequest
from localaws.policies.service_access import Refusal, refusal
from localaws.services.cloudwatch.messages import Alarm, message, subject
from localaws.services.cloudwatch.records import History
from localaws.services.events.envelope import aware

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

log = logging.getLogger(__name__)

_ACTIONS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
_PAGES = Pages("InvalidNextToken", "The next token specified is invalid.", size="MaxRecords")


class Alarms(Service):
    """DescribeAlarmHistory, and a companion for SetAlarmState."""

    service = "cloudwatch"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._history = History(cloud)
        cloud.operations.accompany("cloudwatch", StateCompanion(cloud, self._history))

    def describe_alarm_history(self, caller: Caller, request: Request) -> Response:
        wanted, start, end = request.get("HistoryItemType"), request.get("StartDate"), request.get("EndDate")
        items = [
            item
            for item in self._history.of(caller, request.get("AlarmName"))
            if wanted in (None, item["HistoryItemType"])
            and (start is None or item["Timestamp"] >= aware(start))
            and (end is None or item["Timestamp"] <= aware(end))
        ]
        if request.get("ScanBy") != "TimestampAscending":
            items.reverse()
        shown, more = _PAGES.of(items, request)
        return {"AlarmHistoryItems": shown, **more}


class StateCompanion(Companion):
    """Remembers the state before moto changes it, and acts on the change after."""

    def __init__(self, cloud: Cloud, history: History) -> None:
        self._cloud = cloud
        self._history = history
        self._former: dict[int, str | None] = {}  # by request, while moto answers it

    def before(self, caller: Caller, request: OperationRequest) -> dict[str, str]:
        if request.operation.name == "SetAlarmState":
            alarm = self._alarm(caller, request.parameters["AlarmName"])
            self._former[id(request)] = alarm["StateValue"] if alarm else None
        return {}

    def after(self, caller: Caller, request: OperationRequest, response: HttpResponse) -> HttpResponse:
        if request.operation.name != "SetAlarmState":
            return response
        old = self._former.pop(id(request), None)
        alarm = self._alarm(caller, request.parameters["AlarmName"])
        if response.status < 300 and alarm and old and old != alarm["StateValue"]:
            self._changed(caller, alarm, old)
        return response

    def _changed(self, caller: Caller, alarm: Alarm, old: str) -> None:
        name, new = alarm["AlarmName"], alarm["StateValue"]
        states = {"oldState": {"stateValue": old}, "newState": {"stateValue": new, "stateReason": alarm["StateReason"]}}
        self._history.add(caller, name, "StateUpdate", f"Alarm updated from {old} to {new}", states)
        if alarm["ActionsEnabled"]:
            for action in alarm.get(_ACTIONS[new], []):
                self._act(caller, alarm, old, action)

    def _act(self, caller: Caller, alarm: Alarm, old: str, action: str) -> None:
        problem = self._publish(caller, alarm, old, action)
        data = {"actionState": "Failed" if problem else "Succeeded", "notificationResource": action, "error": problem}
        summary = f"Successfully executed action {action}"
        if problem:
            summary = f'Failed to execute action {action}. Received error: "{problem}"'
            log.warning("%s: %s", alarm["AlarmName"], summary)
        self._history.add(caller, alarm["AlarmName"], "Action", summary, data)

    def _publish(self, caller: Caller, alarm: Alarm, old: str, action: str) -> str | None:
        """Publish to a topic; what is wrong with it, or None."""
        topic = Arn.parse(action)
        if topic.service != "sns":
            return f"localaws performs the actions of no alarm but publishing to topics, not those of {topic.service}."
        closed = refusal(self._cloud, "cloudwatch", action, alarm["AlarmArn"])
        if closed:
            return _worded(closed, alarm)
        sns = self._cloud.client("sns", Caller.root(topic.account, topic.region))
        text = message(alarm, caller.account, caller.region, old, self._cloud.clock.now())
        try:
            sns.publish(TopicArn=action, Subject=subject(alarm, alarm["StateValue"], caller.region), Message=text)
        except ClientError as error:
            return str(error)
        return None

    def _alarm(self, caller: Caller, name: str) -> Alarm | None:
        """The alarm as it is now; composite alarms are none of localaws' concern."""
        owner = Caller.root(caller.account, caller.region)
        found: list[dict[str, Any]] = self._cloud.client("cloudwatch", owner).describe_alarms(AlarmNames=[name])[
            "MetricAlarms"
        ]
        return found[0] if found else None


def _worded(closed: Refusal, alarm: Alarm) -> str:
    """In AWS's words, with the reason."""
    if closed.of_key:
        return f"CloudWatch Alarms does not have authorization to access the SNS topic encryption key. ({closed.text})"
    return (
        f"Resource: {alarm['AlarmArn']} is not authorized to perform: SNS:Publish on resource: {closed.resource} "
        f"{closed.reason}"
    )
