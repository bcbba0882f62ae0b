"""Bytes in a stage's bucket are what the release pinned, are not, or are not known to be: never passed over."""

from __future__ import annotations

import base64

import pytest

from scripts.decisions.promoted_bytes import (
    Copied,
    artifact_difference,
    code_difference,
    copies_of,
    needs_record,
    pinned_artifacts,
    pinned_code,
)
from scripts.decisions.release import Checksum, S3Object
from tests.unit.scripts.releases import CODE, NAMES, plan, release, s3_object

KEY = "model-artifacts/k"
OTHER = Checksum(algorithm="SHA256", type="FULL_OBJECT", value="c2")
PARTS = Checksum(algorithm="CRC32", type="COMPOSITE", value="x-2")


def told(there: S3Object | None, pinned: S3Object | None = None, copied: Copied | None = None) -> str | None:
    found = artifact_difference("b", KEY, pinned or s3_object(), there, copied)
    return found.line if found else None


def test_an_equal_checksum_proves_it_wherever_it_lies() -> None:
    assert told(s3_object(bucket="b", key=KEY, etag="another", version_id="v9")) is None


@pytest.mark.parametrize(
    ("there", "line"),
    [
        (None, "it is gone"),
        (s3_object(size=99), "size is 99 bytes, released was 100 bytes"),
        (s3_object(checksum=OTHER), "SHA256 is c2, released was c1"),
        (s3_object(checksum=PARTS), "version is version v1, released was one that S3 can compare with its source"),
    ],
)
def test_another_object_is_told_by_name(there: S3Object | None, line: str) -> None:
    assert f"s3://b/{KEY}" in str(told(there))
    assert line in str(told(there))


def test_without_a_checksum_in_common_the_version_that_was_promoted_counts() -> None:
    old = s3_object(checksum=None)
    there = s3_object(version_id="v5", etag="e5")
    assert needs_record({KEY: old}, {KEY: there})
    assert not needs_record({KEY: s3_object()}, {KEY: there})
    assert told(there, old, Copied(version_id="v5", etag="e5")) is None
    assert told(there, old, Copied(version_id="v4", etag="e5"))
    assert told(there, old)


@pytest.mark.parametrize("record", [None, [], {}, {"artifacts": []}, {"artifacts": {"k": {"etag": 1}}}, "x"])
def test_a_record_without_copies_proves_nothing(record: object) -> None:
    assert copies_of(record) == {}


def test_code_is_compared_by_its_sha256() -> None:
    content = bytes.fromhex("ab" * 32)
    sum_of = Checksum(algorithm="SHA256", type="FULL_OBJECT", value=base64.b64encode(content).decode())
    assert code_difference("b", "k", content.hex(), s3_object(checksum=sum_of), None) is None
    assert code_difference("b", "k", "cd" * 32, s3_object(checksum=sum_of), None)
    assert code_difference("b", "k", content.hex(), s3_object(checksum=None), content.hex()) is None
    assert code_difference("b", "k", content.hex(), s3_object(checksum=None), None)
    assert code_difference("b", "k", content.hex(), None, None)


def test_every_object_that_a_promotion_copies_is_looked_at() -> None:
    copied = {each.target_key: each.pinned for each in plan().promotion.copies if each.pinned}
    assert pinned_artifacts(release(), NAMES) == copied
    assert len(pinned_code(release(), NAMES)) == len(CODE)
