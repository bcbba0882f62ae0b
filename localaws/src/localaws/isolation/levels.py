"""How much a machine can do to close runs in: which namespaces, who makes them, and what is weaker for it."""

from __future__ import annotations

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

    @property
    def summary(self) -> str:
        """What makes containers here, in a few words."""
        makers = {"bubblewrap": "bubblewrap", "namespaces": "Linux namespaces", "none": "nothing"}
        return makers[self.maker]
