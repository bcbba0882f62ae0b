"""Lets a person change a stage past its CodePipeline: refused without a reason; with one, recorded and told first.

The record is written below ``break-glass/`` of the stage's bucket, over nothing, and then the stage's topic hears of
it. Only when both are done does the stage's context hand out what changes anything.
"""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from scripts.decisions.break_glass import Use, read_use, way_of
from scripts.decisions.canonical import sha256_of
from scripts.decisions.ledger import Event
from scripts.decisions.names import BREAK_GLASS_FOLDER
from scripts.errors import GuardedStageError
from scripts.flows.assumed_roles import in_build
from scripts.flows.ledger_entries import record
from scripts.flows.stage_context import StageContext
from scripts.gateways.announcements import announce
from scripts.terminal.progress import Progress

PARALLEL_READS = 8


def require_way(context: StageContext, verb: str, reason: str | None) -> None:
    """Before anything is done: raises GuardedStageError for a person who may not change this stage by hand.

    With ``reason``, the stage is from here on that of the break-glass role.
    """
    settings = context.settings
    way = way_of(
        context.stage,
        verb,
        reason,
        deployed_by_hand=settings.deployed_by_hand,
        in_build=in_build(),
        role_exists=bool(settings.break_glass),
    )
    if way is not None:
        context.break_glass(way)


def record_use(
    context: StageContext, verb: str, command: str, progress: Progress, release_id: str | None = None
) -> None:
    """Before the first change: write down and tell who breaks the glass. Without a broken glass there is nothing to do.

    Raises whatever AWS refuses; then nothing was changed, and the record, if it stands, says what was about to be.
    """
    glass = context.glass
    if glass is None or glass.recorded:
        return
    use = Use(
        at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        by=context.accounts.identity(context.settings.dev_account)["Arn"],
        reason=glass.reason,
        verb=verb,
        stage=context.stage,
        pipeline=context.settings.pipeline,
        command=command,
        release_id=release_id,
    )
    foundation, key = context.foundation, use.key(uuid.uuid4().hex[:8])
    where = f"s3://{foundation.bucket}/{key}"
    created = context.objects.create(foundation.bucket, key, use.written(), foundation.kms_key_arn)
    if not created and context.objects.read(foundation.bucket, key) != use.written():
        raise GuardedStageError(
            f"{where} exists already; nothing was changed", next_command="the same command again: it takes a new name"
        )
    event = Event(
        "break-glass",
        release_id,
        reason=glass.reason,
        details=(use.command,),
        records={key: sha256_of(use.written())},
    )
    record(context, context.objects, event)
    announce(context.reader, foundation.announcement_topic_arn, use.subject, use.message)
    glass.recorded = True
    progress.line(f"glass broken by {use.by}: recorded in {where}, told to {foundation.announcement_topic_arn}")


def last_uses(context: StageContext, count: int) -> list[str]:
    """The last uses, newest first, one sentence each. One that cannot be read is told in its place."""
    bucket = context.foundation.bucket
    keys = sorted((key for key, _ in context.objects.keys(bucket, BREAK_GLASS_FOLDER)), reverse=True)[:count]

    def sentence(key: str) -> str:
        use = read_use(context.objects.read(bucket, key), f"s3://{bucket}/{key}")
        return use if isinstance(use, str) else use.sentence

    with ThreadPoolExecutor(PARALLEL_READS) as pool:
        return list(pool.map(sentence, keys))
