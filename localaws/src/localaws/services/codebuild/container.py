"""What a build sees: its own folders, the tools of this machine and how to reach package registries; nothing else.

Its folders have the same paths inside as outside, since what a cache keeps has paths written into it. It has this
machine's network, because builds install packages.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from localaws.isolation.enclosure import Enclosure
from localaws.isolation.host_names import hosts_mounts
from localaws.isolation.limits import NO_LIMITS, Limits
from localaws.isolation.machine import read_only
from localaws.isolation.process import EnclosedProcess, Run
from localaws.isolation.views import Mount, View

_HOST_NAME = "codebuild"
_GRACE_SECONDS = 2


@dataclass(frozen=True)
class BuildContainer:
    """``own`` are the build's folders, which ``directory`` (where its shell starts) lies in; ``shown`` it may read.

    ``agent`` is the server's: of it the build sees ``commands``, and may write ``saved``.
    """

    enclosure: Enclosure
    directory: Path
    environment: dict[str, str]
    agent: Path
    own: tuple[Path, ...]
    shown: tuple[Path, ...] = ()
    temporary: Path | None = None
    limits: Limits = NO_LIMITS

    @property
    def commands(self) -> Path:
        return self.agent / "commands"

    @property
    def saved(self) -> Path:
        return self.agent / "saved"

    @cached_property
    def view(self) -> View:
        for folder in (self.commands, self.saved):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o755)
        places = [(path, path) for path in (*self.own, self.saved)]
        if self.temporary:
            places += [(Path("/tmp"), self.temporary), (Path("/var/tmp"), self.temporary)]  # noqa: S108 (the build's own)
        own = [Mount("own", str(target), os.path.realpath(source)) for target, source in places]
        own.append(Mount("read-only", str(self.commands), os.path.realpath(self.commands)))
        own += hosts_mounts(self.agent, {_HOST_NAME: "127.0.1.1"}, keep_machines=True)
        return self.enclosure.view(own, read_only(self.shown))

    def shows(self, path: Path) -> bool:
        """Whether the build sees the file that this path leads to, wherever links of the build lead."""
        return self.view.shows(os.path.realpath(path))

    def launch(self, arguments: Sequence[str], folder: Path) -> EnclosedProcess:
        """Start a program with a pipe as its standard input; ``folder`` is for what the build does not see."""
        run = Run(
            arguments,
            self.environment,
            str(self.directory),
            self.view,
            _HOST_NAME,
            root=False,
            grace_seconds=_GRACE_SECONDS,
            stop_group=True,
            limits=self.limits,
        )
        return self.enclosure.start(run, folder, subprocess.PIPE)
