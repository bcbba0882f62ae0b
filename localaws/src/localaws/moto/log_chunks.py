"""The events of log streams in chunks of their own, a thousand in each: one more event costs one chunk.

moto only ever adds events to a stream, and never changes one. So what is kept of a stream is a number of events, and
what has to be written are those that came later; a stream that was deleted and made again is another object.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from moto.logs.models import LogStream, logs_backends

from localaws.core.state_file import digest_of
from localaws.moto import pickle as moto_pickle

PACKAGE = "logs"
_IN_A_CHUNK = 1000

# Of a stream: account, region, group, name.
Place = tuple[str, str, str, str]


class LogChunks:
    KIND = "events"

    def __init__(self, digests: dict[str, bytes]) -> None:
        self._digests = digests
        self._kept: dict[Place, tuple[LogStream, int]] = {}  # how many of its events are in chunks

    def read(self, rows: list[tuple[Any, ...]]) -> None:
        """Give the streams, which are there already, their events. ValueError where a stream is missing."""
        streams = dict(_streams())
        for (*place, _), content in sorted(rows, key=lambda row: row[0][-1]):
            stream = streams.get(tuple(place))
            if stream is None:
                raise ValueError(f"it holds events of a log stream that is not there: {place}")
            stream.events += moto_pickle.loads(content)
            self._kept[tuple(place)] = (stream, len(stream.events))

    def changed(self, found: dict[str, bytes | None]) -> None:
        """Add the chunks of events that came, and the names of those that went."""
        there = dict(_streams())
        for place in [place for place in self._kept if place not in there]:
            self._forget(place, 0, found)
        for place, stream in there.items():
            former, count = self._kept.get(place, (stream, 0))
            if former is not stream or count > len(stream.events):
                count = 0
            if count != len(stream.events) or former is not stream:
                self._write(place, stream, count, found)

    def _write(self, place: Place, stream: LogStream, count: int, found: dict[str, bytes | None]) -> None:
        """Everything of a stream but its first ``count`` events."""
        size = len(stream.events)
        for start in range(count - count % _IN_A_CHUNK, size, _IN_A_CHUNK):
            content = moto_pickle.dumps(stream.events[start : start + _IN_A_CHUNK])
            name, digest = _name(place, start), digest_of(content)
            if self._digests.get(name) != digest:
                self._digests[name] = digest
                found[name] = content
        self._forget(place, size, found)
        self._kept[place] = (stream, size)

    def _forget(self, place: Place, size: int, found: dict[str, bytes | None]) -> None:
        """What is kept of a stream beyond its first ``size`` events."""
        _, count = self._kept.pop(place, (None, 0))
        for start in range(-(-size // _IN_A_CHUNK) * _IN_A_CHUNK, count, _IN_A_CHUNK):
            if self._digests.pop(_name(place, start), None) is not None:
                found[_name(place, start)] = None


def _name(place: Place, start: int) -> str:
    return json.dumps([LogChunks.KIND, *place, start])


def _streams() -> Iterator[tuple[Place, LogStream]]:
    for account, regions in list(logs_backends.items()):
        for region, backend in list(regions.items()):
            for group in backend.groups.values():
                for name, stream in group.streams.items():
                    yield (account, region, group.name, name), stream
