"""A job's container without Docker: a child process with its own /opt/ml, a clean environment and live output.

One directory on disk becomes the child's /opt/ml; ``container_entry.py`` does the mounting inside the child. Where
that is impossible (macOS, user namespaces switched off) the process ends with ``problem`` set, and the job says why.
It knows nothing of processing or transform jobs.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from localaws.core.private_files import CHILD_UMASK
from localaws.services.sagemaker.jobs.metrics import Usage, measure

_ENTRY = Path(__file__).with_name("container_entry.py")
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# SageMaker waits 120 s between SIGTERM and SIGKILL; nobody wants to wait so long for a laptop.
STOP_GRACE_SECONDS = 10


class ContainerDirectory:
    """The files of one container: ``<root>/ml`` is its /opt/ml; its home and temporary files lie beside it.

    Processes that serve the same model share one ``ml``.
    """

    def __init__(self, root: Path, ml: Path | None = None) -> None:
        self.root = root
        self.ml = ml or root / "ml"
        self.home = root / "home"
        self.temporary = root / "tmp"
        self.staging = root / "opt"
        self.problem_file = root / "problem"
        self.usage_file = root / "usage.json"
        for directory in (self.ml, self.home, self.temporary, self.staging, self.ml / "output"):
            directory.mkdir(parents=True, exist_ok=True)

    def outside(self, path: str) -> Path:
        """Where a path of the container (``/opt/ml/...``) really is."""
        return self.ml / Path(path).relative_to("/opt/ml")


@dataclass(frozen=True)
class Command:
    """What runs in a container: ``environment`` comes on top of PATH, HOME and the like."""

    arguments: Sequence[str]
    environment: dict[str, str]
    isolate_network: bool = False
    pass_descriptors: tuple[int, ...] = ()
    working_directory: str = ""  # as the container sees it; its home where empty


class ContainerProcess:
    """One running container. Start it in a thread that lives until it ends: the kernel ends it with that thread.

    ``on_output`` is given chunks of bytes, stdout and stderr mixed as they were written, in a thread of its own.
    """

    def __init__(self, directory: ContainerDirectory, command: Command, on_output: Callable[[bytes], None]) -> None:
        self._directory = directory
        self._on_output = on_output
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_ENTRY), json.dumps(_specification(directory, command))],
            env=_environment(directory, command.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=command.pass_descriptors,
            start_new_session=True,
            umask=CHILD_UMASK,
        )
        self._reader = threading.Thread(target=self._read_output, name="container-output", daemon=True)
        self._reader.start()

    @property
    def usage(self) -> Usage:
        """What the container uses now; once it ended, what it used in all and its largest process at its largest."""
        file = self._directory.usage_file
        return Usage(**json.loads(file.read_text())) if file.exists() else measure(self._process.pid)

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def problem(self) -> str | None:
        """Why the container could not be made; None where it could."""
        file = self._directory.problem_file
        if sys.platform != "linux":
            return "a job needs a Linux mount namespace for its /opt/ml, which this operating system does not have"
        if not file.exists():
            return None
        return (
            f"{file.read_text()}. It needs root or unprivileged user namespaces (sysctl user.max_user_namespaces, "
            "kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)"
        )

    def wait(self, seconds: float | None = None) -> int | None:
        """The exit code, once all output was handed over; None where it still runs after ``seconds``."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self._reader.join()
        return code

    def stop(self) -> None:
        """SIGTERM now, SIGKILL after the grace period."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill everything in the container at once."""
        self._signal(signal.SIGHUP)

    def _signal(self, number: signal.Signals) -> None:
        if self.running:
            self._process.send_signal(number)

    def _read_output(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            while chunk := os.read(pipe.fileno(), 1 << 16):
                self._on_output(chunk)


def _specification(directory: ContainerDirectory, command: Command) -> dict[str, object]:
    return {
        "directory": str(directory.ml),
        "staging": str(directory.staging),
        "working_directory": command.working_directory or str(directory.home),
        "problem_file": str(directory.problem_file),
        "usage_file": str(directory.usage_file),
        "arguments": list(command.arguments),
        "parent": os.getpid(),
        "grace_seconds": STOP_GRACE_SECONDS,
        "isolate_network": command.isolate_network,
    }


def search_path(python: str) -> str:
    """The PATH of a container whose Python is ``python``."""
    return f"{Path(python).parent}:{_SYSTEM_PATH}"


def _environment(directory: ContainerDirectory, own: dict[str, str]) -> dict[str, str]:
    """Nothing of the shell that started localaws: what an image would set, and what the job asked for."""
    return {
        "PATH": search_path(sys.executable),
        "HOME": str(directory.home),
        "TMPDIR": str(directory.temporary),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        **own,
    }
