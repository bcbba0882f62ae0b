"""Puts records into requests, by BatchStrategy and MaxPayloadInMB. Pure, and linear in the size of the input.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from localaws.services.sagemaker.jobs.splitting import Records


class RecordTooLargeError(ValueError):
    """One record is larger than a request may be."""

    def __init__(self, number: int, size: int, limit: int) -> None:
        super().__init__(
            f"record {number} has {size} bytes, which exceeds MaxPayloadInMB ({limit // 1024**2} MB, {limit} bytes)"
        )
        self.number = number


@dataclass(frozen=True)
class Batch:
    """One request: ``count`` records beginning with number ``first`` (from 0), and the request's body."""

    first: int
    count: int
    body: bytes


def batches(records: Records, strategy: str, limit: int) -> Iterator[Batch]:
    """The requests, in order. ``limit`` is in bytes; 0 sets none. RecordTooLargeError names the record, from 1."""
    if strategy == "SingleRecord":
        for number, payload in enumerate(records.payloads):
            _refuse_too_large(number, len(payload), limit)
            yield Batch(number, 1, payload)
        return
    first = size = 0
    for number, framed in enumerate(records.framed):
        # The line's end need not travel: a record of exactly the limit is within it.
        _refuse_too_large(number, min(len(framed), max(len(records.payloads[number]), len(framed) - 1)), limit)
        if limit and number > first and size + len(framed) > limit:
            yield _batch(records, first, number)
            first, size = number, 0
        size += len(framed)
    if len(records) > first:
        yield _batch(records, first, len(records))


def part(records: Records, first: int, count: int, strategy: str) -> Batch:
    """Some of the records as one request, to find the one that the model does not take."""
    if strategy == "SingleRecord":
        return Batch(first, 1, records.payloads[first])
    return _batch(records, first, first + count)


def _batch(records: Records, first: int, end: int) -> Batch:
    return Batch(first, end - first, b"".join(records.framed[first:end]))


def _refuse_too_large(number: int, size: int, limit: int) -> None:
    if limit and size > limit:
        raise RecordTooLargeError(number + 1, size, limit)
