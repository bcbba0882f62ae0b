"""Runs venv and pip for one model, where its container would: beside its files, their output in the job's log.

The programs end when the job is stopped and when localaws dies. pip is configured as the user's own pip is (index,
proxy, certificates, cache), since an image has nothing of this machine to say.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from localaws.services.sagemaker.jobs.logs import LogStream
from localaws.services.sagemaker.jobs.outcome import JobFailedError
from localaws.services.sagemaker.jobs.sandbox import Command, ContainerDirectory, ContainerProcess

_LOOK_EVERY = 0.05
_LAST_LINES = 6
_LONGEST_REASON = 800
_KEPT = (
    "HOME",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "NETRC",
)
_OPTIONS = ("--progress-bar=off", "--root-user-action=ignore")
_numbers = itertools.count()


class InstallationError(Exception):
    """venv or pip failed; the message is the last that it said."""


@dataclass(frozen=True)
class Installation:
    """``look`` is called while a program runs; what it raises ends the program. ``pip`` is a Python that has pip.

    Each method raises InstallationError where the program fails, and JobFailedError where there can be no container.
    """

    files: ContainerDirectory
    log: LogStream
    look: Callable[[], None]

    def make_venv(self, folder: Path, with_pip: bool) -> None:
        self._run([sys.executable, "-m", "venv", *(() if with_pip else ("--without-pip",)), str(folder)])

    def install(self, pip: Path, folder: Path, packages: Sequence[str]) -> None:
        """Into the venv in ``folder``. Wheels alone: what an image brings is not compiled here."""
        self._run([*_install(pip, folder), "--only-binary=:all:", *packages])

    def install_requirements(self, pip: Path, folder: Path, file: str, isolated: bool) -> None:
        """``file`` is the path inside the container; ``isolated`` has no network but its own loopback."""
        # Without a network pip would try for half a minute to reach an index that is not there.
        retries = ["--retries=0", "--timeout=5"] if isolated else []
        self._run([*_install(pip, folder), *retries, "-r", file], str(Path(file).parent), isolated)

    def _run(self, arguments: list[str], working_directory: str = "", isolated: bool = False) -> None:
        own = ContainerDirectory(self.files.root / f"install-{next(_numbers)}", self.files.ml)
        command = Command(arguments, _environment(), isolated, working_directory=working_directory)
        said: list[str] = []
        process = ContainerProcess(own, command, lambda chunk: self._output(chunk, said))
        try:
            while process.running:
                self.look()
                time.sleep(_LOOK_EVERY)
            code = process.wait()
        finally:
            process.kill()
            process.wait()
        if process.problem:
            raise JobFailedError(
                f"ClientError: localaws cannot give the model its own /opt/ml here: {process.problem}."
            )
        if code:
            lines = [line for line in "".join(said).splitlines() if line.strip()]
            raise InstallationError("\n".join(lines[-_LAST_LINES:])[-_LONGEST_REASON:] or f"exit code {code}")

    def _output(self, chunk: bytes, said: list[str]) -> None:
        said.append(chunk.decode(errors="replace"))
        self.log.write(chunk)


def _install(pip: Path, folder: Path) -> list[str]:
    venv = str(folder / "bin" / "python")
    return [str(pip), "-m", "pip", "--python", venv, "--no-input", "--disable-pip-version-check", "install", *_OPTIONS]


def _environment() -> dict[str, str]:
    def is_kept(name: str) -> bool:
        return name in _KEPT or name.startswith("PIP_") or name.lower().endswith("_proxy")

    # A user's PIP_TARGET, PIP_PREFIX, PIP_USER or PIP_ROOT would install beside the environment.
    elsewhere = ("PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV")
    return {name: value for name, value in os.environ.items() if is_kept(name) and name not in elsewhere}
