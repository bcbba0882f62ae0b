"""What a release writes: once, over nothing; the same again is fine, anything else is refused by name."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from scripts.decisions.deployment_plan import Upload
from scripts.decisions.release import write_release
from scripts.errors import ReleaseError
from scripts.flows.deploy_plan import upload
from scripts.flows.moving_records import MOST_ROUNDS, replace_pointer
from scripts.flows.stage_context import StageContext
from scripts.gateways.artifacts import Objects
from tests.unit.scripts.releases import FOUNDATION, release

KEY = "releases/0123456789abcdef/release.json"


class Bucket:
    """Objects in memory, with others who may write first."""

    def __init__(self, **content: bytes) -> None:
        self.content = dict(content)
        self.others: list[bytes] = []

    def create(self, bucket: str, key: str, content: bytes, kms_key_arn: str, content_type: str = "") -> bool:
        return self.replace(bucket, key, content, kms_key_arn, None)

    def read(self, bucket: str, key: str) -> bytes | None:
        return self.content.get(key)

    def head(self, bucket: str, key: str) -> SimpleNamespace | None:
        return SimpleNamespace(etag=str(self.content[key])) if key in self.content else None

    def replace(self, bucket: str, key: str, content: bytes, kms_key_arn: str, expected: str | None) -> bool:
        if self.others:
            self.content[key] = self.others.pop()
        there = self.head(bucket, key)
        if (there.etag if there else None) != expected:
            return False
        self.content[key] = content
        return True


def uploaded(bucket: Bucket, *uploads: Upload) -> None:
    context = SimpleNamespace(foundation=FOUNDATION, promoter_objects=bucket)
    upload(cast(StageContext, context), uploads)


def test_the_same_content_again_is_fine() -> None:
    bucket = Bucket()
    for _ in range(2):
        uploaded(bucket, Upload("pipeline/a", b"one", "text/plain"))
    assert bucket.content == {"pipeline/a": b"one"}


def test_other_content_under_a_release_s_key_is_refused_by_name_and_stays() -> None:
    bucket = Bucket(**{"pipeline/a": b"another"})
    with pytest.raises(ReleaseError, match="pipeline/a is there already") as refused:
        uploaded(bucket, Upload("pipeline/a", b"one", "text/plain"))
    assert "pipeline/a" in str(refused.value.next_command)
    assert bucket.content == {"pipeline/a": b"another"}


def test_of_one_release_the_first_document_stays_and_a_broken_or_foreign_one_is_refused() -> None:
    document = write_release(release()).encode()
    ours = Upload(KEY, b"made later", "application/json", release().release_id)
    bucket = Bucket(**{KEY: document})
    uploaded(bucket, ours)
    assert bucket.content[KEY] == document
    for there in (document[:40], document.replace(release().release_id.encode(), b"0" * 16)):
        with pytest.raises(ReleaseError, match="is there already"):
            uploaded(Bucket(**{KEY: there}), ours)


def test_a_record_that_moves_is_written_over_the_one_that_was_read() -> None:
    bucket = Bucket()
    for content in (b"1", b"2"):
        replace_pointer(cast(Objects, bucket), FOUNDATION, "releases/live-a.json", content)
    bucket.others = [b"another's"]
    replace_pointer(cast(Objects, bucket), FOUNDATION, "releases/live-a.json", b"3")
    assert bucket.content == {"releases/live-a.json": b"3"}


def test_where_others_write_it_again_and_again_it_gives_up_in_words() -> None:
    bucket = Bucket()
    bucket.others = [str(number).encode() for number in range(MOST_ROUNDS)]
    with pytest.raises(ReleaseError, match="at the same time"):
        replace_pointer(cast(Objects, bucket), FOUNDATION, "releases/live-a.json", b"3")
