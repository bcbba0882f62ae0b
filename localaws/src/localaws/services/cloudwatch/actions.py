"""What a new state of an alarm does. CloudWatch publishes to the alarm's topics as itself, so that their policies and
the policies of their keys must let it; what came of it is in the alarm's history.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localaws.core.arn import Arn
from localaws.core.caller import Caller
from localaws.policies.service_access import Refusal, refusal
from localaws.services.cloudwatch.messages import Alarm, event_detail, message, subject
from localaws.services.cloudwatch.records import History

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

log = logging.getLogger(__name__)

_CHANGE = "CloudWatch Alarm State Change"
_ACTIONS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}


class AlarmActions:
    """Notes a change of state and performs the actions of the new one."""

    def __init__(self, cloud: Cloud, history: History) -> None:
        self._cloud = cloud
        self._history = history

    def changed(self, caller: Caller, alarm: Alarm, old: str) -> None:
        """``alarm`` as DescribeAlarms gives it in its new state."""
        name, new = alarm["AlarmName"], alarm["StateValue"]
        states = {"oldState": {"stateValue": old}, "newState": {"stateValue": new, "stateReason": alarm["StateReason"]}}
        self._history.add(caller, name, "StateUpdate", f"Alarm updated from {old} to {new}", states)
        detail = event_detail(alarm, old, self._cloud.clock.now())
        self._cloud.emit(caller.account, caller.region, "aws.cloudwatch", _CHANGE, detail, [alarm["AlarmArn"]])
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

    def described(self, caller: Caller, name: str) -> Alarm | None:
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
