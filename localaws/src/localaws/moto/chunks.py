"""moto's state in chunks: one for each group of services, and of what is large a chunk for each thing.

A chunk has a name (``["backends", "kms"]`` as JSON) and bytes (``pickle.py``). Only what requests have touched is
pickled again, and only what then has other bytes is handed on. S3's buckets and objects are ``bucket_chunks.py``'s, the
events of log streams ``log_chunks.py``'s.
Nothing here knows when or where chunks are kept; the caller sees to it that moto does nothing meanwhile.
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend

from localaws.core.state_file import digest_of
from localaws.moto import kept_apart
from localaws.moto import pickle as moto_pickle
from localaws.moto.bucket_chunks import BucketChunks, TouchedObjects
from localaws.moto.derived import derive, without_derived
from localaws.moto.log_chunks import PACKAGE as LOGS
from localaws.moto.log_chunks import LogChunks
from localaws.moto.originals import Originals, Place
from localaws.moto.plain_data import class_name
from localaws.moto.reach import group_of, package_of

log = logging.getLogger(__name__)

# moto builds these from its own tables; nothing that a user made is in them.
_REBUILT = frozenset({"moto_api", "instance_metadata"})


@dataclass
class Touched:
    """What requests may have changed since chunks were last made."""

    packages: set[str] = field(default_factory=set)  # of moto, those that they reach included
    operations: set[str] = field(default_factory=set)
    objects: TouchedObjects = field(default_factory=TouchedObjects)

    def __bool__(self) -> bool:
        return bool(self.packages or self.objects)

    def take(self, other: Touched) -> None:
        self.packages |= other.packages
        self.operations |= other.operations
        self.objects.take(other.objects)


class Chunks:
    """moto's whole state; it remembers the digest of each chunk that it has made or read."""

    def __init__(self) -> None:
        self._digests: dict[str, bytes] = {}
        self._originals = Originals()
        self._buckets = BucketChunks(self._digests)
        self._logs = LogChunks(self._digests)
        self._told_of: set[str] = set()  # services that the log has named as not kept

    def read(self, rows: Iterable[tuple[str, bytes, bytes]]) -> None:
        """Put chunks back into a moto that holds nothing. ValueError where one is damaged."""
        by_kind: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for name, content, digest in rows:
            self._digests[name] = digest
            try:
                kind, *rest = json.loads(name)
            except ValueError as error:
                raise ValueError(f"{name} is no name of a chunk") from error
            by_kind[kind].append((rest, content))
        unknown = set(by_kind) - {"backends", "originals", LogChunks.KIND, *BucketChunks.KINDS}
        if unknown:
            raise ValueError(f"it holds chunks that this localaws does not know: {', '.join(sorted(unknown))}")
        with kept_apart.reading() as found:
            for place, content in by_kind["originals"]:
                self._originals.read(tuple(place), moto_pickle.loads(content), found)
            self._buckets.prepare(by_kind, found)
            for _, content in by_kind["backends"]:
                for place, attributes in moto_pickle.loads(content).items():
                    self._put_back(place, attributes, found)
            self._buckets.read(by_kind, found)
        for (_, account, region), backend in backends_in_use():
            if not backend.__dict__:  # another one refers to it, and it has no chunk of its own
                backend.__init__(region, account)
        self._logs.read(by_kind[LogChunks.KIND])

    def _put_back(self, place: Place, attributes: dict[str, Any], found: dict[tuple[Any, ...], Any]) -> None:
        backend = kept_apart.empty_backend(*place)
        backend.__dict__ = attributes
        derive(backend)
        self._originals.put_back(place, attributes)
        self._buckets.put_back(backend, found)

    def changed(self, touched: Touched) -> dict[str, bytes | None]:
        """The chunks that are others now, by name; None for one that is gone."""
        found: dict[str, bytes | None] = {}
        groups = {group_of(package) for package in touched.packages}
        members: defaultdict[str, list[tuple[Place, Any]]] = defaultdict(list)
        for place, backend in backends_in_use():
            group = group_of(package_of(backend))
            if group in groups:
                members[group].append((place, backend))
        for group, backends in members.items():
            for place, backend in backends:
                if self._originals.may_be_others(place, touched.operations):
                    name = json.dumps(["originals", *place])
                    self._note(found, name, self._originals.pickled(place, backend, _reference_to_backend))
            self._note(found, json.dumps(["backends", group]), self._pickled(backends))
        if LOGS in groups:
            self._logs.changed(found)
        if touched.objects:
            self._buckets.changed(touched.objects, found)
        return found

    def _note(self, found: dict[str, bytes | None], name: str, content: bytes) -> None:
        digest = digest_of(content)
        if self._digests.get(name) != digest:
            self._digests[name] = digest
            found[name] = content

    def _pickled(self, backends: list[tuple[Place, Any]]) -> bytes:
        """A backend whose objects are no data is left out and named on the log: what all others hold is kept."""
        try:
            return moto_pickle.dumps(self._attributes(backends), self._reference)
        except Exception:  # whatever the __reduce__ of some object of moto raises
            kept = [each for each in backends if self._keeps(each)]
            return moto_pickle.dumps(self._attributes(kept), self._reference)

    def _attributes(self, backends: list[tuple[Place, Any]]) -> dict[Place, Any]:
        return {
            place: self._buckets.without(backend, self._originals.without(place, without_derived(backend)))
            for place, backend in backends
        }

    def _keeps(self, backend: tuple[Place, Any]) -> bool:
        try:
            moto_pickle.dumps(self._attributes([backend]), self._reference)
        except Exception as error:  # as above
            service = package_of(backend[1])
            if service not in self._told_of:
                self._told_of.add(service)
                log.error("moto's state of %s will be lost when the server stops: %s", service, error)
            return False
        return True

    def _reference(self, obj: Any) -> Any:
        return _reference_to_backend(obj) or self._originals.reference(obj) or self._buckets.reference(obj)

    def packages_in_use(self) -> set[str]:
        return {package_of(backend) for _, backend in backends_in_use()}

    def buckets(self) -> list[str]:
        return self._buckets.names()

    def object_keys(self) -> Iterator[tuple[str, str]]:
        """(bucket, key) of every object, as of the last chunks."""
        return self._buckets.keys()


def _reference_to_backend(obj: Any) -> Any:
    if isinstance(obj, BaseBackend):
        return kept_apart.backend(class_name(type(obj)), obj.account_id, obj.region_name)
    return kept_apart.all_backends(kept_apart.kind_of(obj)) if isinstance(obj, BackendDict) else None


def backends_in_use() -> Iterator[tuple[Place, Any]]:
    """(where it is, backend) of every backend of moto's whose state a user can have made."""
    for backends in list(BackendDict._instances):
        kind = kept_apart.kind_of(backends)
        if kind.split(".")[1] in _REBUILT:
            continue
        for account, regions in list(backends.items()):
            for region, backend in list(regions.items()):
                yield (kind, account, region), backend
