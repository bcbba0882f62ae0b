"""S3's chunks: one for each bucket, upload, part and object version, so that one put writes one object.

Which objects a request touches its parameters say. Where they do not, a bucket's objects are compared with those that
were there before: whether they are the same ones, not what is in them.
"""

from __future__ import annotations

import json
import logging
import pickle
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from moto.s3.models import FakeBucket, FakeMultipart, S3Backend, s3_backends
from moto.s3.utils import _VersionedKeyStore

from localaws.core.state_file import digest_of
from localaws.moto import kept_apart
from localaws.moto import pickle as moto_pickle

log = logging.getLogger(__name__)

Found = dict[tuple[Any, ...], Any]
Rows = dict[str, bytes | None]
ByKind = defaultdict[str, list[tuple[Any, ...]]]


@dataclass
class TouchedObjects:
    keys: set[tuple[str, str]] = field(default_factory=set)  # bucket, key
    uploads: set[tuple[str, str]] = field(default_factory=set)  # bucket, upload
    buckets: set[str] = field(default_factory=set)  # all that is in them
    everything: bool = False

    def __bool__(self) -> bool:
        return bool(self.keys or self.uploads or self.buckets or self.everything)

    def take(self, other: TouchedObjects) -> None:
        self.keys |= other.keys
        self.uploads |= other.uploads
        self.buckets |= other.buckets
        self.everything |= other.everything


class BucketChunks:
    KINDS = ("bucket", "upload", "part", "object")

    def __init__(self, digests: dict[str, bytes]) -> None:
        self._digests = digests
        # What is in each bucket, as of the last chunks: key -> its versions, upload -> its parts.
        self._objects: dict[str, dict[str, list[Any]]] = {}
        self._uploads: dict[str, dict[str, tuple[Any, dict[int, Any]]]] = {}

    # Reading

    def prepare(self, by_kind: ByKind, found: Found) -> None:
        """Make the buckets, so that other chunks can refer to them."""
        for (account, partition, name), _ in by_kind["bucket"]:
            found["bucket", name] = object.__new__(FakeBucket)
            s3_backends.bucket_accounts[name] = (partition, account)

    def put_back(self, backend: Any, found: Found) -> None:
        if isinstance(backend, S3Backend):
            backend.buckets = {name: found["bucket", name] for name in backend.buckets if ("bucket", name) in found}

    def read(self, by_kind: ByKind, found: Found) -> None:
        for (_, _, name), content in by_kind["bucket"]:
            bucket = found["bucket", name]
            bucket.__dict__ = moto_pickle.loads(content)
            bucket.keys = _VersionedKeyStore()
            self._objects[name], self._uploads[name] = {}, {}
        for (bucket, upload_id), content in by_kind["upload"]:
            upload = moto_pickle.loads(content)
            found["bucket", bucket].multiparts[upload_id] = upload
            self._uploads[bucket][upload_id] = (upload, {})
        for (bucket, upload_id, number), content in by_kind["part"]:
            upload, parts = self._uploads[bucket][upload_id]
            upload.parts[number] = parts[number] = moto_pickle.loads(content)
        for (bucket, index, key), content in sorted(by_kind["object"], key=lambda row: row[0][1]):
            version = moto_pickle.loads(content)
            found["object", bucket, index, key] = version
            self._objects[bucket].setdefault(key, []).append(version)
        for bucket, objects in self._objects.items():
            for key, versions in objects.items():
                dict.__setitem__(found["bucket", bucket].keys, key, list(versions))

    # Writing

    def without(self, backend: Any, attributes: dict[str, Any]) -> dict[str, Any]:
        """The attributes of a backend, of S3's without what is in its buckets."""
        if isinstance(backend, S3Backend):
            attributes["buckets"] = list(backend.buckets)
        return attributes

    def reference(self, obj: Any) -> Any:
        if isinstance(obj, FakeBucket) and obj.name in s3_backends.bucket_accounts:
            return kept_apart.apart("bucket", obj.name)
        return None

    def changed(self, touched: TouchedObjects, found: Rows) -> None:
        """Add to ``found`` the chunks of S3 that are others now."""
        there = dict(_buckets())
        for name in [name for name in self._objects if name not in there]:
            self._forget(name, found)
        wanted = {name for name, _ in touched.keys} | {name for name, _ in touched.uploads} | touched.buckets
        for name in there if touched.everything else [name for name in there if name in wanted]:
            place, bucket = there[name]
            self._note(found, ["bucket", *place, name], _attributes_of(bucket))
            if touched.everything or name in touched.buckets or name not in self._objects:
                self._compare(name, bucket, found)
        for name, key in touched.keys:
            if name in there:
                self._write_key(name, there[name][1], key, found)
        for name, upload_id in touched.uploads:
            if name in there:
                self._write_upload(name, there[name][1], upload_id, found)

    def names(self) -> list[str]:
        return list(self._objects)

    def keys(self) -> Iterator[tuple[str, str]]:
        """(bucket, key) of every object as of the last chunks."""
        for bucket, objects in list(self._objects.items()):
            for key in list(objects):
                yield bucket, key

    def _compare(self, name: str, bucket: Any, found: Rows) -> None:
        known = self._objects.setdefault(name, {})
        held = dict(dict.items(bucket.keys))
        for key, versions in held.items():
            former = known.get(key)
            if former is None or not _same(former, versions):
                self._write_key(name, bucket, key, found)
        for key in [key for key in known if key not in held]:
            self._write_key(name, bucket, key, found)
        for upload_id in {*bucket.multiparts, *self._uploads.setdefault(name, {})}:
            self._write_upload(name, bucket, upload_id, found)

    def _write_key(self, name: str, bucket: Any, key: str, found: Rows) -> None:
        known = self._objects.setdefault(name, {})
        versions = list(dict.get(bucket.keys, key, ()))
        names = {id(version): ("object", name, index, key) for index, version in enumerate(versions)}
        for index, version in enumerate(versions):
            others = {**names, id(version): None}  # a delete marker refers to the object that it hides
            self._note(found, ["object", name, index, key], version, others)
        for index in range(len(versions), len(known.get(key, ()))):
            self._gone(found, ["object", name, index, key])
        if versions:
            known[key] = versions
        else:
            known.pop(key, None)

    def _write_upload(self, name: str, bucket: Any, upload_id: str, found: Rows) -> None:
        known = self._uploads.setdefault(name, {})
        upload: FakeMultipart | None = bucket.multiparts.get(upload_id)
        _, former = known.get(upload_id, (None, {}))
        parts = dict(upload.parts) if upload is not None else {}
        for number in former.keys() - parts.keys():
            self._gone(found, ["part", name, upload_id, number])
        if upload is None:
            if known.pop(upload_id, None) is not None:
                self._gone(found, ["upload", name, upload_id])
            return
        self._note(found, ["upload", name, upload_id], _Without(upload, parts={}))
        for number, part in parts.items():
            if former.get(number) is not part:
                self._note(found, ["part", name, upload_id, number], part)
        known[upload_id] = (upload, parts)

    def _forget(self, name: str, found: Rows) -> None:
        """A bucket that is gone, with whatever was in it."""
        for key, versions in self._objects.pop(name).items():
            for index in range(len(versions)):
                self._gone(found, ["object", name, index, key])
        for upload_id, (_, parts) in self._uploads.pop(name, {}).items():
            self._gone(found, ["upload", name, upload_id])
            for number in parts:
                self._gone(found, ["part", name, upload_id, number])
        for row in [row for row in self._digests if row.startswith('["bucket"') and json.loads(row)[3] == name]:
            self._gone(found, json.loads(row))

    def _note(self, found: Rows, row: list[Any], value: Any, others: dict[int, Any] | None = None) -> None:
        def reference(obj: Any) -> Any:
            other = others.get(id(obj)) if others else None
            return None if other is None else kept_apart.apart(*other)

        name = json.dumps(row)
        try:
            content = moto_pickle.dumps(value, reference)
        except pickle.PicklingError as error:
            log.error("this of moto's S3 will be lost when the server stops: %s: %s", name, error)
            return
        digest = digest_of(content)
        if self._digests.get(name) != digest:
            self._digests[name] = digest
            found[name] = content

    def _gone(self, found: Rows, row: list[Any]) -> None:
        name = json.dumps(row)
        if self._digests.pop(name, None) is not None:
            found[name] = None


class _Without:
    """An object of moto's as it is kept, with some attributes left empty."""

    def __init__(self, obj: Any, **emptied: Any) -> None:
        self._obj, self._emptied = obj, emptied

    def __reduce_ex__(self, protocol: Any) -> Any:
        return moto_pickle.instance_of(self._obj, dict(vars(self._obj)) | self._emptied)


def _attributes_of(bucket: Any) -> dict[str, Any]:
    return vars(bucket) | {"keys": None, "multiparts": type(bucket.multiparts)()}


def _same(former: list[Any], versions: list[Any]) -> bool:
    return len(former) == len(versions) and all(a is b for a, b in zip(former, versions, strict=True))


def _buckets() -> Iterator[tuple[str, tuple[tuple[str, str], Any]]]:
    for account, partitions in list(s3_backends.items()):
        for partition, backend in list(partitions.items()):
            for name, bucket in backend.buckets.items():
                yield name, ((account, partition), bucket)
