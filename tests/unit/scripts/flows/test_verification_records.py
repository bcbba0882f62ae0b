"""What a stage's bucket says of a verification, and what cannot be read as one."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import cast

import pytest

from scripts.errors import ReleaseError
from scripts.flows.stage_context import StageContext
from scripts.flows.verification_records import is_verified, not_verified, verification_record

RECORD = {"release_id": "r", "passed": True, "fingerprint": "f"}


def stage_with(content: bytes | None) -> StageContext:
    def read(bucket: str, key: str) -> bytes | None:
        assert (bucket, key) == ("ours", "releases/r/verification.json")
        return content

    context = SimpleNamespace(
        stage="preprod", foundation=SimpleNamespace(bucket="ours"), objects=SimpleNamespace(read=read)
    )
    return cast(StageContext, context)


@pytest.mark.parametrize(("passed", "expected"), [(True, True), (False, False)])
def test_a_release_is_verified_where_its_record_says_that_it_passed(passed: bool, expected: bool) -> None:
    assert is_verified(stage_with(json.dumps({**RECORD, "passed": passed}).encode()), "r") is expected


def test_without_a_record_it_is_not_verified() -> None:
    assert verification_record(stage_with(None), "r") is None
    assert not is_verified(stage_with(None), "r")


@pytest.mark.parametrize("content", [b"not JSON", b"[]", b'{"release_id": "r"}'])
def test_a_record_that_cannot_be_read_is_an_error_and_never_unverified(content: bytes) -> None:
    with pytest.raises(ReleaseError) as refused:
        is_verified(stage_with(content), "r")
    assert "make verify STAGE=preprod" in str(refused.value.next_command)


def test_the_refusal_names_the_record_and_the_command() -> None:
    error = not_verified("r", stage_with(None), "prod")
    assert "s3://ours/releases/r/verification.json" in error.found[0]
    assert "make deploy STAGE=prod UNVERIFIED=1" in str(error.next_command)
