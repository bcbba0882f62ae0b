"""What is live and nobody recorded is recorded by the verification that finds it: once, and as what it was."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from scripts.decisions.ledger import Event
from scripts.flows.found_live import record_found_live
from scripts.flows.ledger_entries import record
from scripts.flows.stage_context import StageContext
from scripts.gateways.artifacts import Objects
from tests.unit.scripts.flows.test_one_at_a_time import Bucket, Context
from tests.unit.scripts.releases import deployed_stack


class Verifier(Context):
    """With the verifier's S3."""

    @property
    def verifier_objects(self) -> Bucket:
        return self.bucket


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Verifier:
    monkeypatch.chdir(tmp_path)
    return Verifier()


def look(context: Verifier, release_id: str) -> None:
    record_found_live(cast(StageContext, context), deployed_stack({"ReleaseId": release_id}))


def deploy(context: Verifier, release_id: str) -> None:
    event = Event("deployment", release_id, parameters={"ReleaseId": release_id})
    record(cast(StageContext, context), cast(Objects, context.bucket), event)


def test_a_stage_from_before_the_ledger_begins_it_with_what_is_live(context: Verifier) -> None:
    for _ in range(2):
        look(context, "r1")
    (entry,) = context.entries()
    assert (entry.kind, entry.release_id, entry.parameters) == ("deployment", "r1", {"ReleaseId": "r1"})


def test_what_the_codepipeline_went_back_to_is_a_rollback(context: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    deploy(context, "r1")
    deploy(context, "r2")
    monkeypatch.setenv("CODEBUILD_BUILD_ID", "verify:1")
    monkeypatch.setenv("EXECUTION_ID", "e2")
    look(context, "r1")
    newest = context.entries()[0]
    assert (newest.kind, newest.release_id, newest.from_release, newest.execution) == ("rollback", "r1", "r2", "e2")


def test_what_is_recorded_as_live_is_not_recorded_again(context: Verifier) -> None:
    deploy(context, "r1")
    look(context, "r1")
    assert len(context.entries()) == 1
