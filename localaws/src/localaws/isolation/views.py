"""What one run sees of the file system: which folders, where, and whether it may write there. Pure; nothing is mounted.

A view begins empty. Whatever is not named in it does not exist for the run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

Kind = Literal["read-only", "own", "hidden", "empty", "link"]


@dataclass(frozen=True)
class Mount:
    """``target`` is the run's path. ``source`` is the machine's path of a folder or file (for ``link`` where it leads,
    for ``empty`` nothing); ``own`` may be written, ``hidden`` lays an unreadable file over another."""

    kind: Kind
    target: str
    source: str = ""


@dataclass(frozen=True)
class View:
    """Mounts in an order in which they can be made: a folder before what lies in it."""

    mounts: tuple[Mount, ...]

    def shows(self, real_path: str) -> bool:
        """Whether the file at a path of the machine (with no links in it) is there for the run at that same path."""
        nearest = max(
            (mount for mount in self.mounts if _holds(mount.target, real_path)),
            key=lambda mount: _depth(mount.target),
            default=None,
        )
        return nearest is not None and nearest.kind in ("read-only", "own") and nearest.source == nearest.target


def view(*layers: Iterable[Mount], entries: Callable[[str], Sequence[str]] = os.listdir) -> View:
    """One view of several layers; where two have the same target, the later layer has it.

    A read-only folder in which a later layer needs a place that the folder does not have is shown entry by entry.
    ``entries`` lists a folder.
    """
    chosen: dict[str, Mount] = {}
    for layer in layers:
        for mount in layer:
            chosen[mount.target] = mount
    links = {mount.target for mount in chosen.values() if mount.kind == "link"}
    kept = [mount for mount in chosen.values() if not any(_below(mount.target, link) for link in links)]
    needed = [mount.target for mount in kept if mount.kind in ("own", "read-only", "empty")]
    opened = [one for mount in kept for one in _opened(mount, needed, entries)]
    return View(tuple(sorted(opened, key=lambda mount: (_depth(mount.target), mount.target))))


def _opened(mount: Mount, needed: Sequence[str], entries: Callable[[str], Sequence[str]]) -> list[Mount]:
    """The mount itself, or one for each of its entries where a needed place could not be made in it."""
    if mount.kind != "read-only":
        return [mount]
    inner = [target for target in needed if _below(target, mount.target)]
    try:
        names = set(entries(mount.source)) if inner else set()
    except NotADirectoryError:
        return [mount]
    heads = {PurePosixPath(target).relative_to(mount.target).parts[0] for target in inner}
    if heads <= names and all(_exists_in(mount, target) for target in inner):
        return [mount]
    found = []
    for name in sorted(names):
        place = f"{mount.target.rstrip('/')}/{name}"
        if place not in inner:
            source = f"{mount.source.rstrip('/')}/{name}"
            one = (
                Mount("link", place, os.readlink(source))
                if os.path.islink(source)
                else Mount("read-only", place, source)
            )
            found += _opened(one, needed, entries)
    return found


def _exists_in(mount: Mount, target: str) -> bool:
    return os.path.exists(mount.source.rstrip("/") + target.removeprefix(mount.target.rstrip("/")))


def _below(path: str, folder: str) -> bool:
    return path != folder and _holds(folder, path)


def _holds(folder: str, path: str) -> bool:
    return folder in ("/", path) or path.startswith(f"{folder}/")


def _depth(path: str) -> int:
    return len(PurePosixPath(path).parts)
