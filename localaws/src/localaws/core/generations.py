"""Keeps what localaws' services and moto hold, both together: one generation after another, each whole or not at all.

Whoever answers somebody outside calls ``settle`` first: it returns once everything that the answer can have seen or
done is on the disk, so what was answered survives whatever comes, and what does not survive was never answered. Answers
that wait at the same time share a generation, and where nothing has changed nobody waits. A generation is cut while
moto does nothing: a document that tells of a bucket is never kept without the bucket.
Where the disk takes no more, memory keeps what is owed to it, nobody is answered, and it is tried again and again.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from contextlib import AbstractContextManager
from typing import Protocol

from localaws.core import fault_points
from localaws.core.state_file import Changes, StateFile
from localaws.core.store import Store

log = logging.getLogger(__name__)

_EVERY = 0.5  # seconds after which a change is kept that nobody waits for, and after which a failure is tried again


class Kept(Protocol):
    """moto, as something whose state is kept."""

    @property
    def changed(self) -> bool:
        """Whether anything may have changed since changes were last taken."""

    def take_changes(self, documents: Store) -> Changes:
        """What has changed in moto, and in ``documents``, as of one moment at which moto does nothing."""

    def changes_kept(self) -> None:
        """What was last taken is on the disk: what it no longer names may go."""

    def in_one_moment(self) -> AbstractContextManager[None]:
        """Changes are taken before or after what this thread does meanwhile, never between."""

    def look_around(self) -> None:
        """Look, for a moment, at some of what has been reported unchanged; what has changed is then ``changed``."""


class StateNotKeptError(Exception):
    """What was done cannot be kept now; the text says why."""


class Generations:
    """``file`` None keeps nothing: then nobody waits."""

    def __init__(self, file: StateFile | None, store: Store, moto: Kept) -> None:
        self._file = file
        self._store = store
        self._moto = moto
        self._owed = Changes()  # taken from memory and not yet on the disk
        self._turn = threading.Lock()  # one generation at a time
        self._begun = 0
        self._at_work = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.failure: str | None = None  # why the last generation could not be kept

    def start(self) -> None:
        if self._file is not None:
            self._thread = threading.Thread(target=self._keep_on, name="generations", daemon=True)
            self._thread.start()

    def settle(self) -> None:
        """Return once all that this thread can have seen is kept. StateNotKeptError where it cannot be."""
        if self._file is None or not (self._changed() or self._at_work or self.failure):
            return
        begun_before = self._begun
        with self._turn:
            if self._begun == begun_before and (self._changed() or self._owed):
                self._keep()
            # Else somebody has begun one after this thread came, and it has ended: it holds what this thread saw.
            if self.failure:
                raise StateNotKeptError(self.failure)

    def in_one(self) -> AbstractContextManager[None]:
        """What this thread does meanwhile is in one generation: kept whole, or not at all.

        For a thing that is made by one service and noted by another, which would otherwise be left behind, known to
        nobody. Keep it short, and wait for nobody meanwhile: every answer waits.
        """
        return self._moto.in_one_moment()

    def stop(self) -> None:
        """Keep what is left. A failure is on the log: whoever stops has nothing better to do about it."""
        self._stopping.set()
        if self._file is None:
            return
        if self._thread is not None:
            self._thread.join()
        with self._turn:
            self._keep()
        self._file.close()

    def _changed(self) -> bool:
        return self._store.changed or self._moto.changed

    def _keep(self) -> None:
        """Cut and write a generation; the caller holds ``_turn``."""
        assert self._file is not None
        self._at_work = True
        self._begun += 1
        try:
            fault_points.reached("before the cut")
            self._owed.take(self._moto.take_changes(self._store))
            fault_points.reached("after the cut")
            if self._owed:
                self._file.write(self._owed)
                self._owed = Changes()
            self._moto.changes_kept()
            self.failure = None
        except (OSError, sqlite3.Error) as error:
            if str(error) != self.failure:
                log.error("the state cannot be written: %s", error)
            self.failure = str(error)
        except Exception as error:
            log.exception("the state cannot be kept")
            self.failure = f"{type(error).__name__}: {error}"
        finally:
            self._at_work = False

    def _keep_on(self) -> None:
        while not self._stopping.wait(_EVERY):
            if self.failure is None and not self._changed():
                self._moto.look_around()
            with contextlib.suppress(StateNotKeptError):
                self.settle()
            assert self._file is not None
            self._file.tidy()
