"""Attempts at a verification: found again by the command that was cut off, and by nobody else."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import cast

import pytest

from scripts.decisions.verification_record import Attempt, Input
from scripts.errors import VerificationError
from scripts.flows.stage_context import StageContext
from scripts.flows.verification_attempts import begin_attempt
from tests.unit.scripts.releases import subject

RELEASE = subject().release_id
ATTEMPT, RECORD = (f"releases/{RELEASE}/{name}.json" for name in ("verification-attempt", "verification"))


class Stage:
    """A stage's bucket in memory, with other writers that may come first."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.others: list[bytes] = []

    @property
    def context(self) -> StageContext:
        objects = SimpleNamespace(
            head=lambda bucket, key: SimpleNamespace(etag=self._etag(key)) if key in self.content else None,
            read=lambda bucket, key: self.content.get(key),
            replace=self._replace,
        )
        context = SimpleNamespace(
            stage="preprod",
            verifies="make verify STAGE=preprod",
            objects=objects,
            verifier_objects=objects,
            foundation=SimpleNamespace(bucket="ours", kms_key_arn="key"),
            settings=SimpleNamespace(dev_account="1"),
            accounts=SimpleNamespace(identity=lambda account: {"Arn": "arn:eva"}),
        )
        return cast(StageContext, context)

    def _etag(self, key: str) -> str | None:
        return str(hash(self.content[key])) if key in self.content else None

    def _replace(self, bucket: str, key: str, content: bytes, kms_key_arn: str, expected: str | None) -> bool:
        if self.others:
            self.content[key] = self.others.pop()
        if self._etag(key) != expected:
            return False
        self.content[key] = content
        return True


def test_an_attempt_is_written_before_anything_runs_and_a_repeated_command_carries_it_on() -> None:
    stage = Stage()
    first = begin_attempt(stage.context, subject())
    assert json.loads(stage.content[ATTEMPT])["attempt"] == first.attempt
    assert first.attempt.startswith(f"verify-{RELEASE}-")
    assert begin_attempt(stage.context, subject()) == first


def test_on_anything_else_another_attempt_is_begun() -> None:
    stage = Stage()
    first = begin_attempt(stage.context, subject())
    for change in ({"model": "Model-2"}, {"input": Input(url="s3://b/i/", objects=1, bytes=1, digest="other")}):
        assert begin_attempt(stage.context, subject(**change)).attempt != first.attempt
    back = begin_attempt(stage.context, subject())
    assert back.attempt != first.attempt  # A, B, A: what ran for the first A is not taken for the second


@pytest.mark.parametrize("content", [b'{"passed": true}', b"{"])
def test_once_its_result_is_written_an_attempt_is_over(content: bytes) -> None:
    stage = Stage()
    first = begin_attempt(stage.context, subject())
    stage.content[RECORD] = content
    second = begin_attempt(stage.context, subject())
    assert second.attempt != first.attempt
    assert begin_attempt(stage.context, subject()) == second


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b'{"attempt": 1}', b"\xff"])
def test_a_broken_attempt_is_replaced(content: bytes) -> None:
    stage = Stage()
    stage.content[ATTEMPT] = content
    attempt = begin_attempt(stage.context, subject())
    assert json.loads(stage.content[ATTEMPT])["attempt"] == attempt.attempt


def test_whoever_comes_second_carries_on_the_first_ones_attempt() -> None:
    stage = Stage()
    theirs = Attempt(format=1, attempt="theirs", subject=subject(), replaces=None, at="now", by="max")
    stage.others = [theirs.model_dump_json().encode()]
    assert begin_attempt(stage.context, subject()) == theirs


def test_where_others_write_again_and_again_it_gives_up_in_words() -> None:
    stage = Stage()
    stage.others = [b"1", b"2", b"3", b"4"]
    with pytest.raises(VerificationError, match="by other commands at the same time"):
        begin_attempt(stage.context, subject())
