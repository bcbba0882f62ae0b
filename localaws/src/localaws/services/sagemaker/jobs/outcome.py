"""How a job ends other than by success: the exceptions that its run raises, each with what DescribeJob will say."""

from __future__ import annotations

import errno

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


class JobFailedError(Exception):
    """The job is Failed; the message becomes its FailureReason, with AWS's prefix (ClientError, AlgorithmError)."""

    def __init__(self, reason: str, exit_message: str | None = None) -> None:
        super().__init__(reason)
        self.exit_message = exit_message


class JobStoppedError(Exception):
    """Somebody asked for the job to stop, or its time is over."""


def failure_reason(error: BaseException) -> str:
    """The FailureReason of a job that ended by an exception which nobody foresaw.

    A full disk is the user's, as a volume that is too small is on AWS: a pipeline must not try it again for minutes.
    """
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError) and found.errno in _NO_ROOM:
            what = f"localaws could not write the job's files: {found.strerror}"
            return f"ClientError: {what}. Free disk space and try again."
        found = found.__cause__ or found.__context__
    return f"InternalServerError: localaws failed: {type(error).__name__}: {error}"
