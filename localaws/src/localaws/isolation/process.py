"""Starts a run in its container and follows it: output, exit code, a stop, and why there was no container.

Everything that the program has started ends with it, with ``kill`` and with this server, however the server ends.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from localaws.isolation import bubblewrap
from localaws.isolation.control_groups import group_for
from localaws.isolation.doorway import Doorway
from localaws.isolation.levels import Level
from localaws.isolation.limits import NO_LIMITS, Limits
from localaws.isolation.views import View

# What a run makes has the usual modes, though the server's own files are closed to others.
_UMASK = 0o022

Network = Literal["machine", "endpoint", "none"]
Answer = Callable[[socket.socket, Any], None]

_SOURCE = str(Path(__file__).parents[2])
_BOOT = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from localaws.isolation.inside import supervisor; sys.exit(supervisor.{}())"
)


@dataclass(frozen=True)
class Run:
    """A program and the container that it runs in.

    ``network`` is the machine's, or one of the run's own: with the server as its only neighbour (``endpoint``), or
    none. ``root`` runs it as user 0 of its container. ``stop_group`` sends the SIGTERM of a stop to the program's
    whole process group.
    """

    arguments: Sequence[str]
    environment: dict[str, str]
    working_directory: str
    view: View
    host_name: str = ""
    network: Network = "machine"
    root: bool = True
    descriptors: tuple[int, ...] = ()
    grace_seconds: int = 10
    stop_group: bool = False
    limits: Limits = NO_LIMITS


class EnclosedProcess:
    """One running container. ``folder`` is a folder of the run that the program does not see.

    ``endpoint`` is the server's port, which connections from a network ``endpoint`` are answered for by ``answer``.
    """

    def __init__(
        self,
        run: Run,
        level: Level,
        folder: Path,
        stdin: int = subprocess.DEVNULL,
        endpoint_port: int = 0,
        answer: Answer | None = None,
    ) -> None:
        self._problem_file = folder / "problem"
        self.usage_file = folder / "usage.json"
        staging = folder / "root"
        staging.mkdir(parents=True, exist_ok=True)
        self._group = group_for(run.limits)
        members = self._group.member_file if self._group else ""
        specification = specify(run, level, os.path.realpath(folder), endpoint_port if answer else 0, members)
        self._control, theirs = socket.socketpair()
        with theirs, tempfile.TemporaryFile() as file:
            file.write(json.dumps(specification).encode())
            file.seek(0)
            passed = (file.fileno(), theirs.fileno())
            self.popen = subprocess.Popen(
                [*_interpreter("main"), *map(str, passed)],
                env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
                cwd="/",
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(*passed, *run.descriptors),
                start_new_session=True,
                umask=_UMASK,
            )
        self._doorway = Doorway(self._control, answer) if answer and specification["endpoint_port"] else None

    @property
    def running(self) -> bool:
        return self.popen.poll() is None

    @property
    def problem(self) -> str | None:
        """Why the container could not be made; None where it could."""
        return self._problem_file.read_text() if self._problem_file.exists() else None

    def stop(self) -> None:
        """SIGTERM now, SIGKILL after the grace period."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill everything in the container at once."""
        self._signal(signal.SIGHUP)

    def close(self) -> None:
        """Let go of what the server held for the run; whatever of it still runs is killed. Once it has ended."""
        if self._doorway:
            self._doorway.close()
        self._control.close()
        if self._group:
            self._group.remove()

    def _signal(self, number: signal.Signals) -> None:
        if self.running:
            self.popen.send_signal(number)


def specify(run: Run, level: Level, folder: str, endpoint_port: int = 0, members: str = "") -> dict[str, Any]:
    """What ``inside`` is told, as JSON. ``level`` takes away what this machine cannot do; ``members`` is the file of
    the run's control group."""
    namespaces = level.namespaces_for(own_network=run.network != "machine")
    user = 0 if run.root else os.geteuid()
    specification: dict[str, Any] = {
        "maker": level.maker,
        "namespaces": namespaces,
        "mounts": [[mount.kind, mount.target, mount.source] for mount in run.view.mounts],
        "staging": f"{folder}/root",
        "host_name": run.host_name if "uts" in namespaces else "",
        "network": run.network if "network" in namespaces else "machine",
        "endpoint_port": endpoint_port if run.network == "endpoint" and "network" in namespaces else 0,
        "user": user,
        "arguments": list(run.arguments),
        "environment": run.environment,
        "working_directory": run.working_directory,
        "descriptors": list(run.descriptors),
        "grace_seconds": run.grace_seconds,
        "stop_group": run.stop_group,
        "processes": run.limits.processes,
        "members": members,
        "problem_file": f"{folder}/problem",
        "usage_file": f"{folder}/usage.json",
    }
    if level.maker == "bubblewrap":
        specification["bubblewrap"] = bubblewrap.arguments(
            level.program, run.view, namespaces, specification["host_name"], user, _interpreter("main_inside")
        )
    return specification


def _interpreter(function: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", _BOOT.format(function), _SOURCE]
