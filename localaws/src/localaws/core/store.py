"""What localaws' own services remember: JSON documents in SQLite, each write durable at once.

A service keeps every record that must survive here and not in a Python attribute, so that a server which was killed
finds them again.
moto's own state is kept elsewhere (``localaws/moto/pickle.py``).
"""

from __future__ import annotations

import base64
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

Document = dict[str, Any]


def _encode(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    raise TypeError(f"a {type(value).__name__} cannot be stored")


def _decode(document: dict[str, Any]) -> Any:
    if document.keys() == {"$datetime"}:
        return datetime.fromisoformat(document["$datetime"])
    if document.keys() == {"$bytes"}:
        return base64.b64decode(document["$bytes"])
    return document


class Table:
    """Documents of one kind by key. A key is a ``/``-joined path that begins with account and region, so that
    ``items("111111111111/eu-west-1/")`` lists what one account has in one region, in the order of insertion."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name

    def get(self, key: str) -> Document | None:
        """The document, as a copy of the caller's own, or None."""
        rows = self._store.execute("SELECT document FROM documents WHERE kind = ? AND key = ?", (self._name, key))
        return json.loads(rows[0][0], object_hook=_decode) if rows else None

    def put(self, key: str, document: Document) -> None:
        self._store.execute(
            "INSERT INTO documents (kind, key, document) VALUES (?, ?, ?) "
            "ON CONFLICT (kind, key) DO UPDATE SET document = excluded.document",
            (self._name, key, json.dumps(document, default=_encode)),
        )

    def delete(self, key: str) -> None:
        self._store.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (self._name, key))

    def items(self, prefix: str = "") -> list[tuple[str, Document]]:
        """Every (key, document) whose key begins with ``prefix``, oldest first."""
        rows = self._store.execute(
            "SELECT key, document FROM documents WHERE kind = ? AND substr(key, 1, ?) = ? ORDER BY number",
            (self._name, len(prefix), prefix),
        )
        return [(key, json.loads(document, object_hook=_decode)) for key, document in rows]

    def values(self, prefix: str = "") -> list[Document]:
        return [document for _, document in self.items(prefix)]

    @contextmanager
    def edit(self, key: str) -> Iterator[Document]:
        """Change one document and write it back when the block ends without an error; KeyError where it is absent.

        The store is locked meanwhile: keep the block short and never call AWS in it.
        """
        with self._store.lock:
            document = self.get(key)
            if document is None:
                raise KeyError(key)
            yield document
            self.put(key, document)


class Store:
    """The SQLite file with every table. ``lock`` is re-entrant: hold it to make several reads and writes one.

    ValueError where the file cannot be opened or is no such file.
    """

    def __init__(self, path: Path | None) -> None:
        self.lock = threading.RLock()
        try:
            self.unusable: str | None = None
            self._connection = self._opened(path)
        except sqlite3.DatabaseError as error:
            raise ValueError(f"{path}: {error}") from error

    @staticmethod
    def _opened(path: Path | None) -> sqlite3.Connection:
        connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS documents ("
            "number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL, document TEXT NOT NULL, "
            "UNIQUE (kind, key))"
        )
        return connection

    def table(self, name: str) -> Table:
        return Table(self, name)

    def execute(self, statement: str, parameters: tuple[Any, ...]) -> list[Any]:
        """Raises sqlite3.OperationalError where the file cannot be written, and from then on always.

        What ran while a record was lost (a stack, a job) would never be seen to end: only a new start, which looks at
        everything left running, makes the records true again.
        """
        with self.lock:
            if self.unusable:
                raise sqlite3.OperationalError(self.unusable)
            try:
                return self._connection.execute(statement, parameters).fetchall()
            except sqlite3.OperationalError as error:
                self.unusable = str(error)
                raise

    def close(self) -> None:
        with self.lock:
            self._connection.close()
