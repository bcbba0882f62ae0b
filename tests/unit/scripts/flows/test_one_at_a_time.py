"""One command at a time: the second changes nothing, and a lock is taken only from what has ended."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from scripts.decisions.ledger import Entry, Event, chain_problems, number_of, read_entry
from scripts.decisions.stage_lock import Holder, StageLock, read_lock
from scripts.errors import AccessDeniedError, StackError
from scripts.flows.ledger_entries import newest_first, record, record_once
from scripts.flows.one_at_a_time import (
    break_lock,
    give_back_of_execution,
    held_by_execution,
    one_at_a_time,
    require_unchanged,
)
from scripts.flows.stage_context import StageContext
from scripts.gateways.artifacts import Objects
from scripts.terminal.progress import Progress
from scripts.workspace.running_marks import MARKS, is_running, leave_mark, remove_mark
from tests.unit.scripts.releases import FOUNDATION, NAMES, SETTINGS, deployed_stack

EVA = "arn:aws:iam::012345670123:user/eva"


class Bucket:
    """Conditional writes in memory. ``lost``: the answers to that many writes get lost; ``before``: who is faster."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.lost = 0
        self.before: list[tuple[str, bytes]] = []

    def read_tagged(self, bucket: str, key: str) -> tuple[bytes, str] | None:
        return (self.content[key], str(hash(self.content[key]))) if key in self.content else None

    def read(self, bucket: str, key: str) -> bytes | None:
        return self.content.get(key)

    def keys(self, bucket: str, prefix: str) -> Iterator[tuple[str, int]]:
        return iter([(key, 1) for key in sorted(self.content) if key.startswith(prefix)])

    def create(self, bucket: str, key: str, content: bytes, kms: str, content_type: str = "") -> bool:
        return self.replace(bucket, key, content, kms, None)

    def replace(self, bucket: str, key: str, content: bytes, kms: str, expected: str | None) -> bool:
        if self.before and self.before[0][0] == key:
            self.content[key] = self.before.pop(0)[1]
        there = self.read_tagged(bucket, key)
        if (there[1] if there else None) != expected:
            return False
        self.content[key] = content
        if self.lost:
            self.lost -= 1
            return False  # as the retry of a write whose answer was lost is told
        return True


class CodePipeline:
    """Dev's client: one execution with a status, perhaps in a pipeline stage now; or nobody may look."""

    actor = None

    def __init__(self, status: str = "Succeeded", inside: str | None = None, *, denied: bool = False) -> None:
        self.status, self.inside, self.denied = status, inside, denied

    def client(self, _: str) -> CodePipeline:
        if self.denied:
            raise AccessDeniedError("codepipeline is denied")
        return self

    def get_pipeline(self, name: str) -> dict[str, Any]:
        return {"pipeline": {"stages": []}}

    def get_pipeline_state(self, name: str) -> dict[str, Any]:
        latest = {"pipelineExecutionId": "e9", "status": "InProgress"}
        return {"stageStates": [{"stageName": self.inside, "latestExecution": latest}] if self.inside else []}

    def get_pipeline_execution(self, **_: Any) -> dict[str, Any]:
        return {"pipelineExecution": {"status": self.status, "pipelineVersion": 1}}


class Context:
    """A stage's context over the bucket alone."""

    stage, settings, names, foundation = "preprod", SETTINGS, NAMES, FOUNDATION

    def __init__(self, dev: CodePipeline | None = None, bucket: Bucket | None = None) -> None:
        self.bucket = self.objects = bucket or Bucket()
        self.dev = dev or CodePipeline()
        self.accounts = SimpleNamespace(identity=lambda _: {"Arn": EVA})
        self.stacks = SimpleNamespace(describe=lambda _: deployed_stack({"ReleaseId": "r1"}))

    @property
    def lock(self) -> StageLock:
        found = read_lock(self.bucket.content[NAMES.lock_key])
        assert isinstance(found, StageLock)
        return found

    def entries(self) -> list[Entry]:
        """Newest first, of a chain that is whole."""
        kept = {number_of(key): content for key, content in self.bucket.content.items()}
        contents = {number: content for number, content in kept.items() if number is not None}
        head = self.bucket.content.get(NAMES.ledger_head_key)
        assert chain_problems(contents, head, "preprod", SETTINGS.pipeline) == []
        found = [read_entry(contents[number]) for number in sorted(contents, reverse=True)]
        return [each for each in found if isinstance(each, Entry)]


def opened(context: Context) -> tuple[StageContext, Objects, Progress]:
    return cast(StageContext, context), cast(Objects, context.bucket), Progress(colour=False)


def work(context: Context, verb: str = "deploy") -> None:
    given, objects, progress = opened(context)
    with one_at_a_time(given, verb, objects, progress):
        assert context.lock.held


def held_by(context: Context, kind: Any, name: str) -> None:
    """Leave a lock of somebody else's."""
    holder = Holder(kind=kind, id=name, by="arn:bo", where="bos-laptop", verb="destroy")
    lock = StageLock(
        format=1,
        stage="preprod",
        pipeline="berths",
        token="t",
        since="2026-01-01T00:00:00+00:00",
        held=True,
        holder=holder,
    )
    context.bucket.content[NAMES.lock_key] = lock.written()


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("CODEBUILD_BUILD_ID", "EXECUTION_ID", "GITHUB_RUN_ID"):
        monkeypatch.delenv(name, raising=False)


def in_execution(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("CODEBUILD_BUILD_ID", "promote:1")
    monkeypatch.setenv("EXECUTION_ID", name)


def test_the_lock_is_held_meanwhile_and_given_back_also_after_a_failure(tmp_path: Path) -> None:
    context = Context()
    for _ in range(2):
        work(context)
        assert not context.lock.held
    given, objects, progress = opened(context)
    with pytest.raises(ValueError, match="oh"), one_at_a_time(given, "deploy", objects, progress):
        raise ValueError("oh")
    assert not context.lock.held
    assert list((tmp_path / MARKS).iterdir()) == []


def test_the_second_one_is_refused_with_code_11_and_the_first_one_s_lock_stays() -> None:
    context = Context()
    given, objects, progress = opened(context)
    with one_at_a_time(given, "deploy", objects, progress):
        token = context.lock.token
        with pytest.raises(StackError, match="being changed by somebody else") as refused:
            work(context, "destroy")
        assert context.lock.token == token
        assert refused.value.exit_code == 11
        assert any("it is running" in each for each in refused.value.found)
        with pytest.raises(StackError, match="somebody else"):
            break_lock(given, "impatience", objects, force=True)
    assert not context.lock.held


def test_one_that_was_faster_by_a_moment_has_it() -> None:
    context, other = Context(), Context()
    held_by(other, "process", "elsewhere")
    context.bucket.before = [(NAMES.lock_key, other.bucket.content[NAMES.lock_key])]
    with pytest.raises(StackError, match="being changed by somebody else"):
        work(context)
    assert context.lock.holder.id == "elsewhere"


def test_a_lock_whose_answer_was_lost_is_ours() -> None:
    context = Context()
    context.bucket.lost = 1
    work(context)
    assert not context.lock.held


def test_a_process_that_has_died_here_loses_its_lock_and_that_is_recorded(tmp_path: Path) -> None:
    context = Context()
    descriptor = leave_mark("m1")
    held_by(context, "process", "m1")
    with pytest.raises(StackError):
        work(context)
    os.close(descriptor)  # as the operating system does when it dies
    work(context)
    (entry,) = context.entries()
    assert (entry.kind, "bos-laptop" in entry.details[0]) == ("unlock", True)
    assert not (tmp_path / MARKS / "m1").exists()


def test_of_a_process_elsewhere_nothing_is_known_so_a_person_breaks_its_lock_and_that_is_recorded() -> None:
    context = Context()
    held_by(context, "process", "elsewhere")
    with pytest.raises(StackError):
        work(context)
    given, objects, _ = opened(context)
    broken = break_lock(given, "bo has left", objects, force=False)
    assert isinstance(broken, StageLock)
    assert broken.holder.where == "bos-laptop"
    assert context.entries()[0].reason == "bo has left"
    work(context)
    assert break_lock(given, "again", objects, force=False) is None


@pytest.mark.parametrize(
    ("dev", "refused"),
    [
        (CodePipeline("Succeeded"), False),
        (CodePipeline("Failed"), False),
        (CodePipeline("Stopped"), False),
        (CodePipeline("InProgress"), True),
        (CodePipeline("Stopping"), True),
        (CodePipeline(denied=True), True),
    ],
)
def test_an_execution_of_the_codepipeline_loses_it_when_it_has_ended(dev: CodePipeline, refused: bool) -> None:
    context = Context(dev)
    held_by(context, "execution", "e1")
    if refused:
        with pytest.raises(StackError, match="somebody else"):
            work(context)
    else:
        work(context)


@pytest.mark.parametrize("inside", ["Preprod"])
def test_where_the_codepipeline_is_at_work_without_a_lock_nobody_crosses_it(inside: str) -> None:
    context = Context(CodePipeline(inside=inside))
    with pytest.raises(StackError, match="the CodePipeline changes stage preprod"):
        work(context)
    assert not context.lock.held
    work(Context(CodePipeline(inside="Prod")))


def test_an_execution_keeps_it_from_promote_to_verify_and_takes_nobody_else_s(monkeypatch: pytest.MonkeyPatch) -> None:
    context = Context(CodePipeline("InProgress", inside="Preprod"))
    given, objects, progress = opened(context)
    in_execution(monkeypatch, "e1")
    for _ in range(2):  # an action that is run again goes on with it
        with held_by_execution(given, "promote", objects, progress):
            pass
        assert (context.lock.held, context.lock.holder.id) == (True, "e1")
    in_execution(monkeypatch, "e2")
    with pytest.raises(StackError), held_by_execution(given, "promote", objects, progress):
        pass
    give_back_of_execution(given, objects, progress)
    assert context.lock.held
    in_execution(monkeypatch, "e1")
    give_back_of_execution(given, objects, progress)
    assert not context.lock.held
    with pytest.raises(ValueError, match="oh"), held_by_execution(given, "promote", objects, progress):
        raise ValueError("oh")
    assert not context.lock.held


def test_what_was_planned_is_refused_once_somebody_else_has_changed_the_stack() -> None:
    context = cast(StageContext, Context())
    require_unchanged(context, deployed_stack({"ReleaseId": "r1"}))
    for planned in (None, deployed_stack({"ReleaseId": "r0"}), deployed_stack({"ReleaseId": "r1"}, "UPDATE_COMPLETE")):
        with pytest.raises(StackError, match="somebody else has changed"):
            require_unchanged(context, planned)
    # Which is waited for anyway, since an earlier run of this command began it.
    require_unchanged(context, deployed_stack({"ReleaseId": "r1"}, "UPDATE_IN_PROGRESS"))


def test_entries_of_two_at_once_follow_one_another_whoever_was_faster() -> None:
    context, other = Context(), Context()
    given, objects, _ = opened(context)
    record(*opened(other)[:2], Event("repair", "r9"))
    key = f"{NAMES.ledger_folder}00000001.json"
    context.bucket.before = [(key, other.bucket.content[key])]
    record(given, objects, Event("repair", "r1"), Event("repair", "r2"))
    assert [each.release_id for each in context.entries()] == ["r2", "r1", "r9"]


def test_an_entry_whose_answer_was_lost_is_written_once() -> None:
    context = Context()
    context.bucket.lost = 1
    record(*opened(context)[:2], Event("repair", "r1"))
    assert [each.release_id for each in context.entries()] == ["r1"]


def test_a_head_that_was_not_moved_any_more_or_is_lost_holds_nothing_up() -> None:
    context = Context()
    given, objects, _ = opened(context)
    record(given, objects, Event("repair", "r1"))
    behind = context.bucket.content[NAMES.ledger_head_key]
    record(given, objects, Event("repair", "r2"))
    context.bucket.content[NAMES.ledger_head_key] = behind
    assert [each.release_id for each in newest_first(given)] == ["r2", "r1"]
    record(given, objects, Event("repair", "r3"))
    assert [each.release_id for each in context.entries()] == ["r3", "r2", "r1"]
    for broken in (None, b"{"):
        context.bucket.content.pop(NAMES.ledger_head_key)
        if broken:
            context.bucket.content[NAMES.ledger_head_key] = broken
        record(given, objects, Event("repair", "r4"))
    assert [each.release_id for each in context.entries()] == ["r4", "r4", "r3", "r2", "r1"]


def test_what_goes_on_after_it_was_cut_off_is_recorded_once() -> None:
    context = Context()
    given, objects, _ = opened(context)
    deployment = Event("deployment", "r1", parameters={"ReleaseId": "r1"})
    record_once(given, objects, deployment)
    record(given, objects, Event("unlock", reason="its holder has ended"))
    record_once(given, objects, deployment)
    assert [each.kind for each in context.entries()] == ["unlock", "deployment"]
    record(given, objects, Event("failure", "r1"))
    record_once(given, objects, deployment)
    assert [each.kind for each in context.entries()] == ["deployment", "failure", "unlock", "deployment"]


def test_a_mark_is_held_by_who_left_it(tmp_path: Path) -> None:
    assert is_running("m1") is None
    descriptor = leave_mark("m1")
    assert is_running("m1") is True
    os.close(descriptor)
    assert is_running("m1") is False
    remove_mark("m1")
    assert is_running("m1") is None
