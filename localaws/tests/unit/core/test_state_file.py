"""The file that keeps everything: whole generations, and a sentence for each file that cannot be gone on with."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from localaws.core.state_file import LAST_GOOD, NAME, Changes, StateFile, return_to_last_good

SOME = Changes({("kind", "b"): (1, '{"n": 1}'), ("kind", "a"): (2, "{}")}, {"one": b"1" * 5000, "two": b"2"})


def written(directory: Path) -> None:
    file = StateFile(directory, {"moto": "5"})
    file.write(SOME)
    file.close()


def test_documents_and_chunks_come_back_in_their_order(tmp_path: Path) -> None:
    written(tmp_path)
    file = StateFile(tmp_path, {"moto": "5"})
    assert [(key, number) for _, key, number, _ in file.documents()] == [("b", 1), ("a", 2)]
    assert [(name, content) for name, content, _ in file.chunks()] == list(SOME.chunks.items())
    assert file.generation == 1
    file.write(Changes({("kind", "b"): None}, {"one": None, "two": b"3"}))
    assert [key for _, key, _, _ in file.documents()] == ["a"]
    assert [(name, content) for name, content, _ in file.chunks()] == [("two", b"3")]


def test_a_generation_that_fails_in_the_middle_is_not_there_at_all(tmp_path: Path) -> None:
    file = StateFile(tmp_path, {})
    file.write(SOME)
    bad = Changes({("kind", "c"): (3, "{}")}, {"three": b"3", "four": "no bytes"})  # type: ignore[dict-item]
    with pytest.raises((sqlite3.Error, TypeError)):
        file.write(bad)
    assert [name for name, _, _ in file.chunks()] == ["one", "two"]
    assert (len(list(file.documents())), file.generation) == (2, 1)
    file.write(Changes(chunks={"three": b"3"}))
    assert file.generation == 2


def test_another_format_is_refused_by_its_number(tmp_path: Path) -> None:
    written(tmp_path)
    connection = sqlite3.connect(tmp_path / NAME)
    connection.execute("PRAGMA user_version = 7")
    connection.close()
    with pytest.raises(ValueError, match="format 7, and this localaws reads format 2"):
        StateFile(tmp_path, {})


def test_the_documents_of_format_1_are_not_taken_for_a_new_file(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / NAME)
    connection.execute("CREATE TABLE documents (number INTEGER PRIMARY KEY, kind TEXT, key TEXT, document TEXT)")
    connection.close()
    with pytest.raises(ValueError, match="format 1"):
        StateFile(tmp_path, {})


def test_a_pickle_of_an_earlier_localaws_is_never_read(tmp_path: Path) -> None:
    (tmp_path / "moto.pickle").write_bytes(b"cos\nsystem\n(S'touch /tmp/x'\ntR.")
    with pytest.raises(ValueError, match="earlier localaws"):
        StateFile(tmp_path, {})
    assert not (tmp_path / NAME).exists()


def test_another_moto_is_refused_by_its_version(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(ValueError, match="written with moto 5, but moto 6 is installed"):
        StateFile(tmp_path, {"moto": "6"})


@pytest.mark.parametrize("where", ["beginning", "half", "end"])
def test_a_file_that_was_cut_off_is_damaged(tmp_path: Path, where: str) -> None:
    written(tmp_path)
    path = tmp_path / NAME
    size = path.stat().st_size
    left = {"beginning": 50, "half": size // 2, "end": size - 2000}[where]
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(ValueError, match="damaged"):
        list(StateFile(tmp_path, {"moto": "5"}).chunks())


@pytest.mark.parametrize("content", [b"1" * 100, b'{"n": 1}'])
def test_a_changed_byte_is_found(tmp_path: Path, content: bytes) -> None:
    written(tmp_path)
    path = tmp_path / NAME
    found = path.read_bytes()
    at = found.index(content) + len(content) // 2
    path.write_bytes(found[:at] + bytes([found[at] ^ 1]) + found[at + 1 :])
    file = StateFile(tmp_path, {"moto": "5"})
    with pytest.raises(ValueError, match="damaged"):
        _ = list(file.chunks()), list(file.documents())


def test_the_last_good_state_comes_back_and_the_damaged_one_is_kept(tmp_path: Path) -> None:
    file = StateFile(tmp_path, {"moto": "5"})
    file.write(SOME)
    file.keep_as_last_good()
    file.write(Changes(chunks={"three": b"3"}))
    file.close()
    (tmp_path / NAME).write_bytes(b"no database at all")
    aside = return_to_last_good(tmp_path)
    assert aside is not None
    assert aside.read_bytes() == b"no database at all"
    again = StateFile(tmp_path, {"moto": "5"})
    assert [name for name, _, _ in again.chunks()] == ["one", "two"]
    assert (tmp_path / LAST_GOOD).exists()
    assert not list(tmp_path.glob("*.partial"))


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process can grow."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_without_room_is_not_taken_for_damage(tmp_path: Path) -> None:
    written(tmp_path)
    with full_disk(), pytest.raises(OSError, match=NAME):
        StateFile(tmp_path, {"moto": "5"})
    assert [name for name, _, _ in StateFile(tmp_path, {"moto": "5"}).chunks()] == ["one", "two"]


def test_on_a_disk_without_room_nobody_goes_back_and_nothing_is_moved(tmp_path: Path) -> None:
    file = StateFile(tmp_path, {})
    file.write(SOME)
    file.keep_as_last_good()
    file.close()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with full_disk(), pytest.raises(OSError, match="too large"):
        return_to_last_good(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_file_that_is_gone_is_no_new_beginning(tmp_path: Path) -> None:
    file = StateFile(tmp_path, {})
    file.write(SOME)
    file.keep_as_last_good()
    file.close()
    (tmp_path / NAME).unlink()
    with pytest.raises(ValueError, match="is missing"):
        StateFile(tmp_path, {})
    assert return_to_last_good(tmp_path) is None
    assert [name for name, _, _ in StateFile(tmp_path, {}).chunks()] == ["one", "two"]


def test_without_a_last_good_state_nothing_is_moved(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"damaged")
    with pytest.raises(ValueError, match="no state of this directory"):
        return_to_last_good(tmp_path)
    assert (tmp_path / NAME).read_bytes() == b"damaged"
