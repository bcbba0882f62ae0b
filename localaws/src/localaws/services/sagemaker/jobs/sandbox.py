"""A job's container without Docker: its own /opt/ml, home, /tmp and host name, a clean environment and live output.

One directory on disk becomes the container's /opt/ml; how the program is closed in, ``localaws/isolation`` knows. Where
that is impossible (macOS, user namespaces switched off) the process ends with ``problem`` set, and the job says why.
It knows nothing of processing or transform jobs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from localaws.isolation.enclosure import Enclosure
from localaws.isolation.host_names import hosts_mounts
from localaws.isolation.limits import of_instance_type
from localaws.isolation.machine import read_only
from localaws.isolation.process import Network, Run
from localaws.isolation.views import Mount
from localaws.services.sagemaker.jobs.metrics import Usage, measure

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_HOME, _TEMPORARY = "/root", "/tmp"  # noqa: S108 (the container's own)
_NO_CONTAINER = 125
# SageMaker waits 120 s between SIGTERM and SIGKILL; nobody wants to wait so long for a laptop.
STOP_GRACE_SECONDS = 10


class ContainerDirectory:
    """The files of one container: ``<root>/ml`` is its /opt/ml; its home and temporary files lie beside it.

    Processes that serve the same model share one ``ml``. What lies in ``agent`` the container does not see.
    """

    def __init__(self, root: Path, ml: Path | None = None) -> None:
        self.root = root
        self.ml = ml or root / "ml"
        self.home = root / "home"
        self.temporary = root / "tmp"
        self.agent = root / "agent"
        for directory in (self.ml, self.home, self.temporary, self.agent, self.ml / "output"):
            directory.mkdir(parents=True, exist_ok=True)
            directory.chmod(0o755)
        self.temporary.chmod(0o1777)

    def outside(self, path: str) -> Path:
        """Where a path of the container (``/opt/ml/...``) really is."""
        return self.ml / Path(path).relative_to("/opt/ml")


@dataclass(frozen=True)
class Command:
    """What runs in a container: ``environment`` comes on top of PATH, HOME and the like.

    ``hosts`` are the addresses of the job's hosts by their names. ``reads`` and ``writes`` are folders of this machine
    that the container sees at the same path. ``on_machine_network`` is for localaws' own work in a container.
    """

    arguments: Sequence[str]
    environment: dict[str, str]
    isolate_network: bool = False
    pass_descriptors: tuple[int, ...] = ()
    working_directory: str = _HOME
    host_name: str = "algo-1"
    hosts: Mapping[str, str] = field(default_factory=lambda: {"algo-1": "127.0.1.1"})
    reads: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()
    on_machine_network: bool = False
    instance_type: str | None = None


class ContainerProcess:
    """One running container.

    ``on_output`` is given chunks of bytes, stdout and stderr mixed as they were written, in a thread of its own.
    """

    def __init__(
        self,
        enclosure: Enclosure,
        directory: ContainerDirectory,
        command: Command,
        on_output: Callable[[bytes], None],
    ) -> None:
        self._on_output = on_output
        self._impossible = _why_impossible(enclosure, command)
        if self._impossible:
            return
        self._process = enclosure.start(_run(enclosure, directory, command), directory.agent)
        self._reader = threading.Thread(target=self._read_output, name="container-output", daemon=True)
        self._reader.start()

    @property
    def usage(self) -> Usage:
        """What the container uses now; once it ended, what it used in all and its largest process at its largest."""
        if self._impossible:
            return Usage(0.0, 0)
        file = self._process.usage_file
        return Usage(**json.loads(file.read_text())) if file.exists() else measure(self._process.popen.pid)

    @property
    def running(self) -> bool:
        return not self._impossible and self._process.running

    @property
    def problem(self) -> str | None:
        """Why the container could not be made; None where it could."""
        if self._impossible:
            return self._impossible
        said = self._process.problem
        return f"{said}. {_WHAT_IT_NEEDS}" if said else None

    def wait(self, seconds: float | None = None) -> int | None:
        """The exit code, once all output was handed over; None where it still runs after ``seconds``."""
        if self._impossible:
            return _NO_CONTAINER
        try:
            code = self._process.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self._reader.join()
        self._process.close()
        return code

    def stop(self) -> None:
        """SIGTERM now, SIGKILL after the grace period."""
        if not self._impossible:
            self._process.stop()

    def kill(self) -> None:
        """Kill everything in the container at once."""
        if not self._impossible:
            self._process.kill()

    def _read_output(self) -> None:
        assert self._process.popen.stdout is not None
        with self._process.popen.stdout as pipe:
            while chunk := os.read(pipe.fileno(), 1 << 16):
                self._on_output(chunk)


_WHAT_IT_NEEDS = (
    "It needs root or unprivileged user namespaces (sysctl user.max_user_namespaces, "
    "kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)"
)


def _why_impossible(enclosure: Enclosure, command: Command) -> str:
    if sys.platform != "linux":
        return "a job needs a Linux mount namespace for its /opt/ml, which this operating system does not have"
    if not enclosure.level.has_file_systems:
        return f"{'; '.join(enclosure.level.weaknesses)}. {_WHAT_IT_NEEDS}"
    if command.isolate_network and "network" not in enclosure.level.namespaces:
        return f"a job without network needs a network namespace, which cannot be made. {_WHAT_IT_NEEDS}"
    return ""


def _run(enclosure: Enclosure, directory: ContainerDirectory, command: Command) -> Run:
    own = [
        Mount("own", "/opt/ml", os.path.realpath(directory.ml)),
        Mount("own", _HOME, os.path.realpath(directory.home)),
        Mount("own", _TEMPORARY, os.path.realpath(directory.temporary)),
        Mount("own", "/var/tmp", os.path.realpath(directory.temporary)),  # noqa: S108 (the container's own)
        *(Mount("own", os.path.realpath(path), os.path.realpath(path)) for path in command.writes),
        *hosts_mounts(directory.agent, command.hosts),
    ]
    return Run(
        command.arguments,
        _environment(command.environment),
        command.working_directory,
        enclosure.view(own, read_only(command.reads)),
        command.host_name,
        _network(enclosure, command),
        descriptors=command.pass_descriptors,
        grace_seconds=STOP_GRACE_SECONDS,
        limits=of_instance_type(command.instance_type),
    )


def _network(enclosure: Enclosure, command: Command) -> Network:
    if command.isolate_network:
        return "none"
    return "machine" if command.on_machine_network or enclosure.jobs_on_machine_network else "endpoint"


def search_path(python: str) -> str:
    """The PATH of a container whose Python is ``python``."""
    return f"{Path(python).parent}:{_SYSTEM_PATH}"


def _environment(own: dict[str, str]) -> dict[str, str]:
    """Nothing of the shell that started localaws: what an image would set, and what the job asked for."""
    return {
        "PATH": search_path(sys.executable),
        "HOME": _HOME,
        "TMPDIR": _TEMPORARY,
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        **own,
    }
