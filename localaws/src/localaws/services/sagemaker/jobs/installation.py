"""Runs venv and pip for one model, where its container would: beside its files, their output in the job's log.

The programs end when the job is stopped and when localaws dies. pip is configured as the user's own pip is (index,
proxy, certificates), since an image has nothing of this machine to say; what it downloads is kept in a folder of
localaws. It works in the model's container, with this machine's network unless the model has none.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from localaws.isolation.enclosure import Enclosure
from localaws.isolation.registries import files, settings
from localaws.services.sagemaker.jobs.logs import LogStream
from localaws.services.sagemaker.jobs.outcome import JobFailedError
from localaws.services.sagemaker.jobs.sandbox import Command, ContainerDirectory, ContainerProcess

_LOOK_EVERY = 0.05
_LAST_LINES = 6
_LONGEST_REASON = 800
_OPTIONS = ("--progress-bar=off", "--root-user-action=ignore")
_numbers = itertools.count()


class InstallationError(Exception):
    """venv or pip failed; the message is the last that it said."""


@dataclass(frozen=True)
class Installation:
    """``look`` is called while a program runs; what it raises ends the program. ``pip`` is a Python that has pip.

    Each method raises InstallationError where the program fails, and JobFailedError where there can be no container.
    """

    enclosure: Enclosure
    files: ContainerDirectory
    downloads: Path
    log: LogStream
    look: Callable[[], None]

    def make_venv(self, folder: Path, with_pip: bool) -> None:
        pip = () if with_pip else ("--without-pip",)
        self._run([sys.executable, "-m", "venv", *pip, str(folder)], Command.working_directory, False, folder)

    def install(self, pip: Path, folder: Path, packages: Sequence[str]) -> None:
        """Into the venv in ``folder``. Wheels alone: what an image brings is not compiled here."""
        arguments = [*_install(pip, folder), "--only-binary=:all:", *packages]
        self._run(arguments, Command.working_directory, False, folder, pip)

    def install_requirements(self, pip: Path, folder: Path, file: str, isolated: bool) -> None:
        """``file`` is the path inside the container; ``isolated`` has no network but its own loopback."""
        # Without a network pip would try for half a minute to reach an index that is not there.
        retries = ["--retries=0", "--timeout=5"] if isolated else []
        arguments = [*_install(pip, folder), *retries, "-r", file]
        self._run(arguments, str(Path(file).parent), isolated, folder, pip)

    def _run(
        self, arguments: list[str], working_directory: str, isolated: bool, folder: Path, pip: Path | None = None
    ) -> None:
        own = ContainerDirectory(self.files.root / f"install-{next(_numbers)}", self.files.ml)
        registries = settings()
        command = Command(
            arguments,
            {**registries, "PIP_CACHE_DIR": str(self.downloads)},
            isolated,
            working_directory=working_directory,
            reads=(*files(registries), *((pip.parents[1],) if pip else ())),
            writes=(folder, self.downloads),
            on_machine_network=True,
        )
        said: list[str] = []
        process = ContainerProcess(self.enclosure, own, command, lambda chunk: self._output(chunk, said))
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
