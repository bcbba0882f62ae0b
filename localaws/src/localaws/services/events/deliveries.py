"""Deliveries: each is written down before it is tried, tried again while that can help, and else handed to the
dead-letter queue. EventBridge and Scheduler each have their own, told apart by a ``Sender``.

A delivery is a document ``{"Target", "Text", "Event", "Attempts", "Began", ...}`` in the sender's table; what a
stopped server left there is tried again by the next.
"""

from __future__ import annotations

import heapq
import logging
import threading
import uuid
from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from localaws.core.arn import Arn
from localaws.services.events.failures import InvocationError, explained

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document

log = logging.getLogger(__name__)

_AT_ONCE = 4  # deliveries tried at the same time
_LONGEST_PAUSE = 60.0  # seconds between two attempts
MOST_ATTEMPTS = 185
LONGEST_AGE = 86400


class Sender(ABC):
    """Whose deliveries they are: how one is tried, and what is told of its end."""

    table: str

    @abstractmethod
    def attempt(self, delivery: Document) -> None:
        """Try once; raise where it fails."""

    @abstractmethod
    def dead_letter_client(self, delivery: Document, queue: Arn) -> Any:
        """A client of SQS in the queue's region, as whom the sender hands dead letters over. Raise where it may not."""

    @abstractmethod
    def dead_letter(
        self, delivery: Document, error: InvocationError, exhausted: str | None
    ) -> tuple[str, dict[str, str]]:
        """The message for the dead-letter queue: its body, and its attributes by name."""

    @abstractmethod
    def count(self, delivery: Document, what: str) -> None:
        """Note ``attempt``, ``retry``, ``failed``, ``dead`` or ``undead`` (the queue did not take it) in CloudWatch."""


class Deliveries:
    def __init__(self, cloud: Cloud, sender: Sender) -> None:
        self._cloud = cloud
        self._sender = sender
        self._table = cloud.store.table(sender.table)
        self._due: list[tuple[datetime, str]] = []
        self._changed = threading.Condition()
        cloud.on_start(self._start)

    def submit(self, delivery: Document) -> None:
        """Write a delivery (``Target``, ``Text``, ``Event`` and what the sender needs) down and have it tried."""
        now = self._cloud.clock.now()
        key = str(uuid.uuid4())
        with self._changed:
            self._table.put(key, {**delivery, "Attempts": 0, "Began": now})
            self._schedule(now, key)

    def _start(self) -> None:
        with self._changed:
            submitted = {key for _, key in self._due}  # while the server was starting
            for key, delivery in self._table.items():
                if key not in submitted:
                    self._schedule(delivery["Began"], key)
        for number in range(_AT_ONCE):
            self._cloud.workers.start_lasting(f"{self._sender.table}-{number}", self._work)

    def _schedule(self, moment: datetime, key: str) -> None:
        with self._changed:
            heapq.heappush(self._due, (moment, key))
            self._changed.notify()

    def _work(self) -> None:
        while not self._cloud.workers.stopping.is_set():
            key = self._next_due()
            if key is not None:
                self._try(key)

    def _next_due(self) -> str | None:
        """The key of a delivery that is due now; None after a short wait in which none was."""
        with self._changed:
            if not self._due or self._due[0][0] > self._cloud.clock.now():
                self._changed.wait(0.25)  # the clock may be moved meanwhile, so never longer
            if self._due and self._due[0][0] <= self._cloud.clock.now():
                return heapq.heappop(self._due)[1]
        return None

    def _try(self, key: str) -> None:
        delivery = self._table.get(key)
        if delivery is None:
            return
        self._sender.count(delivery, "attempt" if not delivery["Attempts"] else "retry")
        try:
            self._sender.attempt(delivery)
        except Exception as error:  # every failure of a target is one of the delivery
            self._failed(key, delivery, explained(error))
        else:
            self._table.delete(key)

    def _failed(self, key: str, delivery: Document, error: InvocationError) -> None:
        delivery["Attempts"] += 1
        exhausted = self._exhausted(delivery)
        if error.retriable and exhausted is None:
            self._table.put(key, delivery)
            pause = min(2.0 ** min(delivery["Attempts"] - 1, 10), _LONGEST_PAUSE)
            self._schedule(self._cloud.clock.now() + timedelta(seconds=pause), key)
            return
        target = delivery["Target"]["Arn"]
        log.warning("delivery to %s failed: %s: %s", target, error.code, error.message)
        self._sender.count(delivery, "failed")
        queue = delivery["Target"].get("DeadLetterConfig", {}).get("Arn")
        if queue:
            self._hand_over(queue, delivery, error, exhausted if error.retriable else None)
        self._table.delete(key)

    def _exhausted(self, delivery: Document) -> str | None:
        """Which limit of the target's retry policy allows no further attempt."""
        policy = delivery["Target"].get("RetryPolicy", {})
        if delivery["Attempts"] > policy.get("MaximumRetryAttempts", MOST_ATTEMPTS):
            return "MaximumRetryAttempts"
        age = (self._cloud.clock.now() - delivery["Began"]).total_seconds()
        return "MaximumEventAgeInSeconds" if age >= policy.get("MaximumEventAgeInSeconds", LONGEST_AGE) else None

    def _hand_over(self, queue: str, delivery: Document, error: InvocationError, exhausted: str | None) -> None:
        body, attributes = self._sender.dead_letter(delivery, error, exhausted)
        arn = Arn.parse(queue)
        try:
            sqs = self._sender.dead_letter_client(delivery, arn)
            url = sqs.get_queue_url(QueueName=arn.resource, QueueOwnerAWSAccountId=arn.account)["QueueUrl"]
            sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=_attributes(attributes))
        except Exception as refused:  # the delivery ends here: say so where it is looked for
            log.warning("the dead-letter queue %s refused the event: %s", queue, refused)
            self._sender.count(delivery, "undead")
        else:
            self._sender.count(delivery, "dead")


def _attributes(values: dict[str, str]) -> dict[str, Any]:
    return {name: {"DataType": "String", "StringValue": value[:1024]} for name, value in values.items() if value}
