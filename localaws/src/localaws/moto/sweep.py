"""Looks, little by little, at all of moto that no request is said to have touched, so that nothing is forgotten.

A round begins with a request and goes on while there are none; after a whole round it rests until the next request.
"""

from __future__ import annotations

from collections.abc import Iterator

from localaws.moto.bucket_chunks import TouchedObjects
from localaws.moto.chunks import Chunks, Touched
from localaws.moto.originals import EVERY_OPERATION

_OBJECTS_AT_ONCE = 100


class Sweep:
    def __init__(self) -> None:
        self._round: Iterator[Touched] | None = None
        self._wanted = False

    def begin(self) -> None:
        """Something was asked: look at everything once more."""
        self._wanted = True

    def next(self, chunks: Chunks) -> Touched | None:
        """What to look at now, or None."""
        if self._round is None and self._wanted:
            self._wanted, self._round = False, _round(chunks)
        found = next(self._round, None) if self._round is not None else None
        if found is None:
            self._round = None
        return found


def _round(chunks: Chunks) -> Iterator[Touched]:
    for package in sorted(chunks.packages_in_use()):
        yield Touched({package}, {EVERY_OPERATION})
    for bucket in chunks.buckets():
        yield Touched(objects=TouchedObjects(buckets={bucket}))
    keys = list(chunks.object_keys())
    for first in range(0, len(keys), _OBJECTS_AT_ONCE):
        yield Touched(objects=TouchedObjects(keys=set(keys[first : first + _OBJECTS_AT_ONCE])))
