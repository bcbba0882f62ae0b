"""Python environments for models, built when first asked for and kept: each is a venv on top of localaws' packages.

A venv finds what localaws' own Python has installed, after what it has installed itself, as a container finds its
image's packages after those that pip added; so pip adds or replaces only what differs, and writes nowhere else. An
environment is built in a folder of its own and gets its name when it is whole: a build that fails or is killed leaves
nothing that anybody would take for one. It knows nothing of models: what is installed comes from the caller.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from localaws.services.sagemaker.jobs.own_packages import own_fingerprint, own_folders

_BUILDING = "building-"
_LOOK_EVERY = 0.1


class PythonEnvironments:
    """All environments of one server, in ``directory``; no other server uses that folder, as none shares its state."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.resolve()
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        for left in self._directory.glob(f"{_BUILDING}*"):  # by a server that was killed
            shutil.rmtree(left, ignore_errors=True)

    def provide(self, recipe: object, build: Callable[[Path], None], look: Callable[[], None]) -> Path:
        """The Python of the environment that ``recipe`` (any JSON) names; ``build`` fills a new one's folder.

        Whoever asks for the same one meanwhile waits and gets it too. ``look`` is called while waiting; what it or
        ``build`` raises ends the wait, and nothing is kept.
        """
        name = hashlib.sha256(json.dumps([recipe, own_fingerprint()]).encode()).hexdigest()[:20]
        place = self._directory / name
        lock = self._locks[name]
        while not lock.acquire(timeout=_LOOK_EVERY):
            look()
        try:
            if not place.is_dir():
                self._build(place, build)
        finally:
            lock.release()
        return place / "bin" / "python"

    def _build(self, place: Path, build: Callable[[Path], None]) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=self._directory))
        try:
            build(folder)
            _rewrite_scripts(folder, place)
            folder.rename(place)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def layer_on_own_packages(folder: Path) -> None:
    """Let the venv in ``folder`` find localaws' packages after its own."""
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "localaws-packages.pth").write_text("".join(f"{path}\n" for path in own_folders()))


def _rewrite_scripts(folder: Path, place: Path) -> None:
    """Commands that pip installed name their interpreter by its path, which is about to change."""
    if (folder / "bin").is_symlink():
        raise ValueError(f"{folder.name}/bin became a link while packages were installed")
    for script in (folder / "bin").iterdir():
        if script.is_symlink() or not script.is_file():
            continue
        content = script.read_bytes()
        if str(folder).encode() in content:
            script.write_bytes(content.replace(str(folder).encode(), str(place).encode()))
