"""The room of bodies: what is kept, who holds what, what is removed when."""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.core.bodies import IN_MEMORY, Bodies, NoRoomError
from localaws.core.body import Body, BodyFile, joined

_TEMPORARY = Bodies(None)


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@given(st.lists(st.binary(max_size=20), max_size=6), st.integers(-70, 70), st.integers(-70, 70))
def test_a_slice_of_joined_bodies_is_that_of_the_bytes(parts: list[bytes], start: int, stop: int) -> None:
    whole = joined(_TEMPORARY, [_TEMPORARY.keep(part) for part in parts])
    content = b"".join(parts)
    assert (len(whole), bytes(whole)) == (len(content), content)
    assert bytes(whole[start:stop]) == content[start:stop]
    assert bytes(whole[start:stop][1:]) == content[start:stop][1:]


@given(
    st.lists(st.binary(min_size=1, max_size=9), max_size=5), st.lists(st.tuples(st.integers(0, 50), st.integers(-1, 9)))
)
def test_a_body_is_read_as_a_file_is(parts: list[bytes], reads: list[tuple[int, int]]) -> None:
    ours = BodyFile(joined(_TEMPORARY, [_TEMPORARY.keep(part) for part in parts]))
    plain = io.BytesIO(b"".join(parts))
    for position, size in reads:
        assert ours.seek(position) == plain.seek(position)
        assert ours.read(size) == plain.read(size)
        assert ours.tell() == plain.tell()


def test_what_nobody_refers_to_is_removed_only_when_told(tmp_path: Path) -> None:
    room = Bodies(tmp_path)
    body = room.keep(b"content")
    copy = body[:]
    body.close()
    assert room.released() == []
    del copy
    released = room.released()
    assert len(released) == 1
    assert _files(tmp_path) == released
    room.remove(released)
    assert _files(tmp_path) == []


def test_what_is_referred_to_again_is_not_removed(tmp_path: Path) -> None:
    room = Bodies(tmp_path)
    body = room.keep(b"content")
    pieces = body.pieces
    body.close()
    released = room.released()
    again = Body(room, pieces)
    room.remove(released)
    assert bytes(again) == b"content"


def test_an_answer_that_is_being_read_keeps_its_files(tmp_path: Path) -> None:
    room = Bodies(tmp_path)
    parts = [room.keep(b"a"), room.keep(b"b")]
    whole = joined(room, parts)
    reading = iter(whole[:])
    for each in (*parts, whole):
        each.close()
    room.remove(room.released())
    assert b"".join(reading) == b"ab"


def test_a_closed_body_cannot_be_read(tmp_path: Path) -> None:
    body = Bodies(tmp_path).keep(b"x")
    body.close()
    with pytest.raises(ValueError, match="deleted"):
        body[:]


def test_what_arrives_is_in_memory_or_in_a_file_that_is_moved(tmp_path: Path) -> None:
    room = Bodies(tmp_path)
    small = room.take_in([b"ab", b"c"])
    assert (small.read(), _files(tmp_path)) == (b"abc", [])
    large = room.take_in([b"x" * IN_MEMORY, b"y"])
    (name,) = _files(tmp_path / "incoming")
    body = room.keep(large)
    room.discard(large)
    assert _files(tmp_path / "incoming") == []
    assert _files(tmp_path) == [body.pieces[0].name] != [name]
    assert bytes(body) == b"x" * IN_MEMORY + b"y"


def test_what_is_not_kept_leaves_nothing(tmp_path: Path) -> None:
    room = Bodies(tmp_path)
    taken = room.take_in([b"x" * (IN_MEMORY + 1)])
    room.discard(taken)
    assert _files(tmp_path) == []


def test_what_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * (IN_MEMORY + 1)
        raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError):
        Bodies(tmp_path).take_in(broken())
    assert _files(tmp_path) == []


def test_a_body_that_cannot_be_written_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    room = Bodies(tmp_path)
    (tmp_path / "incoming").rmdir()
    with pytest.raises(NoRoomError) as refused:
        room.take_in([b"x" * (IN_MEMORY + 1)])
    assert refused.value.errno == errno.ENOENT


def test_a_start_removes_what_nothing_refers_to_and_tells_what_is_missing(tmp_path: Path) -> None:
    former = Bodies(tmp_path)
    kept, stray, lost = former.keep(b"kept"), former.keep(b"stray"), former.keep(b"lost")
    former.take_in([b"x" * (IN_MEMORY + 1)])
    later = Bodies(tmp_path)
    restored = [Body(later, kept.pieces), Body(later, lost.pieces)]
    (missing,) = [piece.name for piece in lost.pieces]
    (tmp_path / missing[:2] / missing).unlink()
    assert later.collect() == [missing]
    assert _files(tmp_path) == [kept.pieces[0].name]
    assert bytes(restored[0]) == b"kept"
    assert bytes(stray[:0]) == b""


def test_a_file_that_ends_too_early_is_an_error_and_no_shorter_content(tmp_path: Path) -> None:
    body = Bodies(tmp_path).keep(b"content")
    name = body.pieces[0].name
    (tmp_path / name[:2] / name).write_bytes(b"con")
    with pytest.raises(OSError, match="ends before"):
        bytes(body)


def test_a_digest_is_computed_once_and_kept_by_copies(tmp_path: Path) -> None:
    body = Bodies(tmp_path).keep(b"x", {"MD5": "known"})
    assert body.digest("MD5") == body[:].digest("MD5") == "known"
    assert body[:0].digest("MD5") == "1B2M2Y8AsgTpgAmY7PhCfg=="
