"""Limits of CPU, memory and processes by cgroups v2, where this process may make groups; elsewhere a sentence why not.

A group is made for each run beside this server's own, or below it, and removed when the run has ended.
"""

from __future__ import annotations

import functools
import itertools
import os
from pathlib import Path

from localaws.isolation.limits import Limits

_MOUNTED = Path("/sys/fs/cgroup")
_CONTROLLERS = ("memory", "cpu", "pids")
_PERIOD = 100_000
_numbers = itertools.count(1)

_NOT_LIMITED = (
    "CPU and memory of instance types are not enforced: {}. They are where this user may make cgroups v2, as in a "
    "systemd session"
)


def why_no_limits() -> str | None:
    """None where limits are enforced."""
    parent, why = _parent()
    return None if parent else _NOT_LIMITED.format(why)


class ControlGroup:
    """The group of one run. ``member_file`` is where the run's first process writes its number."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        folder.mkdir()
        self._set("pids.max", str(limits.processes))
        if limits.memory_bytes is not None:
            self._set("memory.max", str(limits.memory_bytes))
        if limits.cpus is not None:
            self._set("cpu.max", f"{limits.cpus * _PERIOD} {_PERIOD}")

    @property
    def member_file(self) -> str:
        return str(self._folder / "cgroup.procs")

    def remove(self) -> None:
        """Once all of the run has ended."""
        try:
            self._folder.rmdir()
        except OSError:
            pass  # a process that is only just ending: an empty group costs nothing

    def _set(self, name: str, value: str) -> None:
        (self._folder / name).write_text(value)


def group_for(limits: Limits) -> ControlGroup | None:
    """A new group, None where there can be none."""
    parent, _ = _parent()
    return ControlGroup(parent / f"localaws-{os.getpid()}-{next(_numbers)}", limits) if parent else None


@functools.cache
def _parent() -> tuple[Path | None, str]:
    return find_parent(_MOUNTED, Path("/proc/self/cgroup"))


def find_parent(mounted: Path, membership: Path) -> tuple[Path | None, str]:
    """The group below which groups with all controllers can be made; else None and why."""
    if not (mounted / "cgroup.controllers").is_file():
        return None, f"{mounted} is not cgroups v2"
    try:
        own = next(line for line in membership.read_text().splitlines() if line.startswith("0::")).removeprefix("0::")
    except (OSError, StopIteration):
        return None, "this process is in no cgroup v2"
    place = mounted / own.lstrip("/")
    why = ""
    for candidate in dict.fromkeys((place.parent if place != mounted else place, place)):
        try:
            return _tried(candidate), ""
        except OSError as error:
            why = why or f"{candidate} cannot be used ({error.strerror or error})"
    return None, why


def _tried(parent: Path) -> Path:
    """The parent, once a group with limits was made below it. OSError where none can be."""
    child = parent / f"localaws-try-{os.getpid()}"
    child.mkdir()
    try:
        if not (child / "memory.max").exists():
            (parent / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in _CONTROLLERS))
        for name in ("memory.max", "cpu.max", "pids.max"):
            (child / name).write_text("max")
    finally:
        child.rmdir()
    return parent
