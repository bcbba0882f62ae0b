"""Writes and reads a stage's ledger: each entry over nothing, and after the one that is the last at that moment.

What was done is recorded before it is begun, as far as that can be known then: a command that was cut off leaves an
entry without a deed, never a deed without an entry. Nothing here decides what is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from scripts.decisions.canonical import sha256_of
from scripts.decisions.ledger import (
    BESIDE,
    HEAD,
    Entry,
    Event,
    Head,
    chain_problems,
    entry_key,
    head_of,
    new_entry,
    number_of,
    read_entry,
    read_head,
)
from scripts.errors import LedgerError
from scripts.flows.holders import here, now, who
from scripts.flows.stage_context import StageContext
from scripts.gateways.artifacts import Objects

MOST_ROUNDS = 20
PARALLEL_READS = 8


def record(context: StageContext, objects: Objects, *events: Event) -> None:
    """Add an entry for each event. ``objects``: S3 as a principal that changes the stage.

    Raises LedgerError where others write at the same time, again and again.
    """
    head, etag = _head(context)
    for event in events:
        head = _append(context, objects, event, head)
    assert head is not None
    _move_head(context, objects, head, etag)


def record_once(context: StageContext, objects: Objects, event: Event) -> None:
    """The same, but not where this was the last thing that was done: then it was cut off, and goes on now."""
    newest = next((each for each in newest_first(context) if each.kind not in BESIDE), None)
    if newest is None or not event.same_as(newest):
        record(context, objects, event)


def _append(context: StageContext, objects: Objects, event: Event, head: Head | None) -> Head:
    bucket, kms = context.foundation.bucket, context.foundation.kms_key_arn
    at = now()
    for _ in range(MOST_ROUNDS):
        entry = new_entry(
            event, head, context.stage, context.settings.pipeline, at=at, by=who(context), where=here(context)
        )
        key, content = entry_key(context.names.ledger_folder, entry.number), entry.written()
        if objects.create(bucket, key, content, kms):
            return head_of(entry, content)
        there = context.objects.read(bucket, key)
        if there is not None:
            # ours, where the answer was lost; else somebody else's, after which ours comes
            head = Head(format=1, number=entry.number, digest=sha256_of(there))
            if there == content:
                return head
    raise LedgerError(
        f"others write the ledger of {context.stage} at the same time, again and again",
        found=[f"s3://{bucket}/{context.names.ledger_folder}"],
        next_command="the same command again, when they are done",
    )


def _head(context: StageContext) -> tuple[Head | None, str | None]:
    """The last entry, and the ETag of what names it. A head that is lost or broken is found anew."""
    found = context.objects.read_tagged(context.foundation.bucket, context.names.ledger_head_key)
    content, etag = found if found else (None, None)
    head = read_head(content)
    if isinstance(head, Head):
        return head, etag
    last = max(_numbers(context), default=0)
    if not last:
        return None, etag
    content = _content(context, last)
    return (Head(format=1, number=last, digest=sha256_of(content)) if content is not None else None), etag


def _move_head(context: StageContext, objects: Objects, head: Head, etag: str | None) -> None:
    """Where somebody else has moved it meanwhile, theirs stands if it is further on; one behind it is no harm."""
    bucket, key, kms = context.foundation.bucket, context.names.ledger_head_key, context.foundation.kms_key_arn
    for _ in range(MOST_ROUNDS):
        if objects.replace(bucket, key, head.written(), kms, etag):
            return
        found = context.objects.read_tagged(bucket, key)
        there = read_head(found[0]) if found else None
        if isinstance(there, Head) and there.number >= head.number:
            return
        etag = found[1] if found else None


def newest_first(context: StageContext) -> Iterator[Entry]:
    """The entries, read one by one as they are asked for. Raises LedgerError for one that cannot be read."""
    head, _ = _head(context)
    number = head.number if head else 0
    while _content(context, number + 1) is not None:
        number += 1  # written by a command that was cut off before it moved the head
    while number:
        entry = read_entry(_content(context, number))
        if isinstance(entry, str):
            raise _not_whole(context, [f"{number:08d}: {entry}"])
        yield entry
        number -= 1


def all_entries(context: StageContext) -> list[Entry | str]:
    """All of them, newest first; of one that cannot be read, why."""
    found = _contents(context)
    readings = {number: read_entry(content) for number, content in found.items()}
    return [
        reading if isinstance(reading, Entry) else f"{number:08d}: {reading}"
        for number, reading in sorted(readings.items(), reverse=True)
    ]


def require_whole(context: StageContext) -> tuple[int, str]:
    """How many entries there are, and the digest of the last one. Raises LedgerError for a chain that is not whole.

    That an entry was written over or deleted also shows in its versions, and what it names by digest is looked at.
    """
    contents = _contents(context)
    bucket = context.foundation.bucket
    head = context.objects.read(bucket, context.names.ledger_head_key)
    problems = chain_problems(contents, head, context.stage, context.settings.pipeline)
    for key, why in context.objects.replaced(bucket, context.names.ledger_folder):
        number = number_of(key)
        problems.append(f"{key.rpartition('/')[2] if number is None else f'{number:08d}'}: {why}")
    problems += _record_problems(context, contents)
    if problems:
        raise _not_whole(context, sorted(set(problems)))
    last = contents[max(contents)] if contents else b""
    return len(contents), sha256_of(last) if contents else ""


def _record_problems(context: StageContext, contents: dict[int, bytes]) -> list[str]:
    named = [
        (number, key, digest)
        for number, content in contents.items()
        if isinstance(entry := read_entry(content), Entry)
        for key, digest in entry.records.items()
    ]

    def problem(each: tuple[int, str, str]) -> str | None:
        number, key, digest = each
        content = context.objects.read(context.foundation.bucket, key)
        if content is None:
            return f"{number:08d}: {key}, which it names, is absent"
        return None if sha256_of(content) == digest else f"{number:08d}: {key}, which it names, was changed"

    with ThreadPoolExecutor(PARALLEL_READS) as pool:
        return [each for each in pool.map(problem, named) if each]


def _not_whole(context: StageContext, problems: list[str]) -> LedgerError:
    return LedgerError(
        f"the ledger of {context.settings.pipeline} in {context.stage} is not whole",
        found=[f"s3://{context.foundation.bucket}/{context.names.ledger_folder}", *problems],
        next_command=f"aws s3api list-object-versions --bucket {context.foundation.bucket} "
        f"--prefix {context.names.ledger_folder}   # what was there, and since when it is not; CloudTrail says who. "
        f"The last entry is named by {HEAD}: {context.names.ledger_head_key}",
    )


def _numbers(context: StageContext) -> list[int]:
    keys = context.objects.keys(context.foundation.bucket, context.names.ledger_folder)
    return [number for key, _ in keys if (number := number_of(key)) is not None]


def _contents(context: StageContext) -> dict[int, bytes]:
    numbers = _numbers(context)
    with ThreadPoolExecutor(PARALLEL_READS) as pool:
        found = pool.map(lambda number: _content(context, number), numbers)
    return {number: content for number, content in zip(numbers, found, strict=True) if content is not None}


def _content(context: StageContext, number: int) -> bytes | None:
    return context.objects.read(context.foundation.bucket, entry_key(context.names.ledger_folder, number))
