"""What others wrote is shown as text and steers no terminal: stdout and stderr of every verb go through here.

A description in the registry, a commit message, a log line or a key may hold escapes that erase a line, retitle a
window, answer for the user or turn the reading order round. They are shown as ``\\x1b`` and the like; line ends and
tabs stay. Colours and the heartbeat's own line are the program's: ``steer`` writes them past this.
https://cwe.mitre.org/data/definitions/150.html
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

# C0 and C1 but tab and line end; what turns the reading order; what ends a line elsewhere; invisible tags; halves of
# characters, which no encoding can write.
_STEERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)


def harmless(text: str) -> str:
    """The same with every character that steers a terminal written out."""
    return _STEERS.sub(lambda found: ascii(found[0])[1:-1], text.replace("\r\n", "\n"))


def on_one_line(text: str) -> str:
    """The same, which also ends no line: for what stands in a row of a table, where it could pass for another row."""
    return harmless(text).replace("\n", "\\n").replace("\t", " ")


class Harmless:
    """A text stream that shows what steers instead of doing it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        self._stream.write(harmless(text).encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def steer(self, text: str) -> None:
        """Write what this program means to do to the terminal."""
        self._stream.write(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def steer(stream: Any, text: str) -> None:
    """Write ``text`` as it is, to a stream that is made harmless or is not."""
    getattr(stream, "steer", stream.write)(text)


@contextmanager
def harmless_output() -> Iterator[None]:
    """Inside, whatever is printed is harmless."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = Harmless(before[0]), Harmless(before[1])
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
