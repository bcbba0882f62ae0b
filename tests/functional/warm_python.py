"""Processes that run a verb as ``python -m`` does, forked from one that has loaded the deployment's modules already.

Each is a process of its own, with its own folder, environment, output and exit code, as a user's is; only the quarter
of a second that loading takes is paid once, and not by each of the hundreds that the tests run. Where the environment
holds what Python reads when it starts, it is started anew.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_START = "import sys; from tests.functional.warm_python import serve; serve(sys.argv[1])"
_LONGEST_REQUEST = 1024 * 1024
_READ_BY_PYTHON = ("PYTHON", "LANG", "LC_")
_HARMLESS = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def run_verb(
    verb: str, arguments: Sequence[str], cwd: Path, env: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """As ``subprocess.run`` of ``python -m scripts.verbs.<verb>``, with captured text and no input."""
    module = f"scripts.verbs.{verb}"
    if _starts_alike(env):
        return _warm_python().run(module, arguments, cwd, env, timeout)
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@functools.cache
def _warm_python() -> WarmPython:
    """One for all tests of this process."""
    found = WarmPython()
    atexit.register(found.stop)
    return found


def _starts_alike(environment: Mapping[str, str]) -> bool:
    """Whether Python would start in this environment as it has started here."""
    read = {name: value for name, value in environment.items() if name.startswith(_READ_BY_PYTHON)}
    return read.get("PYTHONPATH") == str(ROOT) and all(_HARMLESS.get(name) == value for name, value in read.items())


class WarmPython:
    """The process that the others are forked from; it ends with this object, or with the tests."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._address = f"{self._folder.name}/socket"
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, self._address],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def run(
        self, module: str, arguments: Sequence[str], cwd: Path, env: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """As ``subprocess.run`` of ``python -m module arguments`` with captured text; TimeoutExpired likewise."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, socket.socket(socket.AF_UNIX) as asked:
            asked.connect(self._address)
            request = json.dumps([module, list(arguments), str(cwd), dict(env)]).encode()
            socket.send_fds(asked, [len(request).to_bytes(8, "big")], [out.fileno(), err.fileno()])
            asked.sendall(request)
            told = asked.makefile()
            pid = int(told.readline())
            asked.settimeout(timeout)
            try:
                code = int(told.readline())
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired([module, *arguments], timeout, _text(out), _text(err)) from None
            return subprocess.CompletedProcess([module, *arguments], code, _text(out), _text(err))

    def stop(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(30)
        self._folder.cleanup()


def _text(file: Any) -> str:
    file.seek(0)
    return str(file.read().decode())


def serve(address: str) -> None:
    """Fork a process for each request, until nobody holds the other end of the standard input."""
    _load()
    gc.freeze()  # what is shared with the forked processes stays shared
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that wait
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        print("ready", flush=True)
        while True:
            ready, _, _ = select.select([listening, sys.stdin], [], [])
            if sys.stdin in ready:
                return
            asked, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _tell(asked)
            asked.close()


def _load() -> None:
    """All that verbs import once their arguments are read; nothing of a pipeline, which each folder has of its own."""
    flows = importlib.import_module("scripts.flows")
    for module in pkgutil.iter_modules(flows.__path__):
        importlib.import_module(f"scripts.flows.{module.name}")
    for name in [each for each in sys.modules if each.split(".")[0] == "pipelines"]:
        del sys.modules[name]


def _tell(asked: socket.socket) -> None:
    """Start the process that was asked for; tell its process id, and its exit code when it has ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, outputs, _, _ = socket.recv_fds(asked, 8, 2)
    request = bytearray()
    while len(request) < int.from_bytes(head, "big"):
        request += asked.recv(_LONGEST_REQUEST)
    pid = os.fork()
    if pid == 0:
        asked.close()
        _become(outputs, *json.loads(request))
        return
    asked.sendall(f"{pid}\n".encode())
    _, status = os.waitpid(pid, 0)
    asked.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(outputs: list[int], module: str, arguments: list[str], cwd: str, environment: dict[str, str]) -> None:
    """Run the module as Python does that is started with ``-m``."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in enumerate([nothing, *outputs]):
        os.dup2(source, target)
        os.close(source)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.path[0] = cwd
    sys.argv = ["-m", *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    sys.exit()
