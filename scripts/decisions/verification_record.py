"""What a verification speaks of, how it is written down, and whether that record still speaks of what is there now.

A record vouches only for what it names: a release in a stage, the live stack and what it runs, the thresholds and the
input's objects. Whoever asks reads all of that anew and compares. A record that is broken, edited, or of something
else vouches for nothing and says why; it never stops anybody. Pure: what was read goes in, reasons come out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from scripts.decisions.canonical import sha256_of
from scripts.decisions.verification import Check, Figures

RECORD = "verification.json"
ATTEMPT = "verification-attempt.json"
MOST_REASONS = 5


class _Document(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


class Input(_Document):
    """The objects below the input prefix; ``digest`` is of their keys, sizes, ETags and times."""

    url: str
    objects: int
    bytes: int
    digest: str


class Subject(_Document):
    """What a verification says something about, as it was read at one time.

    ``model`` is SageMaker's name of it, which is new with each model. ``definition`` and ``code`` are digests of what
    SageMaker and the bucket hold, not of what was once sent there.
    """

    release_id: str
    stage: str
    stack_id: str
    parameters: dict[str, str]
    model: str
    definition: str
    code: str
    thresholds: dict[str, Any]
    run: dict[str, str]
    input: Input

    @property
    def fingerprint(self) -> str:
        """16 hex digits, equal for equal subjects."""
        return sha256_of(self.model_dump(mode="json"))[:16]


class VerificationRecord(_Document):
    """``releases/<id>/verification.json``: this subject was run by this execution, and this came out.

    ``digest`` is of all the rest: a record edited by hand is none.
    """

    format: Literal[2]
    release_id: str
    stage: str
    passed: bool
    attempt: str
    subject: Subject
    execution_arn: str
    at: str
    by: str
    figures: Figures | None = None
    checks: tuple[Check, ...] = ()
    predictions: str | None = None
    problem: str | None = None
    found: tuple[str, ...] = ()
    digest: str


class Attempt(_Document):
    """``releases/<id>/verification-attempt.json``: what is about to be run, so that a later reader knows what ran.

    ``attempt`` is the execution's display name, used once. ``replaces`` is the digest of the record that was there:
    while that is still there, this attempt has not ended.
    """

    format: Literal[1]
    attempt: str
    subject: Subject
    replaces: str | None
    at: str
    by: str


@dataclass(frozen=True)
class Standing:
    """A release's verification in a stage as of now: its record, if it is usable, and all that speaks against it."""

    where: str
    record: VerificationRecord | None = None
    doubts: tuple[str, ...] = ()
    only_input_changed: bool = False

    @property
    def stands(self) -> bool:
        return self.record is not None and self.record.passed and not self.doubts

    @property
    def failed(self) -> bool:
        """Whether the record says so of just what is there now."""
        return self.record is not None and not self.record.passed and not self.doubts

    @property
    def passed_once(self) -> bool:
        """Whether it passed, be it on other input or settings than now."""
        return self.record is not None and self.record.passed


def new_record(subject: Subject, attempt: str, execution_arn: str, passed: bool, **more: Any) -> VerificationRecord:
    """A record of this subject. Raises ValueError where it would contradict itself."""
    content = {
        "format": 2,
        "release_id": subject.release_id,
        "stage": subject.stage,
        "passed": passed,
        "attempt": attempt,
        "subject": subject,
        "execution_arn": execution_arn,
        **more,
    }
    unsealed = VerificationRecord.model_validate({**content, "digest": ""})
    record = unsealed.model_copy(update={"digest": _seal(unsealed)})
    if wrong := _contradiction(record, subject.release_id, subject.stage):
        raise ValueError(wrong)
    return record


def read_record(content: bytes | None, release_id: str, stage: str) -> VerificationRecord | str:
    """The record of this release in this stage, or why there is none that can be used."""
    if content is None:
        return "there is no record of a verification"
    try:
        record = VerificationRecord.model_validate_json(content, strict=True)
        wrong = _contradiction(record, release_id, stage)
    except ValidationError as error:
        return _broken(error, content)
    except ValueError as error:  # a number that JSON does not have
        return f"the record is broken: {error}"
    return wrong or record


def read_attempt(content: bytes | None) -> Attempt | None:
    """The verification that was begun last; None where there is none, or where what is there is no use."""
    try:
        return Attempt.model_validate_json(content, strict=True) if content is not None else None
    except ValueError:
        return None


def standing(where: str, reading: VerificationRecord | str, now: Subject | None) -> Standing:
    """What a record is worth. ``now`` is None where the record alone is asked, as a later stage asks for it."""
    if isinstance(reading, str):
        return Standing(where, None, (reading,))
    if now is None:
        return Standing(where, reading)
    doubts = tuple(differences(reading.subject, now))
    same_input = reading.subject.model_copy(update={"input": now.input})
    return Standing(where, reading, doubts, bool(doubts) and not differences(same_input, now))


def differences(then: Subject, now: Subject) -> list[str]:
    """What has changed since a verification, one line each; empty where it is about just this."""
    if then.fingerprint == now.fingerprint:
        return []
    reasons = [
        f"{title} than when it was verified"
        for title, name in (
            ("another release is live", "release_id"),
            ("this is another stage", "stage"),
            ("the stack is another one", "stack_id"),
            ("the stack has another SageMaker model", "model"),
            ("SageMaker has another pipeline definition", "definition"),
            ("the bucket has other code of the pipeline", "code"),
        )
        if getattr(then, name) != getattr(now, name)
    ]
    for title, before, after in (
        ("parameter", then.parameters, now.parameters),
        ("threshold", then.thresholds, now.thresholds),
        ("run parameter", then.run, now.run),
    ):
        reasons += _changed(title, before, after)
    if then.input != now.input:
        reasons.append(_input_changed(then.input, now.input))
    more = len(reasons) - MOST_REASONS
    return reasons if more <= 0 else [*reasons[:MOST_REASONS], f"and {more} more"]


def code_prefixes(definition: str | None, bucket: str, folder: str) -> list[str]:
    """The keys below a folder of the bucket that a definition's processing steps read, literally: its code; sorted."""
    start = f"s3://{bucket}/"
    urls = {url for url in _input_urls(json.loads(definition or "{}")) if url.startswith(f"{start}{folder}")}
    return sorted(url.removeprefix(start) for url in urls)


def _input_urls(part: Any) -> Iterator[str]:
    """Wherever they are: a step may hold further steps."""
    if isinstance(part, list):
        for each in part:
            yield from _input_urls(each)
    elif isinstance(part, dict):
        source = part.get("S3Input")
        if isinstance(source, dict) and isinstance(source.get("S3Uri"), str):
            yield source["S3Uri"]
        for each in part.values():
            yield from _input_urls(each)


def _seal(record: VerificationRecord) -> str:
    content = record.model_dump(mode="json", exclude={"digest", "figures"})
    return sha256_of({**content, "figures": asdict(record.figures) if record.figures else None})


def _contradiction(record: VerificationRecord, release_id: str, stage: str) -> str | None:
    named = (record.release_id, record.stage)
    if named != (release_id, stage):
        return f"the record is of release {named[0]} in {named[1]}, not of {release_id} in {stage}"
    if (record.subject.release_id, record.subject.stage) != named:
        return "the record contradicts itself: its subject is another release or stage"
    if record.digest not in ("", _seal(record)) or not record.digest:
        return "the record was edited: its content does not have its digest"
    complete = record.figures is not None and record.checks and all(check.passed for check in record.checks)
    if record.passed and not complete:
        return "the record contradicts itself: it says passed and has no checks, or failed ones"
    return None


def _broken(error: ValidationError, content: bytes) -> str:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return "the record is broken: it is not JSON"
    if isinstance(document, dict) and "format" not in document:
        return "the record does not name what was verified: it is of an earlier form, or not whole"
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"])) or "the document"
    return f"the record is broken: {place}: {first['msg']}"


def _changed(title: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if sha256_of([old]) != sha256_of([new]):
            yield f"{title} {name} was {old!r} when it was verified and is {new!r} now"


def _input_changed(before: Input, after: Input) -> str:
    if before.url != after.url:
        return f"the input was {before.url} when it was verified and is {after.url} now"
    then, now = (f"{each.objects} objects, {each.bytes} bytes" for each in (before, after))
    if then == now:
        return f"the input in {after.url} was written anew since it was verified"
    return f"the input in {after.url} had {then} when it was verified and has {now} now"
