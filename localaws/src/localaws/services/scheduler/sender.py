"""Scheduler's deliveries: what is called, what a dead letter says, what CloudWatch counts.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.core.arn import Arn
from localaws.core.caller import Caller
from localaws.services.events.deliveries import Deliveries, Sender
from localaws.services.events.failures import InvocationError
from localaws.services.events.invocations import Invocation
from localaws.services.events.metrics import MetricWriter
from localaws.services.scheduler.records import group_arn
from localaws.services.scheduler.targets import call

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document

PRINCIPAL = "scheduler.amazonaws.com"
_COUNTED = {
    "attempt": "InvocationAttemptCount",
    "retry": "InvocationAttemptCount",
    "failed": "TargetErrorCount",
    "dead": "InvocationsSentToDeadLetterCount",
    "undead": "InvocationsFailedToBeSentToDeadLetterCount",
}


class ScheduleSender(Sender):
    table = "scheduler.delivery"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._metrics = MetricWriter(cloud, "AWS/Scheduler")
        self._deliveries = Deliveries(cloud, self)

    def submit(self, schedule: Document, text: str) -> None:
        """Call the target of a schedule, whose placeholders are filled in ``text``."""
        self._deliveries.submit(
            {
                "ScheduleArn": schedule["Arn"],
                "GroupName": schedule["GroupName"],
                "Target": schedule["Target"],
                "Text": text,
                "Event": {},
            }
        )

    def attempt(self, delivery: Document) -> None:
        call(self._invocation(delivery, delivery["Target"]))

    def dead_letter_client(self, delivery: Document, queue: Arn) -> Any:
        """Scheduler hands dead letters over as the schedule's role.

        https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
        """
        return self._invocation(delivery, {**delivery["Target"], "Arn": str(queue)}).client("sqs")

    def _invocation(self, delivery: Document, target: dict[str, Any]) -> Invocation:
        schedule = Arn.parse(delivery["ScheduleArn"])
        group = group_arn(Caller.root(schedule.account, schedule.region), delivery["GroupName"])
        session = f"AWSScheduler_{schedule.name}"[:64]
        return Invocation(self._cloud, target, delivery["Text"], {}, PRINCIPAL, session, group, schedule.region)

    def dead_letter(
        self, delivery: Document, error: InvocationError, exhausted: str | None
    ) -> tuple[str, dict[str, str]]:
        attributes = {
            "SCHEDULE_ARN": delivery["ScheduleArn"],
            "TARGET_ARN": delivery["Target"]["Arn"],
            "ERROR_CODE": error.target_code,
            "ERROR_MESSAGE": error.message,
            "EXHAUSTED_RETRY_CONDITION": exhausted or "",
            "RETRY_ATTEMPTS": str(delivery["Attempts"] - 1),
            "IS_PAYLOAD_TRUNCATED": "false",
        }
        return delivery["Text"] or "{}", attributes

    def count(self, delivery: Document, what: str) -> None:
        schedule = Arn.parse(delivery["ScheduleArn"])
        self._metrics.count(schedule.account, schedule.region, _COUNTED[what], {"ScheduleGroup": delivery["GroupName"]})
