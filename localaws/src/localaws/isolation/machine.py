"""What of this machine every run sees, read-only: programs and libraries of the system, and localaws' own Python.

Nothing of a home directory is among it but the folders that Python itself lies in. Files of /etc that not every user
of this machine may read are hidden, since a run may be root of its container.
"""

from __future__ import annotations

import functools
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from localaws.isolation.views import Mount

_SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"),
    *("/etc", "/opt", "/nix", "/gnu", "/run/current-system"),
    *("/sys/block", "/sys/bus", "/sys/class", "/sys/dev", "/sys/devices", "/sys/fs/cgroup"),
)
_PACKAGE = Path(__file__).parents[1]
# Of a prefix that holds more than Python (a home directory, say) these alone are shown.
_PARTS_OF_A_PREFIX = ("bin", "include", "lib", "lib64", "libexec", "share", "pyvenv.cfg")


@functools.cache
def system_mounts() -> tuple[Mount, ...]:
    """Programs, libraries and settings of the operating system."""
    found = [_as_it_is(path) for path in _SYSTEM if os.path.lexists(path)]
    found += _resolver()
    if os.geteuid() == 0:
        found += _unreadable("/etc")
    return tuple(found)


@functools.cache
def python_mounts() -> tuple[Mount, ...]:
    """localaws' own Python with its packages, and localaws' own files."""
    return read_only(_python_places())


def hidden_mounts(folders: Iterable[Path]) -> tuple[Mount, ...]:
    """The user's home and ``folders``, empty: they may lie in a folder that is shown."""
    places = {os.path.realpath(path) for path in (Path.home(), *folders)}
    shown = [mount.target for mount in (*system_mounts(), *python_mounts()) if mount.kind == "read-only"]
    return tuple(Mount("empty", place) for place in sorted(places) if any(is_below(place, one) for one in shown))


def read_only(paths: Iterable[str | Path]) -> tuple[Mount, ...]:
    """Each path, and where its links lead, as far as the system's own mounts do not hold it."""
    found: dict[str, Mount] = {}
    for path in paths:
        for place in (os.path.abspath(path), os.path.realpath(path)):
            if os.path.exists(place) and not _is_system(place):
                found[place] = Mount("read-only", place, place)
    return tuple(found.values())


def is_below(path: str, folder: str) -> bool:
    return path.startswith(f"{folder.rstrip('/')}/")


def _is_system(path: str) -> bool:
    return any(path == one or is_below(path, one) for one in _SYSTEM)


def _as_it_is(path: str) -> Mount:
    return Mount("link", path, os.readlink(path)) if os.path.islink(path) else Mount("read-only", path, path)


def _resolver() -> Iterator[Mount]:
    """The file behind /etc/resolv.conf, which often lies in /run."""
    real = os.path.realpath("/etc/resolv.conf")
    if os.path.isfile(real) and not _is_system(real):
        yield Mount("read-only", real, real)


def _unreadable(folder: str) -> Iterator[Mount]:
    with os.scandir(folder) as entries:
        for entry in entries:
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                if mode & 0o005 == 0o005:
                    yield from _unreadable(entry.path)
                else:
                    yield Mount("empty", entry.path)
            elif stat.S_ISREG(mode) and not mode & 0o004:
                yield Mount("hidden", entry.path, os.devnull)


def _python_places() -> Iterator[str | Path]:
    yield _PACKAGE
    for prefix in dict.fromkeys((sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, *_linked())):
        yield from _prefix(prefix)
    packages = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    yield from packages
    for folder in packages:
        yield from _added_by_pth(folder)


def _linked() -> Iterator[str]:
    """The prefixes that the interpreter's chain of links goes through."""
    path = sys.executable
    while os.path.islink(path):
        path = os.path.join(os.path.dirname(path), os.readlink(path))
        yield os.path.dirname(os.path.dirname(os.path.abspath(path)))


def _prefix(prefix: str) -> Iterator[str]:
    home = os.path.realpath(Path.home())
    real = os.path.realpath(prefix)
    if home == real or is_below(home, real):
        yield from (os.path.join(prefix, part) for part in _PARTS_OF_A_PREFIX)
    else:
        yield prefix


def _added_by_pth(folder: str) -> Iterator[str]:
    """Folders that ``.pth`` files add: packages that are installed to be edited. localaws' own is shown already."""
    for file in Path(folder).glob("*.pth"):
        for line in file.read_text(errors="replace").splitlines():
            path = os.path.join(folder, line.strip())
            is_folder = line.strip() and not line.startswith(("import ", "import\t", "#")) and os.path.isdir(path)
            if is_folder and not is_below(str(_PACKAGE), os.path.realpath(path)):
                yield path
