import threading
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from localaws.core import log_delivery
from localaws.core.caller import Caller
from localaws.core.log_delivery import LONGEST_LINE, LogDelivery

CALLER = Caller.root("123456789012", "eu-north-1")


class Logs:
    """CloudWatch Logs' limits, and what it was given. ``held`` keeps it from answering."""

    class exceptions:  # noqa: N801 (as boto3 calls it)
        ResourceNotFoundException = type("ResourceNotFoundException", (Exception,), {})
        ResourceAlreadyExistsException = type("ResourceAlreadyExistsException", (Exception,), {})

    def __init__(self, fails: bool = False) -> None:
        self.groups: set[str] = set()
        self.streams: set[str] = set()
        self.calls: list[list[str]] = []
        self.held = threading.Event()
        self.held.set()
        self._fails = fails

    def create_log_group(self, **request: Any) -> None:
        self.groups.add(request["logGroupName"])

    def create_log_stream(self, **request: Any) -> None:
        if request["logGroupName"] not in self.groups:
            raise self.exceptions.ResourceNotFoundException
        if request["logStreamName"] in self.streams:
            raise self.exceptions.ResourceAlreadyExistsException
        self.streams.add(request["logStreamName"])

    def put_log_events(self, **request: Any) -> dict[str, Any]:
        if self._fails:
            raise RuntimeError("down")
        self.held.wait(10)
        messages = [event["message"] for event in request["logEvents"]]
        assert request["logStreamName"] in self.streams
        assert 1 <= len(messages) <= 10_000
        assert sum(len(message.encode()) + 26 for message in messages) <= 2**20
        self.calls.append(messages)
        return {}


def delivery(logs: Logs) -> LogDelivery:
    cloud: Any = SimpleNamespace(
        client=lambda service, caller: logs, clock=SimpleNamespace(now=lambda: datetime(2030, 1, 1, tzinfo=UTC))
    )
    return LogDelivery(cloud, CALLER, "group", "stream")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(min_size=1) | st.integers(1, LONGEST_LINE // 4).map(lambda length: "é" * length), max_size=60))
def test_every_line_arrives_once_and_in_order_within_the_limits_of_a_call(lines: list[str]) -> None:
    logs = Logs()
    made = delivery(logs)
    for line in lines:
        made.put([line])
    made.close()
    assert [line for call in logs.calls for line in call] == lines


def test_many_lines_are_few_calls() -> None:
    logs = Logs()
    made = delivery(logs)
    for number in range(20_000):
        made.put([str(number)])
    made.close()
    assert len(logs.calls) < 100
    assert sum(map(len, logs.calls)) == 20_000


def test_more_than_there_is_room_for_may_come_at_once() -> None:
    logs = Logs()
    made = delivery(logs)
    made.put("x" * 100_000 for _ in range(300))
    made.close()
    assert sum(map(len, logs.calls)) == 300


def test_who_writes_faster_than_is_delivered_waits() -> None:
    logs = Logs()
    logs.held.clear()
    made = delivery(logs)
    written = 0

    def write() -> None:
        nonlocal written
        for _ in range(400):
            made.put(["x" * 100_000])
            written += 100_000

    writer = threading.Thread(target=write)
    writer.start()
    writer.join(1)
    assert writer.is_alive()
    assert written < log_delivery.MOST_UNDELIVERED + 2_000_000
    logs.held.set()
    writer.join(20)
    made.close()
    assert sum(len(line) for call in logs.calls for line in call) == written == 40_000_000


def test_a_log_that_cannot_be_delivered_keeps_nobody_waiting() -> None:
    made = delivery(Logs(fails=True))
    for _ in range(300):
        made.put(["x" * 100_000])
    made.close()


def test_nothing_is_made_before_the_first_line() -> None:
    logs = Logs()
    delivery(logs).close()
    assert logs.streams == set()
