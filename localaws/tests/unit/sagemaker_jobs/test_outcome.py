"""How a job ends by an exception that nobody foresaw."""

from __future__ import annotations

import errno
import os

import pytest

from localaws.services.sagemaker.jobs.outcome import failure_reason
from localaws.services.sagemaker.pipelines import retry


def raised(number: int) -> BaseException:
    """An OSError as the bottom of another exception."""
    try:
        try:
            raise OSError(number, os.strerror(number))
        except OSError as error:
            raise RuntimeError("copying") from error
    except RuntimeError as error:
        return error


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_the_users_and_is_not_tried_again(number: int) -> None:
    reason = failure_reason(raised(number))
    assert reason.startswith("ClientError: ")
    assert "Free disk space" in reason
    assert not any(reason.startswith(prefix) for prefix in retry._FAILURE_PREFIXES)


def test_everything_else_is_a_fault_of_localaws() -> None:
    for error in (raised(errno.EIO), KeyError("x")):
        assert failure_reason(error).startswith("InternalServerError: localaws failed: ")
