"""What tells a copy from its source, and what proves that it is one."""

from __future__ import annotations

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from scripts.decisions.promotion import Copy
from scripts.decisions.release import Checksum
from scripts.errors import AccessDeniedError
from scripts.gateways.accounts import Account
from scripts.gateways.artifacts import Objects, differences, is_known_copy
from scripts.gateways.aws_errors import Actor
from tests.unit.scripts.releases import s3_object

OTHER = Checksum(algorithm="SHA256", type="FULL_OBJECT", value="c2")
OF_PARTS = Checksum(algorithm="SHA256", type="COMPOSITE", value="c3-2")


def test_equal_checksums_prove_a_copy() -> None:
    copy = s3_object(bucket="stage", key="k", etag="another")
    assert differences(s3_object(), copy) == []
    assert is_known_copy(s3_object(), copy)


def test_another_checksum_or_size_is_a_difference() -> None:
    assert differences(s3_object(), s3_object(checksum=OTHER))
    assert differences(s3_object(), s3_object(size=1))
    assert not is_known_copy(s3_object(), s3_object(checksum=OTHER))


def test_without_a_checksum_in_common_nothing_is_proved_and_nothing_contradicted() -> None:
    for source, copy in ((s3_object(checksum=None), s3_object()), (s3_object(checksum=OF_PARTS), s3_object())):
        assert differences(source, copy) == []
        assert not is_known_copy(source, copy)
    assert not is_known_copy(s3_object(checksum=None), s3_object(checksum=None))


class FakeS3:
    """Refuses to put an object with the given code, where one is given: always, or so many times."""

    actor = Actor("550011223344")

    def __init__(self, refusal: str | None = None, times: int | None = None) -> None:
        self.refusal = refusal
        self.times = times
        self.put: list[dict[str, Any]] = []

    def client(self, service: str) -> FakeS3:
        assert service == "s3"
        return self

    def put_object(self, **request: Any) -> dict[str, Any]:
        if self.refusal and self.times != 0:
            self.times = None if self.times is None else self.times - 1
            raise ClientError({"Error": {"Code": self.refusal, "Message": "no"}}, "PutObject")
        self.put.append(request)
        return {}


def written_over(s3: FakeS3, etag: str | None) -> bool:
    return Objects(cast(Account, s3)).replace("bucket", "key", b"x", "arn:key", etag)


def test_an_object_is_written_only_over_the_one_that_was_read() -> None:
    s3 = FakeS3()
    assert written_over(s3, '"e1"')
    assert written_over(s3, None)
    assert [(each.get("IfMatch"), each.get("IfNoneMatch")) for each in s3.put] == [('"e1"', None), (None, "*")]


@pytest.mark.parametrize("code", ["PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"])
def test_where_somebody_was_faster_nothing_is_written(code: str) -> None:
    assert written_over(FakeS3(code), '"e1"') is False


def test_an_object_is_created_only_where_there_is_none() -> None:
    s3 = FakeS3()
    assert Objects(cast(Account, s3)).create("bucket", "key", b"x", "arn:key")
    assert s3.put[0]["IfNoneMatch"] == "*"
    assert not Objects(cast(Account, FakeS3("PreconditionFailed"))).create("bucket", "key", b"x", "arn:key")


def test_where_two_writes_meet_the_write_is_tried_again() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html: 409 asks for a retry."""
    s3 = FakeS3("ConditionalRequestConflict", times=1)
    assert written_over(s3, None)
    assert len(s3.put) == 1


def test_a_refusal_is_no_matter_of_who_was_faster() -> None:
    with pytest.raises(AccessDeniedError):
        written_over(FakeS3("AccessDenied"), None)


class FakeCopies:
    """S3 with one source, and perhaps something under the target's key; ``race``: another copies it at that moment."""

    actor = Actor("550011223344")

    def __init__(self, target: dict[str, Any] | None, race: bool = False) -> None:
        self.target = target
        self.race = race
        self.copied: list[dict[str, Any]] = []

    def client(self, _: str) -> FakeCopies:
        return self

    def head_object(self, **request: Any) -> dict[str, Any]:
        found = HEAD if request["Bucket"] == "dev-artifacts" else self.target
        if found is None:
            raise ClientError({"Error": {"Code": "404", "Message": "no"}}, "HeadObject")
        return found

    def copy_object(self, **request: Any) -> dict[str, Any]:
        self.copied.append(request)
        if self.race:
            self.target = HEAD
            raise ClientError({"Error": {"Code": "PreconditionFailed", "Message": "no"}}, "CopyObject")
        self.target = HEAD
        return {}


HEAD = {"ETag": '"e1"', "ContentLength": 100, "ChecksumSHA256": "c1", "ChecksumType": "FULL_OBJECT", "VersionId": "v1"}
COPY = Copy("dev-artifacts", "models/7/model.tar.gz", "model-artifacts/k", s3_object())


def copied(s3: FakeCopies) -> bool:
    return Objects(cast(Account, s3)).copy(COPY, "stage", "arn:key", "550011223344")


def test_a_copy_is_written_over_nothing_or_over_what_was_looked_at() -> None:
    fresh, other = FakeCopies(None), FakeCopies({**HEAD, "ETag": '"e9"', "ChecksumSHA256": "c9"})
    assert copied(fresh)
    assert copied(other)
    conditions = [(each.get("IfMatch"), each.get("IfNoneMatch")) for s3 in (fresh, other) for each in s3.copied]
    assert conditions == [(None, "*"), ('"e9"', None)]


def test_of_two_that_copy_at_once_the_second_finds_the_copy() -> None:
    assert not copied(FakeCopies(None, race=True))
