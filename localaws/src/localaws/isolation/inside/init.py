"""The first process of a container: starts the program, reaps what it leaves behind, and ends when it ends.

With this process the kernel ends all others of its PID namespace. It has no rights that the program lacks, and holds
nothing of the server: what was passed to it is closed before the program runs.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
from typing import Any

READY = b"ready"
_FORWARDED = (signal.SIGTERM, signal.SIGINT)


def run(specification: dict[str, Any], control: int, status: int) -> None:
    """Never returns."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
    if specification["endpoint_port"] and specification["network"] == "endpoint":
        _hand_over_listener(specification["endpoint_port"], control)
    program = os.fork()
    if program == 0:
        os.close(control)
        os.close(status)
        become_program(specification)
    for number in _FORWARDED:
        signal.signal(number, lambda number, _: _forward(program, number, specification["stop_group"]))
    os.write(status, READY)
    os.close(status)
    os.close(control)
    close_standard_input()
    os._exit(wait_for(program))


def become_program(specification: dict[str, Any]) -> None:
    """Turn into the run's program. Never returns."""
    for number in (*_FORWARDED, signal.SIGHUP, signal.SIGPIPE, signal.SIGALRM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
    os.setsid()
    os.umask(0o022)  # as in a container, whatever the server's own is
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if specification["maker"] != "none":  # elsewhere it would count all that the user runs
        _limit(resource.RLIMIT_NPROC, specification["processes"])
    arguments, environment = specification["arguments"], specification["environment"]
    try:
        os.chdir(specification["working_directory"])
        os.execvpe(arguments[0], arguments, environment)  # noqa: S606 (a program and its arguments, no shell)
    except OSError as error:
        print(f"{arguments[0]}: {error.strerror}", file=sys.stderr, flush=True)
        os._exit(127 if isinstance(error, FileNotFoundError) else 126)


def close_standard_input() -> None:
    """What the server writes is the program's: nobody else must keep its end of the pipe open."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def wait_for(program: int) -> int:
    """The program's exit code, 128 and the signal where one has ended it. Orphans are reaped on the way."""
    while True:
        child, status = os.wait()
        if child == program:
            return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def _forward(program: int, number: int, to_group: bool) -> None:
    try:
        (os.killpg if to_group else os.kill)(program, number)
    except ProcessLookupError:
        pass  # it has just ended


def _hand_over_listener(port: int, control: int) -> None:
    """The container's own 127.0.0.1:port, which the server answers: a socket stays in the network it was made in."""
    with (
        socket.create_server(("127.0.0.1", port), backlog=128) as listener,
        socket.socket(fileno=os.dup(control)) as connection,
    ):
        socket.send_fds(connection, [b"listener"], [listener.fileno()])


def _limit(what: int, wanted: int) -> None:
    _, most = resource.getrlimit(what)
    value = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(what, (value, value))
