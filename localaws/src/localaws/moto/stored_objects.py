"""moto's objects and parts with their content in files: two of moto's classes, replaced by subclasses of theirs.

moto keeps all metadata and gives all answers; only what it would hold in memory is a ``Body`` here. A pickle of an
object names its files and holds none of its bytes. ``install`` puts the classes in moto's place, once a process.

By default an object's ``value`` is bytes, for whatever else of moto reads it. While a request of S3 is answered
(``as_files``) it is a body, which moto passes on, measures and slices as it does bytes; and an object that is made of
nothing takes the body that came with the request.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import threading
from collections.abc import Iterator
from typing import Any

from moto.s3 import models, responses
from moto.s3.exceptions import EntityTooSmall, InvalidPart, MalformedXML
from moto.s3.utils import compute_checksum

from localaws.core.bodies import Bodies
from localaws.core.body import Body, Piece, joined
from localaws.core.digests import MD5, combined, composite

_NAME_OF_A_FILE = re.compile(r"[0-9a-f]{32}")


class _Current:
    """The room that bodies are put into. moto's state is the process's own, and so is this."""

    room: Bodies | None = None


class _Request(threading.local):
    """What the request that this thread answers wants."""

    as_files = False
    incoming: Body | None = None


_request = _Request()


def install(room: Bodies) -> None:
    """Let moto keep what it is given from now on in ``room``."""
    _Current.room = room
    models.FakeKey = StoredKey
    models.FakeMultipart = StoredMultipart
    responses.compute_checksum = _checksum


@contextlib.contextmanager
def as_files(wanted: bool, incoming: Body | None) -> Iterator[None]:
    """While moto answers: contents are bodies, where ``wanted``; ``incoming`` is that of the object that is made."""
    before = _request.as_files, _request.incoming
    _request.as_files, _request.incoming = wanted, incoming
    try:
        yield
    finally:
        _request.as_files, _request.incoming = before


class StoredKey(models.FakeKey):  # type: ignore[misc]  # moto is untyped
    """An object or a part of an upload."""

    _etag: str | None

    def __new__(cls, *_: Any, **__: Any) -> StoredKey:
        # Not moto's own, which would keep every object that ever was in a list.
        return object.__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self._value_buffer

    @property
    def body(self) -> Body:
        return self._body

    @property
    def value(self) -> Any:
        return self._body[:] if _request.as_files else bytes(self._body)

    @value.setter
    def value(self, content: Any) -> None:
        self._body = _body_of(content)
        self.contentsize = len(self._body)

    @property
    def etag(self) -> str:
        if self._etag is None:
            self._etag = base64.b64decode(self._body.digest(MD5)).hex()
        return f'"{self._etag}"'

    def dispose(self, garbage: bool = False) -> None:
        self._body.close()
        if self.multipart:
            self.multipart.dispose()
        self.disposed = True

    def __del__(self) -> None:
        """Nothing: a body that is finalised lets go of its files by itself."""

    def __getstate__(self) -> dict[str, Any]:
        pieces = () if self.disposed else tuple((piece.name, piece.offset, piece.size) for piece in self._body.pieces)
        kept = {name: value for name, value in self.__dict__.items() if name not in ("_body", "lock")}
        return {**kept, "content": (pieces, self._body.digests)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "content" not in state:  # of a localaws that kept contents with the rest
            self.__dict__.update({name: value for name, value in state.items() if name != "value"})
            self._body, self.lock = _room().keep(state["value"] or b""), threading.Lock()
            return
        self.__dict__.update({name: value for name, value in state.items() if name != "content"})
        pieces, digests = state["content"]
        if not all(_NAME_OF_A_FILE.fullmatch(str(name)) for name, _, _ in pieces):
            raise ValueError("an object's content is said to lie outside of the folder of contents")
        self._body = Body(_room(), (Piece(*piece) for piece in pieces), digests)
        self.lock = threading.Lock()


class StoredMultipart(models.FakeMultipart):  # type: ignore[misc]
    """An upload in parts. Its object is the files of its parts, one after the other: nothing is read or written."""

    def __new__(cls, *_: Any, **__: Any) -> StoredMultipart:
        return object.__new__(cls)

    def complete(self, body: Iterator[tuple[int, str]]) -> tuple[Body, str, tuple[str, str, int] | None]:
        parts = list(self._stated(body))
        if not parts:
            raise MalformedXML
        # Those that were not named are gone; partNumber finds the others.
        self.parts = {part.name: part for part in parts}
        self.partlist = list(self.parts)
        etags = b"".join(bytes.fromhex(part.etag.strip('"')) for part in parts)
        etag = hashlib.md5(etags, usedforsecurity=False).hexdigest()
        return _whole(parts), f"{etag}-{len(parts)}", self._checksum(parts)

    def _stated(self, stated: Iterator[tuple[int, str]]) -> Iterator[StoredKey]:
        last: StoredKey | None = None
        for number, etag in stated:
            part = self.parts.get(number)
            if part is None or part.etag.strip('"') != etag.replace('"', ""):
                raise InvalidPart
            if last is not None and last.size < models.S3_UPLOAD_PART_MIN_SIZE:
                raise EntityTooSmall
            yield part
            last = part

    def _checksum(self, parts: list[StoredKey]) -> tuple[str, str, int] | None:
        """Type, value and number of parts of the object's checksum; None where the upload names no algorithm."""
        algorithm = self.metadata.get("x-amz-checksum-algorithm")
        if not algorithm:
            return None
        kind = self.metadata.get("x-amz-checksum-type") or ("FULL_OBJECT" if algorithm == "CRC64NVME" else "COMPOSITE")
        values = [part.body.digest(algorithm) for part in parts]
        if kind == "COMPOSITE":
            return kind, composite(algorithm, values), len(parts)
        sizes = [part.size for part in parts]
        whole = combined(algorithm, list(zip(values, sizes, strict=True)))
        return kind, whole or _whole(parts).digest(algorithm), 1


def _whole(parts: list[StoredKey]) -> Body:
    return joined(parts[0].body.room, [part.body for part in parts])


def _room() -> Bodies:
    assert _Current.room is not None, "stored_objects.install was not called"
    return _Current.room


def _body_of(content: Any) -> Body:
    if isinstance(content, Body):
        return content[:]
    if not content and _request.incoming is not None:
        incoming, _request.incoming = _request.incoming, None
        return incoming[:]
    return _room().keep(content.encode() if isinstance(content, str) else bytes(content))


def _checksum(body: Any, algorithm: str, encode_base64: bool = True) -> bytes:
    """``compute_checksum`` of moto, which has to have the bytes."""
    if not isinstance(body, Body):
        return compute_checksum(body, algorithm, encode_base64)
    return body.digest(algorithm).encode()
