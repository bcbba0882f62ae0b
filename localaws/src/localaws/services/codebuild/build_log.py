"""A build's log: lines to CloudWatch Logs while they are written, and to S3 at the end where the project asks.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
"""

from __future__ import annotations

import contextlib
import gzip
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_FLUSH_EVERY = 0.2  # seconds: as live as a person can read, few enough calls for a chatty build
_LONGEST_BATCH = 2000  # lines; a line is at most _LONGEST_LINE, so a batch stays below PutLogEvents' 1 MiB
_BATCH_BYTES = 900_000
_LONGEST_LINE = 200_000


class BuildLog:
    """Takes lines; a thread of its own delivers them. ``group`` None keeps the log out of CloudWatch Logs."""

    def __init__(self, cloud: Cloud, owner: Caller, group: str | None, stream: str, file: Path) -> None:
        self._clock = cloud.clock
        self._logs = cloud.client("logs", owner)
        self._group, self._stream = group, stream
        self._file = file.open("wb")
        self.path = file
        self._waiting: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._deliver, name="codebuild-log", daemon=True)
        if group is not None:
            self._create()
            self._thread.start()

    def say(self, text: str) -> None:
        """One line of CodeBuild's own."""
        now = self._clock.now()
        self.write(f"[Container] {now:%Y/%m/%d %H:%M:%S.%f} {text}".encode())

    def write(self, line: bytes) -> None:
        """One line of a command's output."""
        self._file.write(line + b"\n")
        if self._group is None:
            return
        text = line.decode("utf-8", "replace").rstrip("\r")
        pieces = [text[start : start + _LONGEST_LINE] for start in range(0, len(text), _LONGEST_LINE)] or [""]
        stamp = int(self._clock.now().timestamp() * 1000)
        with self._lock:
            self._waiting += [{"timestamp": stamp, "message": piece + "\n"} for piece in pieces]

    def close(self) -> None:
        """Deliver what is left."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()
        self._file.close()

    def compressed(self) -> bytes:
        return gzip.compress(self.path.read_bytes())

    def _create(self) -> None:
        existing = self._logs.exceptions.ResourceAlreadyExistsException
        with contextlib.suppress(existing):
            self._logs.create_log_group(logGroupName=self._group)
        with contextlib.suppress(existing):
            self._logs.create_log_stream(logGroupName=self._group, logStreamName=self._stream)

    def _deliver(self) -> None:
        while True:
            last = self._closing.wait(_FLUSH_EVERY)
            while self._deliver_batch():
                pass
            if last:
                return

    def _deliver_batch(self) -> bool:
        with self._lock:
            size, number = 0, 0
            for event in self._waiting[:_LONGEST_BATCH]:
                size += len(event["message"]) * 4
                if number and size > _BATCH_BYTES:
                    break
                number += 1
            batch, self._waiting = self._waiting[:number], self._waiting[number:]
        if batch and self._put(batch).get("rejectedLogEventsInfo"):
            # CloudWatch Logs takes nothing from two hours ahead of the machine's own clock: where this cloud's was
            # moved further, the lines carry that of the machine.
            stamp = int(datetime.now(UTC).timestamp() * 1000)
            self._put([{**event, "timestamp": stamp} for event in batch])
        return bool(batch)

    def _put(self, batch: list[dict[str, Any]]) -> Any:
        return self._logs.put_log_events(logGroupName=self._group, logStreamName=self._stream, logEvents=batch)
