"""moto's objects and parts with their content in files."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.s3 import models
from moto.s3.exceptions import EntityTooSmall, InvalidPart, MalformedXML

from localaws.core.bodies import Bodies
from localaws.core.digests import CHECKSUMS, composite, digest
from localaws.moto import pickle as moto_pickle
from localaws.moto import plain_data, stored_objects
from localaws.moto.stored_objects import StoredKey, StoredMultipart, as_files

PLACE = {"account_id": "111111111111", "region_name": "eu-west-1"}


@pytest.fixture(autouse=True, scope="module")
def room() -> Iterator[Bodies]:
    former, room = stored_objects._Current.room, Bodies(None)
    stored_objects.install(room)
    yield room
    stored_objects._Current.room = former
    room.close()


def _key(content: bytes | str) -> StoredKey:
    return StoredKey("key", content, **PLACE)


def _upload(parts: list[bytes], algorithm: str | None = None, kind: str | None = None) -> StoredMultipart:
    metadata = {"x-amz-checksum-algorithm": algorithm, "x-amz-checksum-type": kind}
    upload = StoredMultipart("key", {name: value for name, value in metadata.items() if value}, **PLACE)
    for number, content in enumerate(parts, 1):
        upload.set_part(number, content)
    return upload


def _stated(upload: StoredMultipart) -> Iterator[tuple[int, str]]:
    return iter([(number, part.etag) for number, part in upload.parts.items()])


def test_a_content_is_bytes_to_moto_and_a_body_while_s3_answers() -> None:
    key = _key("text")
    assert (key.value, key.size, key.etag) == (b"text", 4, f'"{hashlib.md5(b"text").hexdigest()}"')
    with as_files(True, None):
        assert bytes(key.value[1:3]) == b"ex"
    assert key.value == b"text"


def test_an_object_that_is_made_of_nothing_takes_the_body_of_the_request_and_only_one_does(room: Bodies) -> None:
    with as_files(True, room.keep(b"arrived")):
        logged, made, empty = _key("a line of a log"), _key(b""), _key(b"")
    assert (logged.value, made.value, empty.value) == (b"a line of a log", b"arrived", b"")


def test_a_pickle_names_the_file_and_holds_no_content() -> None:
    key = _key(b"content" * 1000)
    content = pickle.dumps(key)
    assert b"contentcontent" not in content
    restored: Any = pickle.loads(content)
    assert (restored.value, restored.etag, restored.size) == (key.value, key.etag, key.size)


def test_a_deleted_object_lets_go_of_its_file(tmp_path: Path) -> None:
    room = Bodies(tmp_path)
    with as_files(True, room.keep(b"x")):
        key = _key(b"")
    assert room.released() == []
    key.dispose()
    assert len(room.released()) == 1
    assert pickle.loads(pickle.dumps(key)).size == 1


def test_an_object_that_is_forgotten_lets_go_of_its_file_too(tmp_path: Path) -> None:
    room = Bodies(tmp_path)
    with as_files(True, room.keep(b"x")):
        key = _key(b"")
    del key
    assert len(room.released()) == 1


@pytest.fixture
def _any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "S3_UPLOAD_PART_MIN_SIZE", 0)


_PARTS = st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=5)


@pytest.mark.usefixtures("_any_size")
@given(_PARTS)
def test_an_upload_is_its_parts_in_turn_and_its_etag_that_of_theirs(parts: list[bytes]) -> None:
    upload = _upload(parts)
    body, etag, checksum = upload.complete(_stated(upload))
    md5s = b"".join(hashlib.md5(part).digest() for part in parts)
    assert bytes(body) == b"".join(parts)
    assert etag == f"{hashlib.md5(md5s).hexdigest()}-{len(parts)}"
    assert checksum is None


@pytest.mark.aws_rule(
    "A checksum of an upload in parts is one of the whole object, or of the checksums of its parts",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html",
)
@pytest.mark.usefixtures("_any_size")
@given(_PARTS, st.sampled_from(CHECKSUMS), st.sampled_from(["COMPOSITE", "FULL_OBJECT", None]))
def test_the_checksum_of_an_upload(parts: list[bytes], algorithm: str, kind: str | None) -> None:
    upload = _upload(parts, algorithm, kind)
    found = upload.complete(_stated(upload))[2]
    if kind == "FULL_OBJECT" or (kind is None and algorithm == "CRC64NVME"):
        assert found == ("FULL_OBJECT", digest(algorithm, parts), 1)
    else:
        assert found == ("COMPOSITE", composite(algorithm, [digest(algorithm, [part]) for part in parts]), len(parts))


def test_an_upload_of_other_parts_than_arrived_is_refused() -> None:
    upload = _upload([b"a", b"b"])
    with pytest.raises(InvalidPart):
        upload.complete(iter([(1, "other")]))
    with pytest.raises(InvalidPart):
        upload.complete(iter([(3, "none")]))
    with pytest.raises(MalformedXML):
        upload.complete(iter([]))
    with pytest.raises(EntityTooSmall):
        upload.complete(_stated(upload))


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "aa/../../keys.json", "", "A" * 32])
def test_a_state_cannot_name_a_file_elsewhere_as_an_objects_content(name: str) -> None:
    state = _key(b"content").__getstate__()
    _, digests = state["content"]
    with pytest.raises(ValueError, match="outside of the folder"):
        object.__new__(StoredKey).__setstate__({**state, "content": (((name, 0, 5),), digests)})


class _AsBefore:
    """An object as localaws wrote it while contents were kept with the rest: moto's class, with its bytes."""

    def __init__(self, content: bytes | str) -> None:
        (moto_class,) = (
            kind for kind in StoredKey.__mro__ if kind.__module__ == "moto.s3.models" and "Key" in str(kind)
        )
        self._state = moto_class("key", b"x", **PLACE).__getstate__() | {"value": content}

    def __reduce_ex__(self, protocol: Any) -> Any:
        return *plain_data.instance("moto.s3.models:FakeKey"), self._state


@pytest.mark.parametrize("content", [b"content", ""])
def test_an_object_of_an_earlier_localaws_is_taken_over(content: bytes | str) -> None:
    found = moto_pickle.loads(moto_pickle.dumps(_AsBefore(content)))
    assert type(found) is StoredKey
    assert (found.value, found.name) == (content or b"", "key")
    again = moto_pickle.loads(moto_pickle.dumps(found))
    assert again.value == found.value


def test_an_upload_keeps_the_parts_that_its_completion_named() -> None:
    upload = _upload([b"a" * 5 * 1024**2, b"b" * 5 * 1024**2, b"c"])
    upload.complete(iter([(number, upload.parts[number].etag) for number in (1, 3)]))
    assert (list(upload.parts), upload.partlist) == ([1, 3], [1, 3])
