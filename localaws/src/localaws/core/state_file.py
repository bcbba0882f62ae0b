"""The one file that keeps an embedded AWS: ``localaws.sqlite``, in which every generation is one transaction.

It holds the services' documents and moto's state as chunks, and is told both together, so that neither half can be
newer than the other. A generation is either whole on the disk or not there at all. The file says which format it has;
another format, another moto and damage are refused by name. What a document or a chunk means is not known here.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localaws.core import fault_points

NAME = "localaws.sqlite"
LAST_GOOD = "localaws.sqlite.last-good"
FORMAT = 2  # 1 was documents alone, beside a file moto.pickle

_LOG_SIZE = 8 * 1024 * 1024

_TABLES = (
    "CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    # number: the order in which the documents of a kind came
    "CREATE TABLE documents (kind TEXT NOT NULL, key TEXT NOT NULL, number INTEGER NOT NULL, document TEXT NOT NULL, "
    "digest BLOB NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID",
    "CREATE TABLE chunks (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, content BLOB NOT NULL, "
    "digest BLOB NOT NULL)",
)


def digest_of(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()


@dataclass
class Changes:
    """What a generation adds to the one before: a value per (kind, key) or chunk name, None where it is gone."""

    documents: dict[tuple[str, str], tuple[int, str] | None] = field(default_factory=dict)
    chunks: dict[str, bytes | None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.documents or self.chunks)

    def take(self, later: Changes) -> None:
        """Add what came later; of two values of one name the later one counts."""
        self.documents.update(later.documents)
        for name, content in later.chunks.items():
            self.chunks.pop(name, None)  # a chunk that went and came again stands behind the others
            self.chunks[name] = content


# What SQLite says of a disk, of a directory or of rights, and not of what is in the file.
_NOT_OPENED = frozenset(
    {
        *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY),
        *(sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM),
    }
)


def _refusal(error: sqlite3.Error) -> Exception:
    """ValueError where the file is damaged; OSError where it may be whole and only cannot be worked with now."""
    if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _NOT_OPENED:
        return OSError(f"{NAME}: {error}")
    return ValueError(f"{NAME} is damaged ({error})")


class StateFile:
    """Opens the file, or makes it. ValueError, in a sentence, where it is not one that can be gone on with; OSError
    where the disk or the directory does not let it be opened, which says nothing against what is in it."""

    def __init__(self, directory: Path, versions: Mapping[str, str]) -> None:
        """``versions``: what must have the version that wrote the file, by its name (``moto``)."""
        self.path = directory / NAME
        self._log = directory / f"{NAME}-wal"
        self._lock = threading.Lock()
        if (directory / "moto.pickle").exists():
            raise ValueError(
                "it was written by an earlier localaws (format 1, with moto.pickle), whose state is code and is not "
                f"read any more; this one reads format {FORMAT}"
            )
        if not self.path.exists() and (directory / LAST_GOOD).exists():
            raise ValueError(f"{NAME} is missing, and {LAST_GOOD} says that there was one")
        try:
            self._connection = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
            self._prepare(dict(versions))
        except sqlite3.DatabaseError as error:
            raise _refusal(error) from error

    def _prepare(self, versions: dict[str, str]) -> None:
        execute = self._connection.execute
        found = execute("PRAGMA user_version").fetchone()[0]
        new = not execute("SELECT count(*) FROM sqlite_master").fetchone()[0] and not self.path.stat().st_size
        if not new and found != FORMAT:
            raise ValueError(f"it has format {found or 1}, and this localaws reads format {FORMAT} alone")
        if new:  # before there is a write-ahead log: the file says what it is from the first moment
            execute("BEGIN IMMEDIATE")
            for statement in _TABLES:
                execute(statement)
            execute("INSERT INTO about VALUES ('generation', '0')")
            execute(f"PRAGMA user_version = {FORMAT}")
            execute("COMMIT")
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = FULL")  # what was answered survives a power cut too
        execute("PRAGMA wal_autocheckpoint = 0")  # see tidy(): no answer waits for it
        problem = execute("PRAGMA quick_check(1)").fetchone()[0]
        if problem != "ok":
            raise ValueError(f"{NAME} is damaged ({problem})")
        about = dict(execute("SELECT name, value FROM about"))
        for name, version in versions.items():
            if about.setdefault(f"version of {name}", version) != version:
                wrote = about[f"version of {name}"]
                raise ValueError(f"it was written with {name} {wrote}, but {name} {version} is installed")
            execute("INSERT OR IGNORE INTO about VALUES (?, ?)", (f"version of {name}", version))
        self.generation = int(about["generation"])

    def documents(self) -> Iterator[tuple[str, str, int, str]]:
        """(kind, key, number, document) of every document, oldest first. ValueError where one is damaged."""
        statement = "SELECT kind, key, number, document, digest FROM documents ORDER BY number"
        for kind, key, number, document, digest in self._rows(statement):
            if digest_of(document.encode()) != digest:
                raise ValueError(f"{NAME} is damaged (the document {kind} {key} is not what was written)")
            yield kind, key, number, document

    def chunks(self) -> Iterator[tuple[str, bytes, bytes]]:
        """(name, content, its digest) of every chunk, in the order in which they came."""
        for name, content, digest in self._rows("SELECT name, content, digest FROM chunks ORDER BY number"):
            if digest_of(content) != digest:
                raise ValueError(f"{NAME} is damaged (the chunk {name} is not what was written)")
            yield name, content, digest

    def _rows(self, statement: str) -> Iterable[Any]:
        try:
            return self._connection.execute(statement).fetchall()
        except sqlite3.DatabaseError as error:
            raise _refusal(error) from error

    def write(self, changes: Changes) -> None:
        """Keep a further generation. sqlite3.Error or OSError where it could not be kept; then nothing of it was."""
        with self._lock:
            log_size = self._log_size()
            try:
                self._commit(changes)
            except sqlite3.OperationalError:
                self._empty_log()  # a full disk: the log's own space may be enough
                if not log_size or self._log_size():
                    raise
                log_size = 0
                self._commit(changes)
            fault_points.reached("half of the commit", self._log, log_size)
            fault_points.reached("after the commit")
            self.generation += 1

    def _commit(self, changes: Changes) -> None:
        execute = self._connection.execute
        try:
            execute("BEGIN IMMEDIATE")
            for (kind, key), document in changes.documents.items():
                if document is None:
                    execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key))
                else:
                    number, text = document
                    row = (kind, key, number, text, digest_of(text.encode()))
                    execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?)", row)
            for name, content in changes.chunks.items():
                self._write_chunk(name, content)
            execute("UPDATE about SET value = ? WHERE name = 'generation'", (str(self.generation + 1),))
            fault_points.reached("before the commit")
            execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # SQLite has undone it by itself after most errors
                execute("ROLLBACK")
            raise

    def tidy(self) -> None:
        """Move the write-ahead log into the file when it has grown; call it when nobody waits."""
        with self._lock:
            if self._log_size() > _LOG_SIZE:
                self._empty_log()

    def _empty_log(self) -> None:
        with contextlib.suppress(sqlite3.Error):  # a full disk: the log keeps what it holds
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _log_size(self) -> int:
        try:
            return self._log.stat().st_size
        except FileNotFoundError:
            return 0

    def _write_chunk(self, name: str, content: bytes | None) -> None:
        if content is None:
            self._connection.execute("DELETE FROM chunks WHERE name = ?", (name,))
            return
        self._connection.execute(
            "INSERT INTO chunks (name, content, digest) VALUES (?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET content = excluded.content, digest = excluded.digest",
            (name, content, digest_of(content)),
        )

    def keep_as_last_good(self) -> None:
        """Copy what the file now holds to ``localaws.sqlite.last-good``. OSError or sqlite3.Error where it cannot."""
        partial = self.path.with_name(f"{LAST_GOOD}.partial")
        try:
            partial.unlink(missing_ok=True)
            copy = sqlite3.connect(partial)
            try:
                copy.execute("PRAGMA synchronous = OFF")  # below the whole file is synchronised once
                self._connection.backup(copy)
            finally:
                copy.close()
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            partial.replace(self.path.with_name(LAST_GOOD))
        finally:
            partial.unlink(missing_ok=True)

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def return_to_last_good(directory: Path) -> Path | None:
    """Put the copy of the last good state in the file's place; the path to which the present file was moved, if any.

    ValueError where there is no copy.
    """
    good, path = directory / LAST_GOOD, directory / NAME
    if not good.exists():
        raise ValueError(f"there is no {good}: no state of this directory was opened cleanly")
    partial = directory / f"{NAME}.partial"
    try:
        _copy(good, partial)  # first: on a full disk nothing has been moved yet
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    number = next(n for n in range(1, 10_000) if not (directory / f"{NAME}.damaged-{n}").exists())
    aside = directory / f"{NAME}.damaged-{number}"
    for suffix in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            (directory / f"{NAME}{suffix}").replace(f"{aside}{suffix}")
    partial.replace(path)
    return aside if aside.exists() else None


def _copy(source: Path, target: Path) -> None:
    target.write_bytes(source.read_bytes())
    with target.open("rb") as file:
        os.fsync(file.fileno())
