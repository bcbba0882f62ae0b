"""Events of log streams in chunks: whatever was done to groups and streams, what was kept is what is there."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto.logs.models import logs_backends

from localaws.moto.log_chunks import LogChunks

ACCOUNT, REGION = "012345670123", "ap-southeast-2"


@pytest.fixture
def logs() -> Iterator[Any]:
    backend = logs_backends[ACCOUNT][REGION]
    yield backend
    backend.groups.clear()


class File:
    """The rows that were handed on, as a state file keeps them."""

    def __init__(self) -> None:
        self.rows: dict[str, bytes] = {}
        self.digests: dict[str, bytes] = {}
        self.chunks = LogChunks(self.digests)

    def keep(self) -> dict[str, bytes | None]:
        changed: dict[str, bytes | None] = {}
        self.chunks.changed(changed)
        for name, content in changed.items():
            if content is None:
                del self.rows[name]
            else:
                self.rows[name] = content
        assert self.rows.keys() == self.digests.keys()
        return changed

    def start_again(self, backend: Any) -> None:
        """As a restart: the streams come back without events, then get them from the rows."""
        for _, stream in streams(backend):
            stream.events = []
        self.chunks = LogChunks(self.digests)
        self.chunks.read([(json.loads(name)[1:], content) for name, content in reversed(self.rows.items())])


def streams(backend: Any) -> list[tuple[str, Any]]:
    return [(f"{group.name}/{name}", each) for group in backend.groups.values() for name, each in group.streams.items()]


def messages(backend: Any) -> dict[str, list[str]]:
    return {name: [event.message for event in stream.events] for name, stream in streams(backend)}


def put(backend: Any, group: str, stream: str, number: int, word: str = "") -> None:
    now = int(time.time() * 1000)  # CloudWatch Logs takes no events of other years
    before = len(backend.groups[group].streams[stream].events)
    backend.put_log_events(group, stream, [{"timestamp": now, "message": f"{word}{n}"} for n in range(number)])
    assert len(backend.groups[group].streams[stream].events) == before + number


ACTIONS = st.one_of(
    st.tuples(st.just("put"), st.sampled_from("ab"), st.sampled_from([1, 7, 999, 1000, 1001, 2500])),
    st.tuples(st.sampled_from(["remake stream", "remake group", "keep", "restart"]), st.sampled_from("ab"), st.just(3)),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(st.lists(ACTIONS, max_size=12))
def test_what_is_kept_is_what_is_there(logs: Any, actions: list[tuple[str, str, int]]) -> None:
    logs.groups.clear()
    file = File()
    for count, (action, name, number) in enumerate(actions):
        group = logs.groups.get(name) or logs.create_log_group(name, {})
        if "s" not in group.streams:
            logs.create_log_stream(name, "s")
        if action == "put":
            put(logs, name, "s", number, f"{count} ")
        elif action == "remake stream":
            logs.delete_log_stream(name, "s")
            logs.create_log_stream(name, "s")
            put(logs, name, "s", number, "new ")
        elif action == "remake group":
            logs.delete_log_group(name)
        else:
            file.keep()
        if action == "restart":
            file.start_again(logs)
    file.keep()
    before = messages(logs)
    file.start_again(logs)
    assert messages(logs) == before
    assert file.keep() == {}


def test_one_more_event_costs_one_chunk_of_its_stream(logs: Any) -> None:
    logs.create_log_group("g", {})
    for stream in "ab":
        logs.create_log_stream("g", stream)
        put(logs, "g", stream, 10_500)
    file = File()
    assert len(file.keep()) == 22
    put(logs, "g", "b", 1, "more ")
    changed = file.keep()
    assert list(changed) == [json.dumps(["events", ACCOUNT, REGION, "g", "b", 10_000])]
    assert file.keep() == {}


def test_events_of_no_stream_are_damage(logs: Any) -> None:
    logs.create_log_group("g", {})
    logs.create_log_stream("g", "s")
    put(logs, "g", "s", 1)
    file = File()
    file.keep()
    logs.groups.clear()
    with pytest.raises(ValueError, match="not there"):
        file.start_again(logs)
