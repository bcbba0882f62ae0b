"""A build's log: lines to CloudWatch Logs while they are written, and to S3 at the end where the project asks.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from localaws.core.caller import Caller
from localaws.core.log_delivery import LONGEST_LINE, LogDelivery

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_MASK = b"***"
_SHORTEST_SECRET = 3  # a shorter one would black out half of what is said
_LONGEST_PIECE = LONGEST_LINE // 4  # characters, of up to four bytes


class BuildLog:
    """Takes lines. ``group`` None keeps the log out of CloudWatch Logs; else group and stream are there at once."""

    def __init__(self, cloud: Cloud, owner: Caller, group: str | None, stream: str, file: Path) -> None:
        self._clock = cloud.clock
        self._file = file.open("wb")
        self.path = file
        self._secrets: tuple[bytes, ...] = ()
        self._delivery = LogDelivery(cloud, owner, group, stream) if group is not None else None
        if self._delivery is not None:
            self._delivery.make()

    def mask(self, secrets: Iterable[str]) -> None:
        """From now on no line of these is written: what Parameter Store and Secrets Manager gave to the build."""
        lines = {line.strip() for secret in secrets for line in (secret, *secret.splitlines())}
        kept = [line.encode() for line in lines if len(line) >= _SHORTEST_SECRET]
        self._secrets = tuple(sorted(kept, key=len, reverse=True))

    def say(self, text: str) -> None:
        """One line of CodeBuild's own."""
        now = self._clock.now()
        self.write(f"[Container] {now:%Y/%m/%d %H:%M:%S.%f} {text}".encode())

    def write(self, line: bytes) -> None:
        """One line of a command's output."""
        for secret in self._secrets:
            line = line.replace(secret, _MASK)
        self._file.write(line + b"\n")
        if self._delivery is None:
            return
        text = line.decode("utf-8", "replace").rstrip("\r")
        pieces = [text[start : start + _LONGEST_PIECE] for start in range(0, len(text), _LONGEST_PIECE)] or [""]
        self._delivery.put(piece + "\n" for piece in pieces)

    def close(self) -> None:
        """Deliver what is left."""
        if self._delivery is not None:
            self._delivery.close()
        self._file.close()

    def compressed(self) -> bytes:
        return gzip.compress(self.path.read_bytes())
