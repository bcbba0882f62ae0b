"""What a stage's bucket says of a verification, and what cannot be read as one."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from scripts.errors import ReleaseError
from scripts.flows.stage_context import StageContext
from scripts.flows.verification_records import not_verified, record_of, verified_last
from tests.unit.scripts.releases import subject, verification

RELEASE = subject().release_id
KEY = f"releases/{RELEASE}/verification.json"
POINTER = "releases/verified-p.json"


def stage_with(objects: dict[str, bytes], live: str | None = None) -> StageContext:
    stack = SimpleNamespace(parameters={"ReleaseId": live}) if live else None
    context = SimpleNamespace(
        stage="preprod",
        deploys="make deploy STAGE=preprod",
        verifies="make verify STAGE=preprod",
        settings=SimpleNamespace(deployed_by_hand=True),
        names=SimpleNamespace(verified_key=POINTER, batch_stack="stack"),
        foundation=SimpleNamespace(bucket="ours"),
        objects=SimpleNamespace(read=lambda bucket, key: objects.get(key)),
        stacks=SimpleNamespace(describe=lambda name: stack),
    )
    return cast(StageContext, context)


def with_record(document: dict[str, Any]) -> StageContext:
    return stage_with({KEY: json.dumps(document).encode()}, live=RELEASE)


@pytest.mark.parametrize("passed", [True, False])
def test_a_release_has_passed_where_its_record_says_so(passed: bool) -> None:
    found = record_of(with_record(verification(passed=passed).model_dump(mode="json")), RELEASE)
    assert found.passed_once is passed
    assert found.record is not None


@pytest.mark.parametrize("content", [None, b"not JSON", b"[]", b'{"release_id": "r"}', b"\xff", b"[" * 100_000])
def test_without_a_record_that_can_be_read_it_has_not_passed_and_the_refusal_leads_out(content: bytes | None) -> None:
    context = stage_with({KEY: content} if content is not None else {}, live=RELEASE)
    found = record_of(context, RELEASE)
    assert not found.passed_once
    refusal = not_verified(RELEASE, context, "prod", found)
    assert refusal.found[0].startswith(f"s3://ours/{KEY}: ")
    assert str(refusal.next_command).startswith("make verify STAGE=preprod ")
    last = f"make deploy STAGE=prod UNVERIFIED=1 RELEASE={RELEASE}"
    assert str(refusal.next_command).endswith(f'in an emergency, recorded and told: {last} BREAK_GLASS="why"')
    by_hand = not_verified(RELEASE, context, "prod", found, by_hand=True)
    assert str(by_hand.next_command).endswith(f"recorded: {last}")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"release_id": "f" * 16}, f"of release {'f' * 16} in preprod, not of {RELEASE}"),
        ({"stage": "prod"}, "in prod, not of"),
        ({"passed": "no"}, "passed: Input should be a valid boolean"),
        ({"passed": 1}, "passed: Input should be a valid boolean"),
        ({"figures": [1]}, "figures: "),
    ],
)
def test_a_record_of_something_else_is_refused_by_what_it_says(change: dict[str, Any], words: str) -> None:
    context = with_record({**verification().model_dump(mode="json"), **change})
    refusal = not_verified(RELEASE, context, "prod", record_of(context, RELEASE))
    assert words in refusal.found[0]


def test_a_release_that_is_not_live_is_verified_by_deploying_it() -> None:
    context = stage_with({}, live="f" * 16)
    refusal = not_verified(RELEASE, context, "prod", record_of(context, RELEASE))
    assert str(refusal.next_command).startswith(f"make deploy STAGE=preprod RELEASE={RELEASE} ")


def test_a_failed_verification_is_told_with_its_checks() -> None:
    context = with_record(verification(passed=False).model_dump(mode="json"))
    refusal = not_verified(RELEASE, context, "prod", record_of(context, RELEASE))
    assert "it failed: enough predictions" in refusal.found[0]
    assert str(refusal.next_command).startswith("make deploy STAGE=preprod ")


def test_the_release_verified_last_is_read() -> None:
    assert verified_last(stage_with({POINTER: json.dumps({"release_id": RELEASE}).encode()})) == RELEASE


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b'{"release_id": 1}', b'{"release_id": "../x"}', b"\xff"])
def test_a_broken_pointer_has_words_and_a_way_out(content: bytes) -> None:
    with pytest.raises(ReleaseError, match="does not say which release preprod verified last") as refused:
        verified_last(stage_with({POINTER: content}))
    assert "make verify STAGE=preprod" in str(refused.value.next_command)
    assert "the same command with RELEASE=" in str(refused.value.next_command)
    assert "STAGE=prod" not in str(refused.value.next_command)


def test_a_missing_pointer_has_a_way_out_where_a_deployment_changes_nothing() -> None:
    with pytest.raises(ReleaseError) as refused:
        verified_last(stage_with({}))
    assert "make deploy STAGE=preprod" in str(refused.value.next_command)
    assert "make verify STAGE=preprod" in str(refused.value.next_command)
