"""What this machine can do to close runs in, found out by trying, and a sentence for each thing that is weaker for it.

Ways are tried from the strongest on: bubblewrap, namespaces without it, each with less where the kernel refuses; the
first that runs a program is taken. A try costs some 50 ms and is made once.
"""

from __future__ import annotations

import functools
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from localaws.isolation import bubblewrap
from localaws.isolation.control_groups import why_no_limits
from localaws.isolation.inside.container import counts_processes
from localaws.isolation.levels import ALL, Level
from localaws.isolation.machine import python_mounts, system_mounts
from localaws.isolation.process import EnclosedProcess, Network, Run
from localaws.isolation.views import view

_NONE = (
    "builds are not closed in (they see the files and processes that you see) and SageMaker jobs fail: no namespaces "
    "can be made here ({}). With root or unprivileged user namespaces they can (sysctl user.max_user_namespaces, "
    "kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)"
)
_UNBOUNDED = "the number of a run's processes is not bounded: root has no such limit without cgroups v2 here"
_LACKING = {
    "network": "jobs share this machine's network, and those with EnableNetworkIsolation fail: no network namespace "
    "can be made here ({})",
    "pid": "jobs and builds have no /proc, and what leaves their session is ended by a search, not by the kernel: no "
    "PID namespace can be made here ({})",
}


@functools.cache
def level() -> Level:
    """This machine's."""
    if sys.platform != "linux":
        return Level("none", weaknesses=(_NONE.format(f"{sys.platform} has none"),))
    found = strongest(_ways(), why_it_fails)
    limits = why_no_limits()
    if limits is None:
        return found
    unbounded = (_UNBOUNDED,) if not _bounds_processes(found) else ()
    return replace(found, weaknesses=(*found.weaknesses, limits, *unbounded))


def _bounds_processes(found: Level) -> bool:
    """Without control groups: RLIMIT_NPROC does it in a user namespace, and newer kernels count by PID namespace."""
    return os.geteuid() != 0 or (found.maker == "namespaces" and counts_processes())


def strongest(ways: Iterator[Level], why_it_fails: Callable[[Level], str | None]) -> Level:
    """The first of ``ways`` that works; its weaknesses are what the ways before it had and it has not, and why."""
    reasons: dict[str, str] = {}
    first = "no way was tried"
    for way in ways:
        why = why_it_fails(way)
        if why is None:
            lacking = [name for name in _LACKING if name not in way.namespaces]
            return replace(way, weaknesses=tuple(_LACKING[name].format(reasons.get(name, first)) for name in lacking))
        first = why if not reasons else first
        for name in way.namespaces:
            reasons[name] = why
    return Level("none", weaknesses=(_NONE.format(first),))


def _ways() -> Iterator[Level]:
    program = bubblewrap.found()
    without_network = tuple(name for name in ALL if name != "network")
    without_processes = tuple(name for name in ALL if name != "pid")
    if program:
        yield Level("bubblewrap", ALL, program)
    yield Level("namespaces", ALL)
    yield Level("namespaces", without_network)
    yield Level("namespaces", without_processes)
    yield Level("namespaces", ("mount", "uts", "ipc"))


def why_it_fails(way: Level) -> str | None:
    """None where a program runs in a container made this way."""
    with tempfile.TemporaryDirectory(prefix="localaws-") as folder:
        network: Network = "none" if "network" in way.namespaces else "machine"
        run = Run(["true"], {"PATH": "/usr/bin:/bin"}, "/", view(system_mounts(), python_mounts()), "try", network)
        process = EnclosedProcess(run, way, Path(folder))
        output, _ = process.popen.communicate()
        process.close()
        if process.popen.returncode == 0:
            return None
        said = process.problem or output.decode(errors="replace").strip().rpartition("\n")[2]
        return said or f"exit code {process.popen.returncode}"
