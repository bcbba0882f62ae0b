"""A lock names its holder; only one that has ended loses it, and of one that nobody can ask after a person decides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scripts.decisions.stage_lock import (
    AGE_TO_BREAK,
    Holder,
    StageLock,
    held_by_another,
    read_lock,
    require_breakable,
    shown_age,
)
from scripts.errors import StackError

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
WHERE = "s3://bucket/locks/berths.json"


def holder(**changes: Any) -> Holder:
    content = {"kind": "process", "id": "m1", "by": "arn:aws:iam::012345670123:user/bo", "where": "bos-laptop"}
    return Holder(**{**content, "verb": "deploy", **changes})


def lock(age: timedelta = timedelta(minutes=5), **changes: Any) -> StageLock:
    since = (NOW - age).isoformat(timespec="seconds")
    return StageLock(
        format=1, stage="prod", pipeline="berths", token="t", since=since, held=True, holder=holder(**changes)
    )


def test_what_is_written_is_read_again() -> None:
    assert read_lock(lock().written()) == lock()
    assert read_lock(None) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", lock().written()[:60], b'{"format": 1}'])
def test_a_lock_that_is_not_ours_is_held_by_nobody_knows_whom(content: bytes) -> None:
    found = read_lock(content)
    assert isinstance(found, str)
    told = held_by_another(WHERE, found, "unknown", NOW, "prod")
    assert (told.exit_code, "make unlock STAGE=prod" in str(told.next_command)) == (11, True)


def test_a_time_without_a_zone_is_no_time() -> None:
    assert isinstance(read_lock(lock().model_copy(update={"since": "2026-11-26T12:00:00"}).written()), str)


@pytest.mark.parametrize(
    ("kind", "fate", "leads_to"),
    [
        ("process", "unknown", "make unlock STAGE=prod"),
        ("process", "running", "make status STAGE=prod"),
        ("build", "running", "make status STAGE=prod"),
        ("execution", "running", "make codepipeline ARGS=--newest"),
        ("execution", "unknown", "make codepipeline ARGS=--newest"),
    ],
)
def test_whoever_comes_second_hears_whose_it_is_and_what_to_run(kind: Any, fate: Any, leads_to: str) -> None:
    told = held_by_another(WHERE, lock(kind=kind), fate, NOW, "prod")
    assert told.exit_code == 11
    assert leads_to in str(told.next_command)
    for each in ("user/bo", "bos-laptop", "5 min ago", WHERE):
        assert any(each in line for line in told.found), told.found


def breakable(of: StageLock | str, fate: Any, *, force: bool = False) -> bool:
    try:
        require_breakable(WHERE, of, fate, NOW, "prod", force=force)
    except StackError:
        return False
    return True


def test_a_lock_is_broken_where_its_holder_has_ended_or_is_old_and_cannot_be_asked_after() -> None:
    young, old = lock(), lock(AGE_TO_BREAK)
    assert breakable(young, "ended")
    assert breakable(old, "unknown")
    assert not breakable(young, "unknown")
    assert breakable(young, "unknown", force=True)
    assert breakable("it is not what this project wrote", "unknown")


@pytest.mark.parametrize("force", [False, True])
def test_the_lock_of_one_that_is_at_work_is_never_broken(force: bool) -> None:
    assert not breakable(lock(timedelta(days=9)), "running", force=force)


def test_an_execution_finds_its_own_lock_again_and_nobody_else_s() -> None:
    mine = holder(kind="execution", id="e1")
    assert lock(kind="execution", id="e1").is_of(mine)
    assert not lock(kind="execution", id="e2").is_of(mine)
    assert not lock(kind="process", id="e1").is_of(holder(kind="process", id="e1"))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-5, "0 s"), (59, "59 s"), (3599, "59 min"), (3600, "1 h 0 min"), (90_000, "1 d 1 h")],
)
def test_an_age_is_shown_in_its_two_largest_units(seconds: int, shown: str) -> None:
    assert shown_age(timedelta(seconds=seconds)) == shown
