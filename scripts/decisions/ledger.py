"""The ledger of a pipeline in a stage: what was done there, entry by entry, each naming the one before by its digest.

An entry is written once and says what happened, to which release, by whom and why. What it speaks of it names by
digest. So whatever is changed, left out or put elsewhere afterwards no longer fits its neighbours, and is told by its
name. Pure: bytes go in; entries, and sentences on what is wrong with them, come out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scripts.decisions.canonical import sha256_of

HEAD = "the head"
MOST_DETAILS = 50
LONGEST_TEXT = 1000
Kind = Literal[
    "promotion",
    "deployment",
    "failure",
    "verification",
    "approval",
    "rejection",
    "rollback",
    "repair",
    "break-glass",
    "schedule",
    "unlock",
    "destruction",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
OF_A_RELEASE = frozenset({"promotion", "deployment", "verification", "rollback"})
# What may come between the beginning of something and its end.
BESIDE = frozenset({"approval", "break-glass", "rejection", "schedule", "unlock"})
MAKES_LIVE = frozenset({"deployment", "rollback"})
_DIGEST = r"^[0-9a-f]{64}$"


class _Document(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


class Entry(_Document):
    """``ledger/<pipeline>/<number>.json``.

    ``parameters`` are those of the stack, by which a rollback deploys the very same again. ``records``: digests of
    objects that are written once, by their keys. ``execution``: of the CodePipeline, or of SageMaker's pipeline.
    ``previous``: the digest of the bytes of the entry before.
    """

    format: Literal[1]
    number: int = Field(ge=1)
    previous: str | None = Field(pattern=_DIGEST)
    kind: Kind
    stage: str
    pipeline: str
    at: str
    by: str
    where: str
    release_id: str | None = None
    from_release: str | None = None
    reason: str | None = None
    passed: bool | None = None
    execution: str | None = None
    parameters: dict[str, str] | None = None
    details: tuple[str, ...] = ()
    records: dict[str, str] = {}

    def written(self) -> bytes:
        return json.dumps(self.model_dump(mode="json"), indent=2, sort_keys=True).encode() + b"\n"

    @property
    def is_live_maker(self) -> bool:
        return self.kind in MAKES_LIVE


class Head(_Document):
    """``ledger/head-<pipeline>.json``: which entry is the last one. It moves, each time over the one that was read."""

    format: Literal[1]
    number: int = Field(ge=1)
    digest: str = Field(pattern=_DIGEST)

    def written(self) -> bytes:
        return json.dumps(self.model_dump(mode="json"), sort_keys=True).encode() + b"\n"


@dataclass(frozen=True)
class Event:
    """What is to be recorded, before its place in the ledger is known."""

    kind: Kind
    release_id: str | None = None
    from_release: str | None = None
    reason: str | None = None
    passed: bool | None = None
    execution: str | None = None
    parameters: Mapping[str, str] | None = None
    details: Sequence[str] = ()
    records: Mapping[str, str] = field(default_factory=dict)
    by: str | None = None  # where somebody else did it than whoever writes it down
    at: str | None = None

    def same_as(self, entry: Entry) -> bool:
        """Whether the entry says just this: a command that was cut off records nothing twice.

        What it came from is not compared: to one that goes on, a stack that is half changed shows the new release.
        """
        return (self.kind, self.release_id, self.execution, self.parameters) == (
            entry.kind,
            entry.release_id,
            entry.execution,
            entry.parameters,
        )


def entry_key(folder: str, number: int) -> str:
    return f"{folder}{number:08d}.json"


def number_of(key: str) -> int | None:
    """The number that a key of the ledger holds; None for the head, and for what is none of ours."""
    name = key.rpartition("/")[2].removesuffix(".json")
    return int(name) if len(name) == 8 and name.isascii() and name.isdigit() else None


def new_entry(event: Event, head: Head | None, stage: str, pipeline: str, *, at: str, by: str, where: str) -> Entry:
    return Entry(
        format=1,
        number=head.number + 1 if head else 1,
        previous=head.digest if head else None,
        kind=event.kind,
        stage=stage,
        pipeline=pipeline,
        at=event.at or at,
        by=event.by or by,
        where=where,
        release_id=event.release_id,
        from_release=event.from_release,
        reason=None if event.reason is None else event.reason[:LONGEST_TEXT],
        passed=event.passed,
        execution=event.execution,
        parameters=None if event.parameters is None else dict(event.parameters),
        details=tuple(each[:LONGEST_TEXT] for each in event.details[:MOST_DETAILS]),
        records=dict(event.records),
    )


def head_of(entry: Entry, content: bytes) -> Head:
    return Head(format=1, number=entry.number, digest=sha256_of(content))


def read_head(content: bytes | None) -> Head | str | None:
    """The head; None where there is no ledger; why it cannot be read."""
    if content is None:
        return None
    try:
        return Head.model_validate_json(content, strict=True)
    except ValidationError as error:
        return f"it is broken: {_first(error)}"


def read_entry(content: bytes | None) -> Entry | str:
    """An entry, or why it is none."""
    if content is None:
        return "it is absent"
    try:
        entry = Entry.model_validate_json(content, strict=True)
    except ValidationError as error:
        return f"it is broken: {_first(error)}"
    if entry.kind in OF_A_RELEASE and entry.release_id is None:
        return f"it is broken: a {entry.kind} that names no release"
    if entry.kind in MAKES_LIVE and entry.parameters is None:
        return f"it is broken: a {entry.kind} without the stack's parameters"
    if entry.kind == "verification" and entry.passed is None:
        return "it is broken: a verification that neither passed nor failed"
    return entry


def chain_problems(contents: Mapping[int, bytes], head: bytes | None, stage: str, pipeline: str) -> list[str]:
    """Everything that is wrong with a ledger, by the entry's number; empty where the chain is whole.

    ``contents``: by the number in its key, what each object holds.
    """
    found: list[str] = []
    reading = read_head(head)
    if isinstance(reading, str):
        found.append(f"{HEAD}: {reading}")
    elif reading is None and contents:
        found.append(f"{HEAD}: it is absent, though there are entries")
    last = max([*contents, reading.number if isinstance(reading, Head) else 0])
    before: bytes | None = None
    for number in range(1, last + 1):
        content = contents.get(number)
        found += [f"{number:08d}: {each}" for each in _entry_problems(number, content, before, stage, pipeline)]
        before = content
    if isinstance(reading, Head):
        found += _head_problems(reading, contents)
    return found


def _entry_problems(
    number: int, content: bytes | None, before: bytes | None, stage: str, pipeline: str
) -> Iterable[str]:
    entry = read_entry(content)
    if isinstance(entry, str):
        yield entry
        return
    if entry.number != number:
        yield f"it is entry {entry.number:08d}, put in another's place"
    if (entry.stage, entry.pipeline) != (stage, pipeline):
        yield f"it is of pipeline {entry.pipeline} in {entry.stage}"
    if number == 1 and entry.previous is not None:
        yield "it names an entry before itself, and there is none"
    if number > 1 and before is not None and entry.previous != sha256_of(before):
        yield f"it does not follow {number - 1:08d}: one of the two was changed or replaced"


def _head_problems(head: Head, contents: Mapping[int, bytes]) -> Iterable[str]:
    """A head that is one behind was left by a command that was cut off; the next entry moves it on."""
    named, last = contents.get(head.number), max(contents, default=0)
    if named is not None and sha256_of(named) != head.digest:
        yield f"{head.number:08d}: it is not the entry that {HEAD} names: it was changed or replaced"
    if last > head.number + 1:
        yield f"{HEAD}: it names {head.number:08d} as the last entry, and there are entries up to {last:08d}"


@dataclass(frozen=True)
class Former:
    """An earlier release that can be gone back to: the entry of its deployment, and whether it passed here.

    ``current``: the release that was deployed last.
    """

    entry: Entry
    passed: bool
    current: str | None


def former_release(newest_first: Iterable[Entry], wanted: str | None = None) -> Former | str:
    """The release to go back to: ``wanted``, or the one before the newest; else why there is none.

    The newest is the one that was deployed last, be it half. One that was gone back from is not gone back to, unless
    it was deployed again since.
    """
    current: str | None = None
    abandoned: dict[str | None, bool] = {}  # what was said of a release last: that it was gone back from, or deployed
    passed: set[str | None] = set()
    deployed: dict[str | None, Entry] = {}
    for entry in newest_first:
        if entry.is_live_maker:
            current = current or entry.release_id
            deployed.setdefault(entry.release_id, entry)
            abandoned.setdefault(entry.release_id, False)
        if entry.kind == "rollback":
            abandoned.setdefault(entry.from_release, True)
        if entry.kind == "verification" and entry.passed:
            passed.add(entry.release_id)
        for release_id in passed & deployed.keys():
            is_former = current is not None and release_id != current and not abandoned[release_id]
            if release_id == wanted or (wanted is None and is_former):
                return Former(deployed[release_id], True, current)
    if wanted in deployed and wanted:
        return Former(deployed[wanted], False, current)
    if wanted:
        return f"the ledger knows no deployment of release {wanted}"
    return "the ledger knows no earlier release that passed its verification here"


def live_by(newest_first: Iterable[Entry]) -> Entry | None:
    """The entry of the release that the ledger takes for live; None where it knows none."""
    failed: set[str | None] = set()
    for entry in newest_first:
        if entry.kind == "destruction":
            return None
        if entry.kind == "failure":
            failed.add(entry.release_id)
        elif entry.is_live_maker:
            if entry.release_id not in failed:
                return entry
            failed.discard(entry.release_id)
    return None


def ledger_lines(newest_first: Iterable[Entry], width: int = 80) -> list[str]:
    """For people, in ``width`` columns: a line for what was done, and one for why."""
    lines = []
    for entry in newest_first:
        outcome = {True: " passed", False: " FAILED", None: ""}[entry.passed]
        came = f" from {entry.from_release}" if entry.from_release and entry.kind in MAKES_LIVE else ""
        what = f"{entry.kind}{outcome}"
        line = f"{entry.number:>5}  {entry.at[:16].replace('T', ' ')}  {what:<19} {entry.release_id or ''}{came}"
        lines.append(line[:width].rstrip())
        told = [f"by {_short(entry.by)}"]
        told += [each for each in (entry.reason, *entry.details[:2]) if each]
        lines.append(_cut(f"       {'; '.join(told)}", width))
    return lines


def _short(arn: str) -> str:
    return arn.rpartition(":")[2].rpartition("user/")[2] if arn.startswith("arn:") else arn


def _cut(text: str, width: int) -> str:
    shown = "".join(each if each.isprintable() else " " for each in text)
    return shown if len(shown) <= width else f"{shown[: width - 3]}..."


def _first(error: ValidationError) -> str:
    first: Any = error.errors()[0]
    place = ".".join(map(str, first["loc"])) or "the document"
    return f"{place}: {first['msg']}"
