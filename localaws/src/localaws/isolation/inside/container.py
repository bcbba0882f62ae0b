"""Makes a run's container by Linux namespaces: its own file system, processes, host name and network.

Called in the process that becomes the container's first. It never returns to the machine: after ``enter`` that process
sees what the specification names and nothing else. Where bubblewrap is installed, bubblewrap does all this instead.
"""

from __future__ import annotations

import os
import stat
from typing import Any

from localaws.isolation.inside import system_calls as system

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_DEVICE_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
# Settings of the whole machine, which root may write without any capability.
READ_ONLY_IN_PROC = ("sys", "sysrq-trigger", "irq", "bus", "fs")
HIDDEN_IN_PROC = ("kcore", "keys", "timer_list", "latency_stats")
_FLAGS = {
    "mount": system.CLONE_NEWNS,
    "uts": system.CLONE_NEWUTS,
    "ipc": system.CLONE_NEWIPC,
    "network": system.CLONE_NEWNET,
}


def become_owner(specification: dict[str, Any]) -> None:
    """Get the right to make namespaces (a user namespace, where this is not root), and a PID namespace for the next
    child. Called before the fork."""
    wanted = system.CLONE_NEWPID if "pid" in specification["namespaces"] else 0
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        try:
            # Whether root may at all is seen by the first one: in many containers it may not.
            system.unshare(wanted | system.CLONE_NEWNS, "root may make no namespaces")
            return
        except OSError:
            pass
    system.unshare(wanted | system.CLONE_NEWUSER, "no user namespace can be made (unshare)")
    inside = specification["user"]
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{inside} {user} 1")
    _write("/proc/self/gid_map", f"{inside if inside == 0 else group} {group} 1")


def enter(specification: dict[str, Any]) -> None:
    """Close this process in. Raises OSError where that is impossible."""
    flags = 0
    for name in specification["namespaces"]:
        flags |= _FLAGS.get(name, 0)
    system.unshare(flags, "no namespaces can be made (unshare)")
    system.make_private()
    root = specification["staging"]
    system.mount("tmpfs", root, "tmpfs", system.MS_NOSUID | system.MS_NODEV, "mode=755")
    for kind, target, source in specification["mounts"]:
        _place(kind, root + target, source, root)
    _make_devices(root + "/dev")
    if "pid" in specification["namespaces"]:
        _make_proc(root + "/proc", specification["processes"])
    system.change_root(root)
    if specification["host_name"]:
        system.set_host_name(specification["host_name"])
    if "network" in specification["namespaces"]:
        system.raise_loopback()
    system.drop_capabilities()


def _place(kind: str, target: str, source: str, root: str) -> None:
    if kind == "link":
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.symlink(source, target)
        return
    _make_place(target, source if kind in ("read-only", "own", "hidden") else "", root)
    if kind == "empty":
        system.mount("tmpfs", target, "tmpfs", system.MS_NOSUID | system.MS_NODEV, "mode=755")
        return
    system.mount(source, target, None, system.MS_BIND | system.MS_REC)
    system.restrict(target, read_only=kind != "own")


def _make_place(target: str, source: str, root: str) -> None:
    """Something to mount on. Never outside of ``root``, wherever links lead."""
    is_file = bool(source) and not os.path.isdir(source)
    parent = os.path.dirname(target) if is_file else target
    if not (os.path.realpath(parent) + "/").startswith(f"{root}/"):
        raise OSError(f"{target.removeprefix(root)} leads out of the container")
    os.makedirs(parent, exist_ok=True)
    if is_file and not os.path.exists(target):
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW, 0o644))


def _make_devices(folder: str) -> None:
    os.makedirs(folder)
    system.mount("tmpfs", folder, "tmpfs", system.MS_NOSUID, "mode=755")
    for name in _DEVICES:
        place = f"{folder}/{name}"
        os.close(os.open(place, os.O_CREAT | os.O_WRONLY, 0o644))
        system.mount(f"/dev/{name}", place, None, system.MS_BIND)
    for name in ("shm", "pts"):
        os.mkdir(f"{folder}/{name}")
    system.mount("tmpfs", f"{folder}/shm", "tmpfs", system.MS_NOSUID | system.MS_NODEV, "mode=1777")
    system.mount("devpts", f"{folder}/pts", "devpts", system.MS_NOSUID, "newinstance,ptmxmode=0666,mode=620")
    for name, leads_to in _DEVICE_LINKS.items():
        os.symlink(leads_to, f"{folder}/{name}")


def _make_proc(folder: str, processes: int) -> None:
    os.makedirs(folder)
    system.mount("proc", folder, "proc", system.MS_NOSUID | system.MS_NODEV | system.MS_NOEXEC)
    if processes and counts_processes():
        try:
            _write(f"{folder}/sys/kernel/pid_max", str(processes))
        except OSError:
            pass  # RLIMIT_NPROC counts the processes of a user namespace besides
    for name in READ_ONLY_IN_PROC:
        place = f"{folder}/{name}"
        if os.path.exists(place):
            system.mount(place, place, None, system.MS_BIND | system.MS_REC)
            system.restrict(place, read_only=True)
    for name in HIDDEN_IN_PROC:
        place = f"{folder}/{name}"
        if os.path.exists(place) and stat.S_ISREG(os.stat(place).st_mode):
            system.mount("/dev/null", place, None, system.MS_BIND)


def counts_processes() -> bool:
    """Whether kernel.pid_max is a PID namespace's own; before Linux 6.14 it is the whole machine's."""
    numbers = os.uname().release.split("-")[0].split(".")[:2]
    return tuple(int(number) for number in numbers if number.isdigit()) >= (6, 14)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)
