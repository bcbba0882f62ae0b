"""What localaws' own services remember: JSON documents, in memory and, a generation at a time, in the state's file.

A service keeps every record that must survive here and not in a Python attribute, so that a server which was killed
finds them again. A write is in memory at once; ``core/generations.py`` makes it durable together with what moto holds,
before anybody outside is answered. So a full disk loses nothing that runs: what could not be kept yet is kept later.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
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
        text = self._store.read(self._name, key)
        return None if text is None else json.loads(text, object_hook=_decode)

    def put(self, key: str, document: Document) -> None:
        self._store.write(self._name, key, json.dumps(document, default=_encode))

    def delete(self, key: str) -> None:
        self._store.write(self._name, key, None)

    def items(self, prefix: str = "") -> list[tuple[str, Document]]:
        """Every (key, document) whose key begins with ``prefix``, oldest first."""
        found = self._store.read_all(self._name, prefix)
        return [(key, json.loads(text, object_hook=_decode)) for key, text in found]

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
    """Every table. ``lock`` is re-entrant: hold it to make several reads and writes one.

    A generation never waits for ``lock``, which may be held for longer than a document's writing takes.
    """

    def __init__(self, documents: Iterable[tuple[str, str, int, str]] | None = None) -> None:
        """``documents``: (kind, key, number, document) of what is kept already, oldest first."""
        self.lock = threading.RLock()
        self._guard = threading.Lock()
        self._kinds: dict[str, dict[str, tuple[int, str]]] = {}
        self._changed: dict[tuple[str, str], tuple[int, str] | None] = {}
        self._number = 0
        for kind, key, number, document in documents or ():
            self._kinds.setdefault(kind, {})[key] = (number, document)
            self._number = number

    def table(self, name: str) -> Table:
        return Table(self, name)

    def read(self, kind: str, key: str) -> str | None:
        with self.lock, self._guard:
            found = self._kinds.get(kind, {}).get(key)
        return None if found is None else found[1]

    def read_all(self, kind: str, prefix: str) -> list[tuple[str, str]]:
        with self.lock, self._guard:
            held = self._kinds.get(kind, {})
            return [(key, document) for key, (_, document) in held.items() if key.startswith(prefix)]

    def write(self, kind: str, key: str, document: str | None) -> None:
        """None deletes."""
        with self.lock, self._guard:
            held = self._kinds.setdefault(kind, {})
            if document is None:
                if held.pop(key, None) is not None:
                    self._changed[kind, key] = None
                return
            former = held.get(key)
            if former is None:
                self._number += 1
            value = (former[0] if former else self._number, document)
            held[key] = self._changed[kind, key] = value

    @property
    def changed(self) -> bool:
        """Whether anything was written since it was last taken."""
        return bool(self._changed)

    def take_changes(self) -> dict[tuple[str, str], tuple[int, str] | None]:
        """What was written since this was last called: whoever calls it sees to it that it is kept."""
        with self._guard:
            taken, self._changed = self._changed, {}
        return taken
