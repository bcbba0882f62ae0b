"""Reading on in CloudWatch Logs: pages of streams and of events, each line once, and an end that is only for now."""

from __future__ import annotations

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from scripts.decisions.log_lines import LogSource
from scripts.errors import AccessDeniedError
from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import Actor
from scripts.gateways.logs import LogReader, last_lines

SOURCE = LogSource("Score", "group", "job/")


class FakeLogs:
    """CloudWatch Logs with at most two streams and two events on a page; empty pages come in between, as on AWS."""

    def __init__(self, refusal: str | None = None) -> None:
        self.streams: dict[str, list[str]] = {}
        self.refusal = refusal
        self.asked: list[dict[str, Any]] = []

    def get_paginator(self, operation: str) -> FakeLogs:
        assert operation == "describe_log_streams"
        return self

    def paginate(self, **request: str) -> list[dict[str, Any]]:
        if self.refusal:
            raise ClientError({"Error": {"Code": self.refusal, "Message": "no"}}, "DescribeLogStreams")
        names = [name for name in self.streams if name.startswith(request["logStreamNamePrefix"])]
        return [
            {"logStreams": [{"logStreamName": name} for name in names[at : at + 2]]} for at in range(0, len(names), 2)
        ]

    def get_log_events(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        events = self.streams[request["logStreamName"]]
        kind, _, place = request.get("nextToken", "f/0").partition("/")
        at = int(place)
        if kind == "empty":  # the page after an empty one has what comes next
            page = events[at : at + 2]
            return {"events": _events(page, at), "nextForwardToken": f"f/{at + len(page)}"}
        if "nextToken" in request and at >= len(events):
            return {"events": [], "nextForwardToken": request["nextToken"]}
        return {"events": [], "nextForwardToken": f"empty/{at}"}


def _events(texts: list[str], at: int) -> list[dict[str, Any]]:
    return [{"timestamp": at + number, "message": text} for number, text in enumerate(texts)]


class FakeAccount:
    actor = Actor("550011223344")

    def __init__(self, logs: FakeLogs) -> None:
        self._logs = logs

    def client(self, service: str) -> FakeLogs:
        assert service == "logs"
        return self._logs


def reader(logs: FakeLogs, start: int | None = None) -> LogReader:
    return LogReader(cast(Account, FakeAccount(logs)), start)


@pytest.mark.aws_rule(
    "GetLogEvents ends where it answers the token that it was given",
    page="https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html",
)
def test_every_line_of_every_stream_is_read_once_however_many_pages_there_are() -> None:
    logs = FakeLogs()
    logs.streams = {f"job/algo-{host}-1790000000": [f"{host}.{number}" for number in range(5)] for host in range(5)}
    logs.streams["other/algo-1"] = ["not ours"]
    ours = reader(logs)
    assert sorted(each.text for each in ours.news(SOURCE)) == sorted(f"{h}.{n}" for h in range(5) for n in range(5))
    assert ours.news(SOURCE) == []
    logs.streams["job/algo-3-1790000000"].append("late")
    logs.streams["job/algo-9"] = ["new host"]
    assert [(each.host, each.text) for each in ours.news(SOURCE)] == [("algo-3", "late"), ("algo-9", "new host")]


def test_an_event_of_several_lines_is_several_lines_and_an_empty_one_is_one() -> None:
    logs = FakeLogs()
    logs.streams = {"job/a": ["Traceback:\n  here\n", "", "end\r\n"]}
    assert [each.text for each in reader(logs).news(SOURCE)] == ["Traceback:", "  here", "", "end"]


def test_only_what_is_wanted_is_asked_for() -> None:
    logs = FakeLogs()
    logs.streams = {"job/a": ["x"]}
    reader(logs, 1234).news(SOURCE)
    assert {each["startTime"] for each in logs.asked} == {1234}


def test_a_group_that_is_not_there_yet_has_no_lines_and_a_refusal_is_told() -> None:
    assert reader(FakeLogs("ResourceNotFoundException")).news(SOURCE) == []
    with pytest.raises(AccessDeniedError):
        reader(FakeLogs("AccessDeniedException")).news(SOURCE)
    with pytest.raises(AccessDeniedError):
        last_lines(cast(Account, FakeAccount(FakeLogs("AccessDeniedException"))), "group", "job/")
