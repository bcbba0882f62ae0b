"""What CodeCommit tells of a commit, and what it does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from scripts.errors import DeploymentError
from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import Actor
from scripts.gateways.commits import commit_in_codecommit, moment_of_git


class FakeCodeCommit:
    """Answers GetCommit with what it was given, or raises it."""

    def __init__(self, answer: dict[str, Any] | str) -> None:
        self.answer = answer

    def get_commit(self, **_: str) -> dict[str, Any]:
        if isinstance(self.answer, str):
            raise ClientError({"Error": {"Code": self.answer, "Message": "no"}}, "GetCommit")
        return {"commit": self.answer}


class FakeAccount:
    actor = Actor("012345670123")

    def __init__(self, answer: dict[str, Any] | str) -> None:
        self.answer = answer

    def client(self, _: str) -> FakeCodeCommit:
        return FakeCodeCommit(self.answer)


def told(answer: dict[str, Any] | str) -> dict[str, Any] | None:
    return commit_in_codecommit(cast(Account, FakeAccount(answer)), "harbour", "0" * 40)


def test_a_commit_is_told() -> None:
    assert told({"message": "Score faster"}) == {"message": "Score faster"}


@pytest.mark.parametrize("code", ["AccessDeniedException", "CommitIdDoesNotExistException"])
def test_a_release_is_made_without_an_author_that_nobody_tells(code: str) -> None:
    assert told(code) is None


def test_another_failure_is_no_missing_commit() -> None:
    with pytest.raises(DeploymentError):
        told("InternalFailure")


@given(
    st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2100, 1, 1)),
    st.integers(-23 * 60 - 59, 23 * 60 + 59),
)
def test_gits_dates_are_read_with_their_offset(moment: datetime, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    local = moment.replace(microsecond=0, tzinfo=UTC).astimezone(zone)
    read = moment_of_git(f"{int(local.timestamp())} {local:%z}")
    assert read == local
    assert read is not None and read.utcoffset() == local.utcoffset()


@given(st.text())
def test_another_text_is_no_date(text: str) -> None:
    moment_of_git(text)  # whatever it is, it raises nothing


@pytest.mark.parametrize("text", ["", "yesterday", "1 +99xx", "99999999999999999999 +0000"])
def test_no_date_is_none(text: str) -> None:
    assert moment_of_git(text) is None
