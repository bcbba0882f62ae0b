"""What this machine can do to close runs in, found out by doing it once, and a sentence for each thing that is weaker."""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from typing import Literal

Maker = Literal["bubblewrap", "namespaces", "none"]
ALL = ("mount", "pid", "uts", "ipc", "network")


@dataclass(frozen=True)
class Level:
    """``maker`` makes containers with ``namespaces``; ``program`` is bubblewrap's path where it is the maker."""

    maker: Maker
    namespaces: tuple[str, ...] = ()
    program: str = ""
    weaknesses: tuple[str, ...] = ()

    def namespaces_for(self, own_network: bool) -> list[str]:
        return [name for name in self.namespaces if own_network or name != "network"]

    @property
    def has_file_systems(self) -> bool:
        return "mount" in self.namespaces


@functools.cache
def level() -> Level:
    if sys.platform != "linux":
        return Level("none")
    return Level("namespaces", ALL)
