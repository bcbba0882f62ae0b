"""Takes the body of a request in: ``wsgi.input`` becomes a file that whoever stands behind the door may read again.

A small body is in memory, a larger one in a file that is written as it arrives. Nothing here looks into it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from localaws.core.bodies import Bodies
from localaws.core.body import CHUNK, BodyFile


def take_in(environ: dict[str, Any], bodies: Bodies) -> None:
    """Raises ValueError or OSError for a body that cannot be read, NoRoomError for one that cannot be written.

    Afterwards the body is seekable, and as long as ``CONTENT_LENGTH`` says. ``discard`` it in the end.
    """
    source = environ["wsgi.input"]
    if isinstance(source, BodyFile | io.BytesIO) and not source.tell():
        return  # of a client in this process: it is what it has to be already
    terminated = environ.get("wsgi.input_terminated") and "CONTENT_LENGTH" not in environ
    chunks = _until_the_end(source) if terminated else _of_length(source, int(environ.get("CONTENT_LENGTH") or 0))
    taken = bodies.take_in(chunks)
    environ["CONTENT_LENGTH"] = str(taken.seek(0, io.SEEK_END))
    taken.seek(0)
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["wsgi.input"] = taken


def _until_the_end(source: Any) -> Iterator[bytes]:
    while chunk := source.read(CHUNK):
        yield chunk


def _of_length(source: Any, length: int) -> Iterator[bytes]:
    if length < 0:
        raise ValueError(f"Content-Length is {length}")
    remaining = length
    while remaining:
        chunk = source.read(min(remaining, CHUNK))
        if not chunk:
            raise ValueError(f"it ended after {length - remaining} of {length} bytes")
        remaining -= len(chunk)
        yield chunk
