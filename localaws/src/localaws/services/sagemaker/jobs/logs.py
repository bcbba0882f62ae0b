"""A job's output in CloudWatch Logs, line by line while it is written.

https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from datetime import UTC, datetime
from typing import Any

from localaws.core.caller import Caller
from localaws.core.cloud import Cloud

# PutLogEvents takes at most 10,000 events and 1 MiB in a call, an event at most 256 KiB.
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
_LONGEST_LINE = 200_000
_LINES_PER_CALL = 4_000
_BYTES_PER_CALL = 900_000
_LAST_LINES = 20


class LogStream:
    """One log stream, made when its first line arrives. ``write`` takes bytes as a pipe gives them."""

    def __init__(self, cloud: Cloud, caller: Caller, group: str, name: str) -> None:
        self._client: Any = cloud.client("logs", caller)
        self._clock = cloud.clock
        self._group = group
        self.name = name
        self._made = False
        self._rest = b""
        self._lock = threading.Lock()
        self._last: deque[str] = deque(maxlen=_LAST_LINES)

    @property
    def last_lines(self) -> list[str]:
        """The last lines that are not blank, oldest first."""
        return [line for line in self._last if line.strip()]

    def write(self, chunk: bytes) -> None:
        """Take bytes; whole lines are put at once, the rest waits for its end."""
        with self._lock:
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            if len(self._rest) > _LONGEST_LINE:
                lines.append(self._rest)
                self._rest = b""
            self._put([part.decode(errors="replace") for line in lines for part in _parts(line)])

    def line(self, text: str) -> None:
        self.write(text.encode() + b"\n")

    def close(self) -> None:
        """Put what is left without an end of line."""
        with self._lock:
            rest, self._rest = self._rest, b""
        if rest:
            self.write(rest + b"\n")

    def _put(self, lines: list[str]) -> None:
        self._last.extend(lines)
        batch: list[str] = []
        size = 0
        for line in lines:
            if batch and (len(batch) == _LINES_PER_CALL or size + len(line) * 4 > _BYTES_PER_CALL):
                self._put_batch(batch)
                batch, size = [], 0
            batch.append(line)
            size += len(line) * 4 if not line.isascii() else len(line) + 26
        if batch:
            self._put_batch(batch)

    def _put_batch(self, lines: list[str]) -> None:
        if not self._made:
            self._make()
        # CloudWatch Logs refuses events two hours ahead of its own clock, which is the machine's: a clock that was
        # moved forward must not cost a line.
        for moment in (self._clock.now(), datetime.now(UTC)):
            stamp = int(moment.timestamp() * 1000)
            answer = self._client.put_log_events(
                logGroupName=self._group,
                logStreamName=self.name,
                logEvents=[{"timestamp": stamp, "message": line.rstrip("\r") or " "} for line in lines],
            )
            if not answer.get("rejectedLogEventsInfo"):
                return

    def _make(self) -> None:
        exists = self._client.exceptions.ResourceAlreadyExistsException
        try:
            self._client.create_log_stream(logGroupName=self._group, logStreamName=self.name)
        except self._client.exceptions.ResourceNotFoundException:
            with contextlib.suppress(exists):  # where another job was faster
                self._client.create_log_group(logGroupName=self._group)
            self._make()
            return
        except exists:
            pass
        self._made = True


def _parts(line: bytes) -> list[bytes]:
    if len(line) <= _LONGEST_LINE:
        return [line]
    return [line[start : start + _LONGEST_LINE] for start in range(0, len(line), _LONGEST_LINE)]
