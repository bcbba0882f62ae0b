"""Lets one command at a time change a pipeline's stack in a stage: takes its lock, and gives it back in the end.

The lock is an object in the stage's bucket, written over nothing or over the very one that was read. The CodePipeline
takes it in Promote and gives it back in Verify, as its CloudFormation actions in between run none of our code. From a
holder that has ended it is taken over, and told; any other holder is left alone, with exit code 11.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from scripts.decisions.ledger import Event
from scripts.decisions.stacks import Stack
from scripts.decisions.stage_lock import (
    Fate,
    StageLock,
    held_by_another,
    read_lock,
    require_breakable,
)
from scripts.errors import DeploymentError, StackError
from scripts.flows.holders import execution_at_work, execution_id, fate_of, now, this_holder
from scripts.flows.ledger_entries import record
from scripts.flows.stage_context import StageContext
from scripts.gateways.artifacts import Objects
from scripts.terminal.progress import Progress
from scripts.workspace.running_marks import has_dead_marks, leave_mark, remove_mark

MOST_ROUNDS = 5
POLL_SECONDS = 2.0


@dataclass(frozen=True)
class Held:
    """A lock that this command holds, and the descriptor of its mark."""

    lock: StageLock
    mark: int


@contextmanager
def one_at_a_time(context: StageContext, verb: str, objects: Objects, progress: Progress) -> Iterator[None]:
    """Nobody else changes the stack meanwhile. ``objects``: S3 as a principal that changes the stage.

    Raises StackError (code 11) where somebody else does, or the CodePipeline is at it.
    """
    held = take(context, verb, objects, progress)
    try:
        require_no_execution(context, progress)
        yield
    finally:
        give_back(context, held, objects, progress)


@contextmanager
def after_the_execution(context: StageContext, verb: str, objects: Objects, progress: Progress) -> Iterator[None]:
    """The same for what may wait: an execution of the CodePipeline that holds the lock is let past."""
    with progress.awaiting("the CodePipeline to verify, and to give the lock back"):
        while True:
            lock, _, fate = look(context)
            if not isinstance(lock, StageLock) or lock.holder.kind != "execution" or fate != "running":
                break
            context.sleep(POLL_SECONDS)
    held = take(context, verb, objects, progress)
    try:
        yield
    finally:
        give_back(context, held, objects, progress)


@contextmanager
def held_by_execution(context: StageContext, verb: str, objects: Objects, progress: Progress) -> Iterator[None]:
    """The same for what begins a deployment: in the CodePipeline, its execution goes on holding the lock.

    What fails gives it back. Anybody else's promotion holds it no longer than it takes.
    """
    if execution_id() is None:
        with one_at_a_time(context, verb, objects, progress):
            yield
        return
    held = take(context, verb, objects, progress)
    try:
        yield
    except BaseException:
        give_back(context, held, objects, progress)
        raise
    remove_mark(held.lock.token, held.mark)


def take(context: StageContext, verb: str, objects: Objects, progress: Progress) -> Held:
    """Take the lock. An execution of the CodePipeline that has it already goes on with it."""
    token = uuid.uuid4().hex
    mark = leave_mark(token)
    try:
        return Held(_taken(context, verb, token, objects, progress), mark)
    except BaseException:
        remove_mark(token, mark)
        raise


def _taken(context: StageContext, verb: str, token: str, objects: Objects, progress: Progress) -> StageLock:
    bucket, key, kms = context.foundation.bucket, context.names.lock_key, context.foundation.kms_key_arn
    holder = this_holder(context, verb, token)
    mine = StageLock(
        format=1,
        stage=context.stage,
        pipeline=context.settings.pipeline,
        token=token,
        since=now(),
        held=True,
        holder=holder,
    )
    for _ in range(MOST_ROUNDS):
        there, etag = _read(context)
        before = there if isinstance(there, StageLock) and there.held else None
        if isinstance(there, StageLock) and there.token == token:
            return there  # written, though the answer was lost
        if before is not None and before.is_of(holder):
            return before
        if isinstance(there, str) or before is not None:
            fate = fate_of(context, there or "")
            if fate != "ended":
                raise held_by_another(where(context), there or "", fate, datetime.now(UTC), context.stage)
        if objects.replace(bucket, key, mine.written(), kms, etag):
            if before is not None:
                _tell_taken_over(context, before, objects, progress)
            return mine
    raise StackError(
        f"others take the lock of stage {context.stage} at the same time",
        found=[f"lock: {where(context)}"],
        next_command=f"make status STAGE={context.stage}   # then: the same command again",
    )


def _tell_taken_over(context: StageContext, before: StageLock, objects: Objects, progress: Progress) -> None:
    progress.line(f"lock taken over from one that has ended: {before.sentence}")
    record(context, objects, Event("unlock", reason="its holder has ended", details=(before.sentence,)))
    if before.holder.kind == "process":
        remove_mark(before.holder.id)


def give_back(context: StageContext, held: Held, objects: Objects, progress: Progress) -> None:
    """Leave it as free, if it is still ours. Where that fails it is told, since what was done is done."""
    try:
        _free(context, held.lock.token, objects)
    except DeploymentError as error:
        progress.line(f"! the lock of {context.stage} could not be given back: {error.problem}")
    finally:
        remove_mark(held.lock.token, held.mark)


def free_of_the_dead(context: StageContext, verb: str, progress: Progress) -> None:
    """Where there is nothing to do: give back what a command of this clone held that died when all was done.

    Nothing is asked of AWS unless such a command has left its mark.
    """
    if not has_dead_marks() or (context.glass is not None and not context.glass.recorded):
        return
    lock, _, fate = look(context)
    if isinstance(lock, StageLock) and lock.holder.kind == "process" and fate == "ended":
        objects = context.deployment_objects
        give_back(context, take(context, verb, objects, progress), objects, progress)


def is_cut_off(context: StageContext, verb: str, since: str) -> bool:
    """Whether the lock is still that of a command of this verb which was at work at this time."""
    lock, _ = _read(context)
    return isinstance(lock, StageLock) and lock.held and lock.holder.verb == verb and lock.since <= since


def give_back_of_execution(context: StageContext, objects: Objects, progress: Progress) -> None:
    """What Promote of this very execution of the CodePipeline took; that of any other one is left alone."""
    execution = execution_id()
    if execution is None:
        return
    try:
        lock, _ = _read(context)
        if isinstance(lock, StageLock) and lock.held and (lock.holder.kind, lock.holder.id) == ("execution", execution):
            _free(context, lock.token, objects)
    except DeploymentError as error:
        progress.line(f"! the lock of {context.stage} could not be given back: {error.problem}")


def _free(context: StageContext, token: str, objects: Objects) -> None:
    lock, etag = _read(context)
    if not isinstance(lock, StageLock) or lock.token != token or not lock.held:
        return  # somebody has broken it
    free = lock.model_copy(update={"held": False})
    objects.replace(
        context.foundation.bucket, context.names.lock_key, free.written(), context.foundation.kms_key_arn, etag
    )


def require_no_execution(context: StageContext, progress: Progress) -> None:
    """Raises StackError where the CodePipeline changes this stage now; where that cannot be read, it is told."""
    if execution_id() is not None:
        return  # it is the CodePipeline itself, which lets one execution at a time into a pipeline stage
    try:
        execution = execution_at_work(context)
    except DeploymentError as error:
        progress.line(f"whether the CodePipeline changes {context.stage} now is unknown: {error.problem}")
        return
    if execution is not None:
        raise StackError(
            f"the CodePipeline changes stage {context.stage} at this moment",
            found=[f"execution {execution} of {context.names.codepipeline}"],
            next_command="make codepipeline ARGS=--newest   # follows it; then: the same command again",
        )


def require_free(context: StageContext, progress: Progress) -> None:
    """Raises StackError where anybody changes the stage now, for what is carried out elsewhere."""
    lock, _, fate = look(context)
    if lock is not None and fate != "ended":
        raise held_by_another(where(context), lock, fate, datetime.now(UTC), context.stage)
    require_no_execution(context, progress)


def require_unchanged(context: StageContext, planned: Stack | None) -> None:
    """Raises StackError where somebody has changed the stack since this command looked at it."""
    now_there = context.stacks.describe(context.names.batch_stack)
    seen = [(each.id, each.parameters) if each else None for each in (planned, now_there)]
    moved = planned is not None and now_there is not None and planned.settled and planned.status != now_there.status
    if seen[0] != seen[1] or moved:
        raise StackError(
            f"somebody else has changed stack {context.names.batch_stack} since this command looked at it",
            found=[
                f"it was {planned.status if planned else 'not there'}",
                f"it is {now_there.status if now_there else 'gone'} now",
            ],
            next_command=f"make history STAGE={context.stage}   # says who; then: the same command again",
        )


def break_lock(context: StageContext, reason: str, objects: Objects, *, force: bool) -> StageLock | str | None:
    """Free the lock of somebody who has died, and record whose it was; what it was, None where nobody held it."""
    lock, etag, fate = look(context)
    if lock is None:
        return None
    require_breakable(where(context), lock, fate, datetime.now(UTC), context.stage, force=force)
    told = lock if isinstance(lock, str) else lock.sentence
    record(context, objects, Event("unlock", reason=reason, details=(told,)))
    holder = this_holder(context, "unlock", "")
    free = StageLock(
        format=1,
        stage=context.stage,
        pipeline=context.settings.pipeline,
        token=uuid.uuid4().hex,
        since=now(),
        held=False,
        holder=holder,
    )
    foundation = context.foundation
    if not objects.replace(foundation.bucket, context.names.lock_key, free.written(), foundation.kms_key_arn, etag):
        raise StackError(
            f"the lock of stage {context.stage} changed hands at this moment; nothing was broken",
            found=[told],
            next_command=f"make status STAGE={context.stage}",
        )
    return lock


def look(context: StageContext) -> tuple[StageLock | str | None, str | None, Fate]:
    """Who holds the lock (None: nobody), the ETag of what says so, and whether that one is at work."""
    lock, etag = _read(context)
    if lock is None or (isinstance(lock, StageLock) and not lock.held):
        return None, etag, "ended"
    return lock, etag, fate_of(context, lock)


def where(context: StageContext) -> str:
    return f"s3://{context.foundation.bucket}/{context.names.lock_key}"


def _read(context: StageContext) -> tuple[StageLock | str | None, str | None]:
    found = context.objects.read_tagged(context.foundation.bucket, context.names.lock_key)
    return (read_lock(found[0]), found[1]) if found else (None, None)
