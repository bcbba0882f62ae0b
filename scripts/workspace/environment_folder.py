"""The folder of a virtual environment: found behind a link, had alone, told apart from one that no longer works.

CodeBuild's local cache puts a symbolic link in its place, to a folder that may be empty or older than the image; an
archive of one may have lost its links. This never removes the folder itself, which is not ours where it is linked.
Nothing but the standard library is used: it runs before anything is installed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_WHERE_PACKAGES_ARE = "import sysconfig; print(sysconfig.get_path('purelib'))"


def real_folder(environment: Path) -> Path:
    """Where the environment really is, made if it is not there: ``python -m venv`` refuses a linked folder."""
    folder = environment.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def python_of(folder: Path) -> Path:
    return folder / "bin" / "python"


def identity(folder: Path) -> str:
    """Which Python the environment belongs to; "" where that has gone."""
    python = python_of(folder)
    return str(python.resolve()) if python.exists() else ""


def works(folder: Path) -> bool:
    """Whether its Python runs, and is the one that its packages were installed for."""
    try:
        done = subprocess.run(
            [str(python_of(folder)), "-c", _WHERE_PACKAGES_ARE], capture_output=True, text=True, check=False
        )
    except OSError:  # not there, or no program
        return False
    packages = Path(done.stdout.strip() or "/nowhere")
    return done.returncode == 0 and packages.resolve().is_relative_to(folder) and packages.is_dir()


def empty(folder: Path) -> None:
    for each in folder.iterdir():
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink()


@contextmanager
def had_alone(folder: Path, tell: Callable[[], None]) -> Iterator[None]:
    """Nobody else installs into the folder meanwhile. ``tell`` is called before it waits. Killed, it blocks nobody."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
