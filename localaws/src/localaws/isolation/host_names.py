"""The run's own /etc/hosts: its name, and those of its neighbours where it has some."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from localaws.isolation.views import Mount

_HOSTS = Path("/etc/hosts")
_ALONE = "127.0.0.1 localhost\n::1 localhost\n"


def hosts_mounts(folder: Path, addresses: Mapping[str, str], keep_machines: bool = False) -> list[Mount]:
    """The mount of a file that is written to ``folder``; ``keep_machines`` keeps what this machine's own file says.

    None where this machine has a link there, which leads to where a run sees nothing.
    """
    if _HOSTS.is_symlink():
        return []
    known = _HOSTS.read_text(errors="replace") if keep_machines and _HOSTS.is_file() else _ALONE
    file = folder / "hosts"
    file.write_text(f"{known.rstrip()}\n" + "".join(f"{address} {name}\n" for name, address in addresses.items()))
    file.chmod(0o644)
    return [Mount("read-only", str(_HOSTS), os.path.realpath(file))]
