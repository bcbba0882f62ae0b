"""Lines of one log stream on their way to CloudWatch Logs: in batches, a few times a second, by a thread of its own.

Whoever writes waits only while a lot is still to be delivered, so that a program which prints without end is slowed
down instead of filling the memory. What is a line, and which streams there are, is decided by jobs and builds.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

log = logging.getLogger(__name__)

_EVERY = 0.2  # seconds: as live as a person can read, few enough calls for a chatty program
# A call takes 10,000 events and 1 MiB, an event 256 KiB; each event counts 26 bytes more than its message.
_EVENTS_PER_CALL = 5_000
_BYTES_PER_CALL = 900_000
_BYTES_PER_EVENT = 26
LONGEST_LINE = 200_000
MOST_UNDELIVERED = 16 * 2**20  # bytes


class LogDelivery:
    """``put`` messages, ``close`` at the end. The group and the stream are made before the first message, where they
    are absent."""

    def __init__(self, cloud: Cloud, caller: Caller, group: str, stream: str) -> None:
        self._client: Any = cloud.client("logs", caller)
        self._clock = cloud.clock
        self._group, self._stream = group, stream
        self._waiting: deque[tuple[dict[str, Any], int]] = deque()
        self._bytes = 0
        self._room = threading.Condition()
        self._closing = threading.Event()
        self._made = False
        self._thread: threading.Thread | None = None

    def put(self, messages: Iterable[str]) -> None:
        """Take messages, each at most ``LONGEST_LINE`` bytes, with the time of now; wait while there is no room."""
        stamp = int(self._clock.now().timestamp() * 1000)
        with self._room:
            for message in messages:
                size = len(message.encode()) + _BYTES_PER_EVENT
                if self._thread is None:
                    self._thread = threading.Thread(target=self._deliver, name=f"logs {self._stream}", daemon=True)
                    self._thread.start()
                self._room.wait_for(lambda: self._bytes < MOST_UNDELIVERED)
                self._waiting.append(({"timestamp": stamp, "message": message}, size))
                self._bytes += size

    def make(self) -> None:
        """Make the group and the stream, where they are absent."""
        exists = self._client.exceptions.ResourceAlreadyExistsException
        try:
            with contextlib.suppress(exists):
                self._client.create_log_stream(logGroupName=self._group, logStreamName=self._stream)
        except self._client.exceptions.ResourceNotFoundException:
            with contextlib.suppress(exists):  # where another was faster
                self._client.create_log_group(logGroupName=self._group)
            self.make()
        self._made = True

    def close(self) -> None:
        """Deliver what is left."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def _deliver(self) -> None:
        try:
            if not self._made:
                self.make()
            last = False
            while not last:
                last = self._closing.wait(_EVERY)
                while batch := self._batch():
                    self._put(batch)
        except Exception:
            log.exception("the log %s of %s is not delivered", self._stream, self._group)
            self._drop_all()

    def _batch(self) -> list[dict[str, Any]]:
        with self._room:
            batch: list[dict[str, Any]] = []
            size = 0
            while self._waiting and len(batch) < _EVENTS_PER_CALL and size + self._waiting[0][1] <= _BYTES_PER_CALL:
                event, counted = self._waiting.popleft()
                batch.append(event)
                size += counted
            self._bytes -= size
            self._room.notify_all()
        return batch

    def _put(self, batch: list[dict[str, Any]]) -> None:
        if self._sent(batch).get("rejectedLogEventsInfo"):
            # CloudWatch Logs takes nothing from two hours ahead of the machine's own clock: where this cloud's was
            # moved further, the lines carry that of the machine.
            stamp = int(datetime.now(UTC).timestamp() * 1000)
            self._sent([{**event, "timestamp": stamp} for event in batch])

    def _sent(self, batch: list[dict[str, Any]]) -> Any:
        return self._client.put_log_events(logGroupName=self._group, logStreamName=self._stream, logEvents=batch)

    def _drop_all(self) -> None:
        """Nobody may wait for room that this thread will never make."""
        while not self._closing.wait(_EVERY):
            while self._batch():
                pass
