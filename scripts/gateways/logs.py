"""The last lines that a job has logged, for telling why it failed."""

from __future__ import annotations

from botocore.exceptions import ClientError

from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors


def last_lines(account: Account, log_group: str, stream_prefix: str, count: int = 15) -> list[str]:
    """The newest ``count`` lines of the streams that begin with ``stream_prefix``; none where nothing was logged."""
    client = account.client("logs")
    with told_as_deployment_errors(account.actor):
        try:
            streams = client.describe_log_streams(logGroupName=log_group, logStreamNamePrefix=stream_prefix)[
                "logStreams"
            ]
            events = [
                event
                for stream in streams
                for event in client.get_log_events(
                    logGroupName=log_group, logStreamName=stream["logStreamName"], limit=count, startFromHead=False
                )["events"]
            ]
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return []
            raise
    ordered = sorted(events, key=lambda each: each["timestamp"])
    return [line for event in ordered for line in event["message"].rstrip().splitlines()][-count:]
