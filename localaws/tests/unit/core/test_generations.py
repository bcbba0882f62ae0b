"""When an answer may go out: not before all that it can have seen is kept, and at once where nothing has changed."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from localaws.core.generations import Generations, StateNotKeptError
from localaws.core.state_file import Changes, StateFile
from localaws.core.store import Store


class FakeMoto:
    """Holds one number; ``held`` lets a cut wait."""

    def __init__(self) -> None:
        self.number = 0
        self.changed = False
        self.cuts = 0
        self.held = threading.Event()
        self.held.set()
        self.cutting = threading.Event()

    def change(self) -> None:
        self.number += 1
        self.changed = True

    def take_changes(self, documents: Store) -> Changes:
        self.cuts += 1
        changed, self.changed = self.changed, False
        content = {"number": str(self.number).encode()} if changed else {}
        self.cutting.set()
        assert self.held.wait(30)
        return Changes(documents.take_changes(), dict(content))

    def changes_kept(self) -> None: ...

    def in_one_moment(self) -> AbstractContextManager[None]:
        return nullcontext()

    def look_around(self) -> None: ...


class Kept:
    """A state directory with a store and a moto."""

    def __init__(self, directory: Path) -> None:
        self.file, self.moto = StateFile(directory, {}), FakeMoto()
        self.store = Store(self.file.documents())
        self.generations = Generations(self.file, self.store, self.moto)

    def on_disk(self) -> tuple[list[str], dict[str, bytes]]:
        other = StateFile(self.file.path.parent, {})
        found = [key for _, key, _, _ in other.documents()], {name: content for name, content, _ in other.chunks()}
        other.close()
        return found


def test_what_was_settled_is_on_the_disk_both_halves_of_it(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.store.table("kind").put("key", {"n": 1})
    kept.moto.change()
    kept.generations.settle()
    assert kept.on_disk() == (["key"], {"number": b"1"})
    assert kept.file.generation == 1


def test_where_nothing_has_changed_nobody_waits_and_nothing_is_written(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.moto.change()
    for _ in range(3):
        kept.generations.settle()
    assert (kept.moto.cuts, kept.file.generation) == (1, 1)


def test_a_reader_waits_for_the_generation_that_holds_what_it_saw(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.moto.held.clear()
    kept.moto.change()
    writer = threading.Thread(target=kept.generations.settle)
    writer.start()
    assert kept.moto.cutting.wait(30)  # the change is taken, and on no disk yet
    done = threading.Event()

    def read() -> None:
        kept.generations.settle()
        done.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert not done.wait(0.2)
    kept.moto.held.set()
    writer.join(30)
    reader.join(30)
    assert done.is_set()
    assert kept.on_disk()[1] == {"number": b"1"}


def test_answers_that_wait_at_the_same_time_share_a_generation(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.moto.held.clear()
    kept.moto.change()
    threads = [threading.Thread(target=kept.generations.settle)]
    threads[0].start()
    assert kept.moto.cutting.wait(30)
    kept.moto.change()
    arrived = threading.Barrier(9)

    def answer() -> None:
        arrived.wait(30)
        kept.generations.settle()

    threads += [threading.Thread(target=answer) for _ in range(8)]
    for thread in threads[1:]:
        thread.start()
    arrived.wait(30)
    kept.moto.held.set()
    for thread in threads:
        thread.join(30)
    assert kept.on_disk()[1] == {"number": b"2"}
    assert kept.moto.cuts < 6  # eight answers of their own would make nine


def test_what_cannot_be_written_is_refused_and_kept_when_there_is_room_again(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    execute = kept.file._connection.execute
    execute(f"PRAGMA max_page_count = {execute('PRAGMA page_count').fetchone()[0] + 1}")
    kept.store.table("kind").put("key", {"text": "x" * 100_000})
    kept.moto.change()
    for _ in range(2):
        with pytest.raises(StateNotKeptError, match="full"):
            kept.generations.settle()
    assert kept.generations.failure
    kept.store.table("kind").put("later", {})  # what runs goes on
    execute("PRAGMA max_page_count = 100000")
    kept.generations.settle()
    assert kept.generations.failure is None
    assert kept.on_disk() == (["key", "later"], {"number": b"1"})


def test_nobody_is_answered_from_what_is_not_kept_not_even_by_a_read(tmp_path: Path) -> None:
    kept = Kept(tmp_path)

    def write(changes: Changes) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    kept.file.write = write  # type: ignore[method-assign]
    kept.moto.change()
    for _ in range(2):
        with pytest.raises(StateNotKeptError):
            kept.generations.settle()


def test_stopping_keeps_what_nobody_waited_for(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.generations.start()
    kept.store.table("kind").put("key", {})
    kept.generations.stop()
    assert kept.on_disk()[0] == ["key"]


def test_without_a_file_nobody_waits() -> None:
    moto: Any = FakeMoto()
    moto.change()
    generations = Generations(None, Store(), moto)
    generations.start()
    generations.settle()
    generations.stop()
    assert moto.cuts == 0
