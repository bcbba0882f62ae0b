"""One server's way to close runs in: what all its runs must not see, and how a run reaches the server itself."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from localaws.isolation.levels import Level
from localaws.isolation.machine import hidden_mounts, python_mounts, system_mounts
from localaws.isolation.process import EnclosedProcess, Run
from localaws.isolation.trials import level
from localaws.isolation.views import Mount, View, view


class Enclosure:
    """``hidden`` are the folders of the server's own files.

    The server sets ``endpoint_port`` and ``answer`` (which takes an accepted connection) once it listens.
    ``jobs_on_machine_network`` gives jobs this machine's network in place of one with the server alone.
    """

    def __init__(self, hidden: Iterable[Path]) -> None:
        self._hidden = tuple(hidden)
        self.endpoint_port = 0
        self.answer: Callable[[socket.socket, Any], None] | None = None
        self.jobs_on_machine_network = False

    @property
    def level(self) -> Level:
        return level()

    def view(self, own: Iterable[Mount], shown: Iterable[Mount] = ()) -> View:
        """What every run sees of this machine, with ``shown`` of it besides and the run's ``own`` over all."""
        return view(system_mounts(), hidden_mounts(self._hidden), python_mounts(), shown, own)

    def start(self, run: Run, folder: Path, stdin: int = subprocess.DEVNULL) -> EnclosedProcess:
        """``folder`` is the run's own, for what it does not see."""
        return EnclosedProcess(run, self.level, folder, stdin, self.endpoint_port, self.answer)
