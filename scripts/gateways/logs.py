"""CloudWatch Logs of one account: the last lines of a job, and what its streams hold since the last look at them."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from scripts.decisions.log_lines import LogLine, LogSource, host_of
from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors


def last_lines(account: Account, log_group: str, stream_prefix: str, count: int = 15) -> list[str]:
    """The newest ``count`` lines of the streams that begin with ``stream_prefix``; none where nothing was logged."""
    client = account.client("logs")
    with told_as_deployment_errors(account.actor):
        events = [
            event
            for stream in _streams(client, log_group, stream_prefix)
            for event in client.get_log_events(
                logGroupName=log_group, logStreamName=stream, limit=count, startFromHead=False
            )["events"]
        ]
    ordered = sorted(events, key=lambda each: each["timestamp"])
    return [line for event in ordered for line in event["message"].rstrip().splitlines()][-count:]


class LogReader:
    """Reads on where it stopped: each line of each stream is given once.

    ``start`` is the moment (milliseconds since 1970) before which lines are left out.
    """

    def __init__(self, account: Account, start: int | None = None) -> None:
        self._account = account
        self._start = start
        self._tokens: dict[tuple[str, str], str] = {}

    def news(self, source: LogSource) -> list[LogLine]:
        """What the source's streams hold since the last call; none where none of them is there yet."""
        with told_as_deployment_errors(self._account.actor):
            streams = _streams(self._client, source.group, source.prefix)
            return [line for stream in streams for line in self._read_on(source, stream)]

    def _read_on(self, source: LogSource, stream: str) -> list[LogLine]:
        """To the end of a stream, which is where CloudWatch Logs answers with the token that it was given.

        https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
        """
        key, host, lines = (source.group, stream), host_of(source, stream), []
        start = {} if self._start is None else {"startTime": self._start}
        while True:
            token = {"nextToken": self._tokens[key]} if key in self._tokens else {}
            page = self._client.get_log_events(
                logGroupName=source.group, logStreamName=stream, startFromHead=True, **start, **token
            )
            lines += [
                LogLine(event["timestamp"], source.step, host, text)
                for event in page["events"]
                for text in event["message"].rstrip("\r\n").splitlines() or [""]
            ]
            if page["nextForwardToken"] == self._tokens.get(key):
                return lines
            self._tokens[key] = page["nextForwardToken"]

    @property
    def _client(self) -> Any:
        return self._account.client("logs")


def _streams(client: Any, log_group: str, prefix: str) -> list[str]:
    """The names of all streams that begin with ``prefix``; none where there is no such group yet."""
    try:
        pages = client.get_paginator("describe_log_streams").paginate(
            logGroupName=log_group, logStreamNamePrefix=prefix
        )
        return [stream["logStreamName"] for page in pages for stream in page["logStreams"]]
    except ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            return []
        raise
