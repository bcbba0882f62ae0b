"""What runs between localaws and a job's program: gives the program its /opt/ml, and ends whatever it leaves behind.

Started as ``python -I -S container_entry.py '<json>'`` with ::

    {"directory": "becomes /opt/ml", "staging": "an empty directory", "working_directory": "...",
     "problem_file": "written where the container cannot be made", "usage_file": "written at the end",
     "arguments": ["python3", "..."],
     "parent": 4711, "grace_seconds": 10, "isolate_network": false}

The program runs in a mount namespace of its own, as root of a user namespace where localaws is not root itself. This
process stays as its supervisor: SIGTERM is passed on, and after the grace period everything is killed; SIGHUP, which
the kernel sends when localaws dies, kills everything at once. It imports nothing of localaws: it is a script.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import signal
import socket
import struct
import sys
from pathlib import Path
from typing import Any

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
_HANDLED = (signal.SIGHUP, signal.SIGTERM, signal.SIGALRM)
OPT, OPT_ML = Path("/opt"), Path("/opt/ml")

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> int:
    specification = json.loads(sys.argv[1])
    # Until the supervisor has its handlers: a signal that came between would leave the program without supervisor.
    signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
    program = os.fork()
    if program == 0:
        _become_program(specification)
    return _supervise(program, specification)


def _become_program(specification: dict[str, Any]) -> None:
    """Make the container and turn into its program. Never returns."""
    try:
        os.setsid()
        _enter_namespaces(specification["isolate_network"])
        _mount_opt_ml(specification["directory"], Path(specification["staging"]))
        _check(_libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL), "prctl")
        os.chdir(specification["working_directory"])
    except OSError as error:
        Path(specification["problem_file"]).write_text(str(error))
        os._exit(125)
    arguments = specification["arguments"]
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
    try:
        os.execvp(arguments[0], arguments)  # noqa: S606 (a program and its arguments, no shell)
    except OSError as error:
        print(f"{arguments[0]}: {error.strerror}", file=sys.stderr, flush=True)
        os._exit(127 if isinstance(error, FileNotFoundError) else 126)


def _enter_namespaces(isolate_network: bool) -> None:
    wanted = CLONE_NEWNS | (CLONE_NEWNET if isolate_network else 0)
    user, group = os.geteuid(), os.getegid()
    if user != 0 or _libc.unshare(wanted) != 0:
        _check(_libc.unshare(wanted | CLONE_NEWUSER), "no user namespace can be made (unshare)")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    if isolate_network:
        _raise_loopback()


def _mount_opt_ml(directory: str, staging: Path) -> None:
    if OPT_ML.is_dir():
        _mount(directory, str(OPT_ML), None, MS_BIND)
        return
    if not OPT.is_dir():
        raise FileNotFoundError("this machine has no /opt directory, where a job's /opt/ml could be put")
    # What is in /opt stays visible: Python itself may live there.
    _mount("tmpfs", str(staging), "tmpfs", 0)
    for entry in OPT.iterdir():
        place = staging / entry.name
        if entry.is_symlink():
            place.symlink_to(entry.readlink())
            continue
        if entry.is_dir():
            place.mkdir()
        else:
            place.touch()
        _mount(str(entry), str(place), None, MS_BIND | MS_REC)
    (staging / "ml").mkdir()
    _mount(directory, str(staging / "ml"), None, MS_BIND)
    _mount(str(staging), str(OPT), None, MS_BIND | MS_REC)


def _raise_loopback() -> None:
    """A container without network still has its own 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        flags_up = struct.pack("16sh14x", b"lo", 1)
        fcntl.ioctl(control, 0x8914, flags_up)  # SIOCSIFFLAGS


def _mount(source: str | None, target: str, kind: str | None, flags: int) -> None:
    encoded = [text.encode() if text is not None else None for text in (source, target, kind)]
    _check(_libc.mount(*encoded, ctypes.c_ulong(flags), None), f"mount at {target}")


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _supervise(program: int, specification: dict[str, Any]) -> int:
    def kill_everything(*_: object) -> None:
        _kill_descendants(program)
        _write_usage(specification["usage_file"])
        os._exit(128 + signal.SIGKILL)

    def stop(*_: object) -> None:
        signal.alarm(specification["grace_seconds"])
        with contextlib.suppress(ProcessLookupError):
            os.kill(program, signal.SIGTERM)

    signal.signal(signal.SIGHUP, kill_everything)
    signal.signal(signal.SIGALRM, kill_everything)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGHUP)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    if os.getppid() != specification["parent"]:
        kill_everything()
    os.closerange(0, 1)
    os.closerange(3, 1024)
    while True:
        child, status = os.wait()
        if child == program:
            break
    _kill_descendants(program)
    _write_usage(specification["usage_file"])
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def _write_usage(file: str) -> None:
    """What the program and its descendants used in all; the memory is that of the largest process."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    usage = {"cpu_seconds": used.ru_utime + used.ru_stime, "resident_bytes": used.ru_maxrss * 1024}
    with contextlib.suppress(FileNotFoundError):  # the job's files are gone where localaws died and began anew
        Path(file).write_text(json.dumps(usage))


def _kill_descendants(program: int) -> None:
    """Kill the program's session, then every orphan: this process is the one that inherits them."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(program, signal.SIGKILL)
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    while True:
        for child in children.read_text().split() if children.exists() else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        try:
            os.wait()
        except ChildProcessError:
            return


if __name__ == "__main__":
    sys.exit(main())
