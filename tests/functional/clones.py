"""A copy of this repository's tracked files in a folder of its own, with an embedded AWS of its own.

The environment is the tests' own instead of a new .venv; everything else is what make runs. ``localaws/`` is never
copied: what the environment has of it was installed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class Clone:
    def __init__(self, folder: Path, port: int = 0, without: tuple[str, ...] = ()) -> None:
        """``without``: folders that a team has deleted."""
        self.folder = folder
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "LOCALAWS_PORT": str(port),
            # What a user may have in the shell, and must not matter.
            "AWS_PROFILE": "somebody",
            "AWS_SESSION_TOKEN": "of another account",
        }
        deleted = [f":!{name}" for name in ("localaws", *without)]
        files = subprocess.run(["git", "ls-files", "-z", ".", *deleted], cwd=ROOT, capture_output=True, check=True)
        archive = subprocess.run(
            ["tar", "-cf", "-", "--null", "-T", "-"], cwd=ROOT, input=files.stdout, capture_output=True, check=True
        )
        subprocess.run(["tar", "-xf", "-"], cwd=folder, input=archive.stdout, check=True)

    def python(self, *arguments: str, seconds: float = 240) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
        )

    def local(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "scripts.verbs.local", *arguments)

    def run(self, verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A verb as make runs it where CLOUD is local."""
        return self.local("run", "--", sys.executable, "-m", f"scripts.verbs.{verb}", *arguments)

    def json(self, verb: str, *arguments: str) -> dict[str, Any]:
        """What a verb answers as JSON; it must succeed."""
        done = self.run(verb, *arguments, "--output", "json")
        assert done.returncode == 0, done.stderr[-3000:]
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def address(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / ".localaws/address.json").read_text())
        return found
