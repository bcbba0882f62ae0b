"""The same container as ``inside/container.py`` makes, in the words of bubblewrap (https://github.com/containers/bubblewrap).

Pure, but for the search of the program.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

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
    return [*made, "--proc", "/proc", "--dev", "/dev", "--chdir", "/", "--", *inside]


def _words(mount: Mount) -> list[str]:
    if mount.kind == "empty":
        return ["--tmpfs", mount.target]
    return [_WORDS[mount.kind], mount.source, mount.target]
