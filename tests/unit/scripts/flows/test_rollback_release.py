"""A rollback that failed or was cut off goes on to the same release; one that has arrived is over."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import pytest

from scripts.decisions.ledger import Event
from scripts.decisions.stage_lock import Holder, StageLock
from scripts.flows.ledger_entries import record
from scripts.flows.one_at_a_time import free_of_the_dead
from scripts.flows.rollback_release import cut_off
from scripts.flows.stage_context import StageContext
from scripts.gateways.artifacts import Objects
from scripts.terminal.progress import Progress
from scripts.workspace.running_marks import leave_mark
from tests.unit.scripts.flows.test_one_at_a_time import Bucket, Context, held_by
from tests.unit.scripts.releases import NAMES, deployed_stack


class Stage(Context):
    """Which has had r1 and r2, each deployed."""

    glass = None

    def __init__(self) -> None:
        super().__init__()
        for release_id in ("r1", "r2"):
            self.did("deployment", release_id)

    @property
    def deployment_objects(self) -> Bucket:
        return self.bucket

    def did(self, kind: str, release_id: str, from_release: str | None = None) -> None:
        parameters = {"ReleaseId": release_id} if kind in ("deployment", "rollback") else None
        event = Event(kind, release_id, from_release, parameters=parameters)  # type: ignore[arg-type]
        record(cast(StageContext, self), cast(Objects, self.bucket), event)

    def goes_on_to(self, live: str, status: str = "UPDATE_COMPLETE") -> str | None:
        return cut_off(cast(StageContext, self), deployed_stack({"ReleaseId": live}, status))

    def lock_of(self, verb: str, since: str) -> None:
        holder = Holder(kind="process", id="gone", by="arn:bo", where="here", verb=verb)
        lock = StageLock(format=1, stage="preprod", pipeline="berths", token="t", since=since, held=True, holder=holder)
        self.bucket.content[NAMES.lock_key] = lock.written()


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stage:
    monkeypatch.chdir(tmp_path)
    return Stage()


def test_a_stage_in_which_nobody_has_gone_back_has_none_that_was_cut_off(stage: Stage) -> None:
    assert stage.goes_on_to("r2") is None
    stage.did("failure", "r2")
    assert stage.goes_on_to("r1", "UPDATE_ROLLBACK_FAILED") is None


def test_one_whose_stack_has_not_arrived_goes_on_also_after_it_failed(stage: Stage) -> None:
    stage.did("rollback", "r1", "r2")
    assert stage.goes_on_to("r2") == "r1"
    assert stage.goes_on_to("r1", "UPDATE_IN_PROGRESS") == "r1"
    stage.did("failure", "r1")
    assert stage.goes_on_to("r2", "UPDATE_ROLLBACK_COMPLETE") == "r1"
    assert stage.goes_on_to("r1") is None


def test_one_that_has_arrived_and_still_holds_the_lock_goes_on_and_another_verb_s_lock_means_nothing(
    stage: Stage,
) -> None:
    stage.did("rollback", "r1", "r2")
    stage.lock_of("rollback", "2026-01-01T00:00:00+00:00")
    assert stage.goes_on_to("r1") == "r1"
    stage.lock_of("deploy", "2026-01-01T00:00:00+00:00")
    assert stage.goes_on_to("r1") is None
    stage.lock_of("rollback", "2999-01-01T00:00:00+00:00")  # of a later one, which has recorded nothing yet
    assert stage.goes_on_to("r1") is None


def test_with_nothing_to_do_a_lock_of_the_dead_is_given_back_and_nobody_else_s(stage: Stage) -> None:
    context = cast(StageContext, stage)
    held_by(stage, "process", "elsewhere")
    free_of_the_dead(context, "deploy", Progress(colour=False))
    assert stage.lock.held

    os.close(leave_mark("m1"))
    free_of_the_dead(context, "deploy", Progress(colour=False))
    assert stage.lock.held
    held_by(stage, "process", "m1")
    free_of_the_dead(context, "deploy", Progress(colour=False))
    assert not stage.lock.held
