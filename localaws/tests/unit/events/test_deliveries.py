"""Deliveries: tried again while that can help, then handed to the dead-letter queue; none is lost with a server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from localaws.core.arn import Arn
from localaws.core.clock import Clock
from localaws.core.cloud import Cloud
from localaws.core.store import Document, Store
from localaws.core.workers import Workers
from localaws.services.events.deliveries import Deliveries, Sender
from localaws.services.events.failures import InvocationError

QUEUE = "arn:aws:sqs:eu-west-1:111111111111:dead"
TARGET = {"Arn": "arn:aws:sqs:eu-west-1:111111111111:q", "DeadLetterConfig": {"Arn": QUEUE}}


class FakeQueue:
    """The dead-letter queue: keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def get_queue_url(self, **_: Any) -> dict[str, str]:
        return {"QueueUrl": "http://localhost/dead"}

    def send_message(self, **message: Any) -> None:
        self.sent.append(message)


class FakeSender(Sender):
    """Fails as often as it is told to, with one and the same error."""

    table = "test.delivery"

    def __init__(self, failures: int, error: Exception) -> None:
        self.failures, self.error = failures, error
        self.queue = FakeQueue()
        self.attempts = 0
        self.counted: list[str] = []
        self.done = threading.Event()

    def attempt(self, delivery: Document) -> None:
        self.attempts += 1
        if self.attempts <= self.failures:
            raise self.error
        self.done.set()

    def dead_letter_client(self, delivery: Document, queue: Arn) -> Any:
        return self.queue

    def dead_letter(
        self, delivery: Document, error: InvocationError, exhausted: str | None
    ) -> tuple[str, dict[str, str]]:
        return "body", {"ERROR_CODE": error.code, "EXHAUSTED_RETRY_CONDITION": exhausted or ""}

    def count(self, delivery: Document, what: str) -> None:
        self.counted.append(what)
        if what == "dead":
            self.done.set()


class FakeCloud:
    def __init__(self, store: Store) -> None:
        self.store, self.clock, self.workers = store, Clock(), Workers()
        self._on_start: list[Callable[[], None]] = []

    def on_start(self, action: Callable[[], None]) -> None:
        self._on_start.append(action)

    def start(self) -> None:
        for action in self._on_start:
            action()


@pytest.fixture
def deliver() -> Iterator[Callable[..., FakeCloud]]:
    clouds: list[FakeCloud] = []

    def run(sender: FakeSender, target: dict[str, Any], store: Store | None = None) -> FakeCloud:
        cloud = FakeCloud(store or Store(None))
        clouds.append(cloud)
        deliveries = Deliveries(cast(Cloud, cloud), sender)
        if store is None:
            deliveries.submit({"Target": target, "Text": "{}", "Event": {}})
        cloud.start()
        deadline = time.monotonic() + 10
        while not sender.done.is_set():
            assert time.monotonic() < deadline
            cloud.clock.advance(60)  # no pause between two attempts is longer
            sender.done.wait(0.01)
        return cloud

    yield run
    for cloud in clouds:
        cloud.workers.stopping.set()  # its threads end by themselves


def _throttled() -> InvocationError:
    return InvocationError("THROTTLING", "slow down", retriable=True)


@pytest.mark.aws_rule(
    "A delivery that fails for a passing reason is tried again, as the retry policy of its target says",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html",
)
def test_a_failure_that_passes_is_tried_again_until_it_succeeds(deliver: Callable[..., FakeCloud]) -> None:
    sender = FakeSender(3, _throttled())
    deliver(sender, TARGET)
    assert sender.attempts == 4
    assert sender.queue.sent == []
    assert sender.counted == ["attempt", "retry", "retry", "retry"]


@pytest.mark.aws_rule(
    "A delivery that fails for a passing reason is tried again, as the retry policy of its target says",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html",
)
def test_the_retry_policy_limits_the_attempts(deliver: Callable[..., FakeCloud]) -> None:
    sender = FakeSender(99, _throttled())
    deliver(sender, {**TARGET, "RetryPolicy": {"MaximumRetryAttempts": 2}})
    assert sender.attempts == 3
    (sent,) = sender.queue.sent
    assert sent["MessageAttributes"]["EXHAUSTED_RETRY_CONDITION"]["StringValue"] == "MaximumRetryAttempts"


def test_the_retry_policy_limits_the_age(deliver: Callable[..., FakeCloud]) -> None:
    sender = FakeSender(10_000, _throttled())
    deliver(sender, {**TARGET, "RetryPolicy": {"MaximumEventAgeInSeconds": 60}})
    (sent,) = sender.queue.sent
    assert sent["MessageAttributes"]["EXHAUSTED_RETRY_CONDITION"]["StringValue"] == "MaximumEventAgeInSeconds"


@pytest.mark.aws_rule(
    "A delivery that lacks permission or its target is not tried again: it goes to the dead-letter queue",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html",
)
def test_a_failure_that_stays_is_not_tried_again(deliver: Callable[..., FakeCloud]) -> None:
    sender = FakeSender(99, InvocationError("NO_RESOURCE", "gone"))
    deliver(sender, TARGET)
    assert sender.attempts == 1
    (sent,) = sender.queue.sent
    assert set(sent["MessageAttributes"]) == {"ERROR_CODE"}
    assert sent["MessageBody"] == "body"


def test_what_a_killed_server_left_is_delivered_by_the_next(deliver: Callable[..., FakeCloud]) -> None:
    store = Store(None)
    killed = FakeCloud(store)
    Deliveries(cast(Cloud, killed), FakeSender(0, ValueError())).submit({"Target": TARGET, "Text": "{}", "Event": {}})
    sender = FakeSender(0, ValueError())
    deliver(sender, TARGET, store)
    assert sender.attempts == 1
