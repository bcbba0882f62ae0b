"""Looks after one run from outside of its container: makes it, passes a stop on, and leaves nothing of it behind.

``python -I -S -c '...' <folder of localaws> <descriptor of the specification> <descriptor of the control socket>``

SIGTERM asks the program to end, and after the grace period everything is killed; SIGHUP kills everything at once, and
so does the end of the server, however it ends: its end of the control socket closes then. The specification (JSON) is
what ``process.py`` wrote. It never runs the program in its own environment: LD_PRELOAD of a job is the job's alone.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import sys
from typing import Any

from localaws.isolation.inside import container, init
from localaws.isolation.inside import system_calls as system

_HANDLED = (signal.SIGHUP, signal.SIGTERM, signal.SIGALRM, signal.SIGCHLD)
PROBLEM = 125


def main() -> int:
    specification, control = _read(int(sys.argv[2])), int(sys.argv[3])
    for descriptor in (int(sys.argv[2]), control):
        os.set_inheritable(descriptor, False)
    # Until the handlers are there: a signal that came between would leave the program without its supervisor.
    signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
    hears, tells = os.pipe()
    if specification["members"]:
        _write(specification["members"], str(os.getpid()))
    try:
        child = _START[specification["maker"]](specification, control, tells)
    except OSError as error:
        _write(specification["problem_file"], str(error.strerror or error))
        return PROBLEM
    os.close(tells)
    init.close_standard_input()
    return _Supervision(specification, child, control, hears).run()


def main_inside() -> None:
    """What bubblewrap runs: the container is made, and this is its first process."""
    specification, control, status = _read(int(sys.argv[2])), int(sys.argv[3]), int(sys.argv[4])
    os.close(int(sys.argv[2]))
    init.run(specification, control, status)


def _with_namespaces(specification: dict[str, Any], control: int, status: int) -> int:
    container.become_owner(specification)
    if "pid" not in specification["namespaces"]:
        system.inherit_orphans()
    child = os.fork()
    if child == 0:
        try:
            system.die_with_parent(signal.SIGKILL)
            container.enter(specification)
            system.die_with_parent(signal.SIGKILL)  # forgotten where the credentials changed
        except OSError as error:
            os.write(status, str(error.strerror or error).encode())
            os._exit(PROBLEM)
        _close_others(specification, control, status)
        init.run(specification, control, status)
    return child


def _with_bubblewrap(specification: dict[str, Any], control: int, status: int) -> int:
    child = os.fork()
    if child == 0:
        file = int(sys.argv[2])
        for descriptor in (file, control, status):
            os.set_inheritable(descriptor, True)
        os.lseek(file, 0, os.SEEK_SET)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        start = [*specification["bubblewrap"], str(file), str(control), str(status)]
        os.execve(start[0], start, {"PATH": os.environ.get("PATH", os.defpath)})  # noqa: S606 (no shell)
    return child


def _without_container(specification: dict[str, Any], control: int, status: int) -> int:
    system.inherit_orphans()
    child = os.fork()
    if child == 0:
        os.write(status, init.READY)
        os.close(status)
        os.close(control)
        init.become_program(specification)
    return child


_START = {
    "namespaces": _with_namespaces,
    "bubblewrap": _with_bubblewrap,
    "none": _without_container,
}


class _Supervision:
    def __init__(self, specification: dict[str, Any], child: int, control: int, status: int) -> None:
        self._specification = specification
        self._child = child
        self._control = control
        self._status = status
        self._said = b""
        self._enclosed = "pid" in specification["namespaces"]
        self._woken, self._wakes = os.pipe()

    def run(self) -> int:
        os.set_blocking(self._wakes, False)
        signal.set_wakeup_fd(self._wakes)
        for number in _HANDLED:
            signal.signal(number, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        code = self._watch()
        self._kill_the_rest()
        if not self._said.startswith(init.READY):
            self._tell_problem(code)
            code = PROBLEM
        self._write_usage()
        return code

    def _watch(self) -> int:
        """Until the child has ended; its exit code."""
        watched = {self._woken, self._control, self._status}
        while True:
            code = self._reap()
            if code is not None:
                self._read_status(watched)
                return code
            ready, _, _ = select.select(list(watched), [], [])
            if self._status in ready:
                self._read_status(watched)
            if self._control in ready and not os.read(self._control, 1):  # the server is gone
                watched.discard(self._control)
                self._kill()
            if self._woken in ready:
                for number in os.read(self._woken, 64):
                    self._react(number)

    def _react(self, number: int) -> None:
        if number in (signal.SIGHUP, signal.SIGALRM):
            self._kill()
        elif number == signal.SIGTERM:
            signal.alarm(self._specification["grace_seconds"])
            self._ask_to_end()

    def _ask_to_end(self) -> None:
        try:
            if self._specification["maker"] == "none" and self._specification["stop_group"]:
                os.killpg(self._child, signal.SIGTERM)
            else:
                os.kill(self._first_process(), signal.SIGTERM)
        except ProcessLookupError:
            pass

    def _first_process(self) -> int:
        """The process that passes SIGTERM on: bubblewrap's own would end at once, without the grace period."""
        if self._specification["maker"] != "bubblewrap":
            return self._child
        children = _children_of(self._child)
        return children[0] if children else self._child

    def _kill(self) -> None:
        if self._enclosed:  # the kernel ends a PID namespace with its first process
            for process in {self._first_process(), self._child}:
                _kill(process)
        else:
            _kill_group(self._child)
            _kill(self._child)

    def _reap(self) -> int | None:
        """The child's exit code once it has ended; orphans are reaped on the way."""
        while True:
            try:
                child, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return PROBLEM
            if child == 0:
                return None
            if child == self._child:
                return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)

    def _read_status(self, watched: set[int]) -> None:
        if self._status not in watched:
            return
        said = os.read(self._status, 65536)
        self._said += said
        if not said:
            watched.discard(self._status)

    def _kill_the_rest(self) -> None:
        """Every process that is a descendant still: this process inherits orphans where there is no PID namespace."""
        if not self._enclosed:
            _kill_group(self._child)
        while True:
            for child in _children_of(os.getpid()):
                _kill(child)
            try:
                os.wait()
            except ChildProcessError:
                return

    def _tell_problem(self, code: int) -> None:
        said = self._said.decode(errors="replace")
        _write(
            self._specification["problem_file"], said or f"{self._specification['maker']} ended with exit code {code}"
        )

    def _write_usage(self) -> None:
        """What the program and its descendants used in all; the memory is that of the largest process."""
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        usage = {"cpu_seconds": used.ru_utime + used.ru_stime, "resident_bytes": used.ru_maxrss * 1024}
        _write(self._specification["usage_file"], json.dumps(usage))


def _close_others(specification: dict[str, Any], control: int, status: int) -> None:
    """All descriptors but the run's own."""
    kept = {0, 1, 2, control, status, *specification["descriptors"]}
    for name in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else ():
        if int(name) not in kept:
            try:
                os.close(int(name))
            except OSError:
                pass  # the one that listed them


def _children_of(process: int) -> list[int]:
    try:
        with open(f"/proc/{process}/task/{process}/children") as file:
            return [int(text) for text in file.read().split()]
    except OSError:
        return []


def _kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _read(descriptor: int) -> dict[str, Any]:
    with os.fdopen(os.dup(descriptor)) as file:
        found: dict[str, Any] = json.load(file)
        return found


def _write(path: str, text: str) -> None:
    try:
        with open(path, "w") as file:
            file.write(text)
    except FileNotFoundError:  # the run's files are gone where localaws died and began anew
        pass
