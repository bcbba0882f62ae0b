"""What CodeCommit tells of a commit, for a build that was handed the tree without its repository."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from botocore.exceptions import ClientError

from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors

# Who wrote a commit is not needed to release it: a role of an older toolchain may not ask.
_NOT_TOLD = {"AccessDeniedException", "CommitIdDoesNotExistException", "RepositoryDoesNotExistException"}


def commit_in_codecommit(account: Account, repository: str, commit: str) -> dict[str, Any] | None:
    """GetCommit's {"author", "committer": {"name", "email", "date"}, "message", ...}; None where it is not told.

    https://docs.aws.amazon.com/codecommit/latest/APIReference/API_GetCommit.html
    """
    client = account.client("codecommit")
    try:
        told: dict[str, Any] = client.get_commit(repositoryName=repository, commitId=commit)["commit"]
    except ClientError as error:
        if error_code(error) in _NOT_TOLD:
            return None
        with told_as_deployment_errors(account.actor):
            raise
    return told


def moment_of_git(date: str) -> datetime | None:
    """``1498166763 -0800``, seconds since 1970 and an offset from UTC, as git and CodeCommit write it."""
    seconds, _, offset = date.partition(" ")
    try:
        sign = -1 if offset.startswith("-") else 1
        digits = offset.lstrip("+-") or "0000"
        zone = timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:])))
        return datetime.fromtimestamp(int(seconds), zone)
    except (ValueError, OverflowError, OSError):
        return None  # no reason to make no release
