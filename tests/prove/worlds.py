"""A world of its own for one proof: a copy of a scene, an embedded AWS on it, the proxy before it, and the command.

It is thrown away afterwards, so nothing here is stopped gently. ``client`` asks the AWS directly.
"""

from __future__ import annotations

import copy
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.functional.scripts.site import EmbeddedAws, administrators
from tests.prove.end_state import State, end_state
from tests.prove.proxy import Call, Decide, Proxy, unharmed
from tests.prove.scenes import Snapshot

TIMED_OUT = 124
KILLED = -9


@dataclass(frozen=True)
class Run:
    """One run of a command: ``code`` is negative where a signal ended it."""

    code: int
    output: str
    calls: tuple[Call, ...]
    struck: tuple[Call, ...]
    seconds: float

    @property
    def last_words(self) -> str:
        return " / ".join(self.output.strip().splitlines()[-5:])[-600:]


class World:
    """``with World(snapshot) as world: world.run(decide)``."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._scratch = tempfile.TemporaryDirectory(prefix="prove-", ignore_cleanup_errors=True)
        folder = Path(self._scratch.name)
        shutil.copytree(snapshot.folder / "state", folder / "state")
        shutil.copytree(snapshot.folder / "site", folder / "site")
        self._aws = EmbeddedAws(folder)
        self.client = self._aws.client
        self.proxy = Proxy(self._aws.endpoint_url)
        self.site = copy.copy(snapshot.site)
        self.site.folder, self.site.address, self.site.client = folder / "site", self._aws.address, self._aws.client
        self._environment = {
            **snapshot.site.environment,
            "HOME": str(self.site.folder),
            "AWS_ENDPOINT_URL": self.proxy.url,
            "CODECOMMIT_CREDENTIAL_HELPER": self._aws.address.git_helper,
            **administrators(self.site.folder, self._aws.address),
        }
        self.site.environment = {**self._environment, "AWS_ENDPOINT_URL": self._aws.endpoint_url}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.proxy.stop()
        self._aws.kill()
        self._scratch.cleanup()

    def run(self, decide: Decide = unharmed, seconds: float = 900.0, through: tuple[str, ...] = ()) -> Run:
        """The scene's command to its end, whichever that is. ``through``: a module that runs it, and its arguments."""
        verb, *arguments = self._snapshot.scene.command
        self.proxy.begin(decide)
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", *through, f"scripts.verbs.{verb}", *arguments],
            cwd=self.site.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        self.proxy.may_kill(process.pid)
        try:
            output, _ = process.communicate(timeout=seconds)
            code = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
            code = TIMED_OUT
        took = time.monotonic() - began
        return Run(code, output, tuple(self.proxy.calls), tuple(self.proxy.struck), took)

    def end_state(self) -> State:
        self._settle()
        return end_state(self.client)

    def _settle(self, seconds: float = 60.0) -> None:
        """Wait until no execution runs: a killed command leaves its own, and what is left of it ends by itself."""
        end = time.monotonic() + seconds
        while self._at_work() and time.monotonic() < end:
            time.sleep(0.1)

    def _at_work(self) -> bool:
        health: dict[str, Any] = self._aws.address.page("/_localaws/health")
        return bool(health.get("at_work"))
