"""How a job ends other than by success: the exceptions that its run raises, each with what DescribeJob will say."""

from __future__ import annotations


class JobFailedError(Exception):
    """The job is Failed; the message becomes its FailureReason, with AWS's prefix (ClientError, AlgorithmError)."""

    def __init__(self, reason: str, exit_message: str | None = None) -> None:
        super().__init__(reason)
        self.exit_message = exit_message


class JobStoppedError(Exception):
    """Somebody asked for the job to stop, or its time is over."""
