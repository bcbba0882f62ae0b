"""A job's output in CloudWatch Logs, line by line while it is written.

https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
"""

from __future__ import annotations

import threading
from collections import deque

from localaws.core.caller import Caller
from localaws.core.cloud import Cloud
from localaws.core.log_delivery import LONGEST_LINE, LogDelivery

_LAST_LINES = 20


class LogStream:
    """One log stream, made when its first line arrives. ``write`` takes bytes as a pipe gives them."""

    def __init__(self, cloud: Cloud, caller: Caller, group: str, name: str) -> None:
        self._delivery = LogDelivery(cloud, caller, group, name)
        self.name = name
        self._rest = b""
        self._lock = threading.Lock()
        self._last: deque[str] = deque(maxlen=_LAST_LINES)

    @property
    def last_lines(self) -> list[str]:
        """The last lines that are not blank, oldest first."""
        return [line for line in self._last if line.strip()]

    def write(self, chunk: bytes) -> None:
        """Take bytes; whole lines go on their way, the rest waits for its end."""
        with self._lock:
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            if len(self._rest) > LONGEST_LINE:
                lines.append(self._rest)
                self._rest = b""
            texts = [part.decode(errors="replace") for line in lines for part in _parts(line)]
            self._last.extend(texts)
            self._delivery.put(text.rstrip("\r") or " " for text in texts)

    def line(self, text: str) -> None:
        self.write(text.encode() + b"\n")

    def close(self) -> None:
        """Deliver everything, also what is left without an end of line."""
        with self._lock:
            rest, self._rest = self._rest, b""
        if rest:
            self.write(rest + b"\n")
        self._delivery.close()


def _parts(line: bytes) -> list[bytes]:
    if len(line) <= LONGEST_LINE:
        return [line]
    return [line[start : start + LONGEST_LINE] for start in range(0, len(line), LONGEST_LINE)]
