"""The same container as ``inside/container.py`` makes, in the words of bubblewrap (https://github.com/containers/bubblewrap).

Pure, but for the search of the program.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

from localaws.isolation.inside.container import HIDDEN_IN_PROC, READ_ONLY_IN_PROC
from localaws.isolation.views import Mount, View

_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "NET_BIND_SERVICE")
_WORDS = {"read-only": "--ro-bind", "own": "--bind", "hidden": "--ro-bind", "link": "--symlink"}


def found() -> str | None:
    """The path of the program, None where it is not installed."""
    return shutil.which("bwrap")


def arguments(
    program: str, view: View, namespaces: Sequence[str], host_name: str, user: int, inside: Sequence[str]
) -> list[str]:
    """The command that makes the container and runs ``inside`` as its first process, with ``user`` as its id there."""
    made = [program, "--die-with-parent", "--as-pid-1", "--unshare-ipc", "--unshare-pid", "--unshare-uts"]
    made += ["--unshare-net"] if "network" in namespaces else []
    made += ["--hostname", host_name] if host_name else []
    if os.geteuid() == 0:
        made += ["--cap-drop", "ALL", *(word for name in _CAPABILITIES for word in ("--cap-add", f"CAP_{name}"))]
    else:
        made += ["--unshare-user", "--uid", str(user), "--gid", str(0 if user == 0 else os.getegid())]
    for mount in view.mounts:
        made += _words(mount)
    made += ["--proc", "/proc", *_settings_of_the_machine(), "--dev", "/dev"]
    return [*made, "--chdir", "/", "--", *inside]


def _settings_of_the_machine() -> list[str]:
    """bubblewrap leaves root's /proc/sys writable, which needs no capability: it is laid over, as Docker does."""
    made = []
    for name in READ_ONLY_IN_PROC:
        if os.path.exists(f"/proc/{name}"):
            made += ["--ro-bind", f"/proc/{name}", f"/proc/{name}"]
    for name in HIDDEN_IN_PROC:
        if os.path.isfile(f"/proc/{name}"):
            made += ["--ro-bind", os.devnull, f"/proc/{name}"]
    return made


def _words(mount: Mount) -> list[str]:
    if mount.kind == "empty":
        return ["--tmpfs", mount.target]
    return [_WORDS[mount.kind], mount.source, mount.target]
