"""The Linux system calls that close a process in and that Python does not have; each raises OSError with what it did.

It decides nothing: which calls are made, and in which order, ``container`` knows.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 24, 36, 38
# The capabilities of a container's root, as Docker gives them, without those to make devices, raw packets and roots.
KEPT_CAPABILITIES = {0, 1, 3, 4, 5, 6, 7, 8, 10}  # CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP BIND

_MNT_DETACH = 2
_MOUNT_SETATTR = 442  # the same number on every architecture
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_ATTR_RDONLY, _ATTR_NOSUID, _ATTR_NODEV = 1, 2, 4
_CAPABILITY_VERSION_3 = 0x20080522
_SIOCSIFFLAGS = 0x8914

_libc = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int, what: str) -> None:
    _check(_libc.unshare(flags), what)


def mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    """``kind`` None for a bind."""
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    _check(_libc.mount(*encoded, ctypes.c_ulong(flags), os.fsencode(data) or None), f"mount at {target}")


def make_private() -> None:
    """What is mounted from now on is seen in this mount namespace alone."""
    _check(_libc.mount(None, b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None), "mounts cannot be made private")


def restrict(target: str, read_only: bool, devices: bool = False) -> None:
    """Take rights from a mount and all mounts below it: set-user-id, devices, and writing."""
    wanted = _ATTR_NOSUID | (0 if devices else _ATTR_NODEV) | (_ATTR_RDONLY if read_only else 0)
    attributes = struct.pack("QQQQ", wanted, 0, 0, 0)
    result = _libc.syscall(
        _MOUNT_SETATTR, _AT_FDCWD, os.fsencode(target), _AT_RECURSIVE, attributes, ctypes.c_size_t(len(attributes))
    )
    _check(result, f"{target} cannot be made read-only (mount_setattr, Linux 5.12 and newer)")


def change_root(root: str) -> None:
    """Make ``root`` the root of this mount namespace, and let go of all that was there."""
    os.chdir(root)
    _check(_libc.syscall(_pivot_root_number(), b".", b"."), "pivot_root")
    _check(_libc.umount2(b".", _MNT_DETACH), "the former root cannot be let go")
    os.chdir("/")


def set_host_name(name: str) -> None:
    encoded = name.encode()
    _check(_libc.sethostname(encoded, len(encoded)), "sethostname")


def die_with_parent(number: int) -> None:
    _check(_libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0), "prctl")


def inherit_orphans() -> None:
    """Where the kernel has it (Linux): this process becomes the parent of what its descendants leave behind."""
    if hasattr(_libc, "prctl"):
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def drop_capabilities() -> None:
    """Keep ``KEPT_CAPABILITIES`` alone, for this process and whatever it executes; no program gives others back."""
    _check(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    for number in range(64):
        if number not in KEPT_CAPABILITIES and _libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0:
            break  # there are no further ones
    kept = sum(1 << number for number in KEPT_CAPABILITIES)
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    data = struct.pack("IIIIII", kept, kept, 0, 0, 0, 0)
    _check(_libc.capset(header, data), "capset")


def raise_loopback() -> None:
    """A network namespace begins with an interface lo that is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", 1))


def _pivot_root_number() -> int:
    machine = os.uname().machine
    numbers = {"x86_64": 155, "i686": 217, "armv7l": 218, "ppc64le": 203, "s390x": 217}
    return numbers.get(machine, 41)  # 41 on aarch64, riscv64 and all that came later


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
