"""A copy of this repository's tracked files in a folder of its own, with an embedded AWS of its own.

The environment is the tests' own instead of a new .venv; everything else is what make runs. ``localaws/`` is never
copied: what the environment has of it was installed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from scripts.decisions.definition_binding import definition_text
from scripts.decisions.definition_freshness import sealed
from scripts.workspace.pipelines import current_digests

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

    def add_pipeline(self, name: str, source: str, group: str) -> None:
        """A pipeline of a team's own, rendered, as the one that stages mean. ``source``: of a plain dictionary."""
        folder = self.folder / "pipelines" / name
        folder.mkdir()
        (folder / "__init__.py").touch()
        (folder / "pipeline.py").write_text(source)
        machine = {"instance_type": "ml.m5.large"}
        settings = {"model_package_group": group, "processing": machine, "inference": machine}
        (folder / "settings.yml").write_text(json.dumps(settings))
        for path in (self.folder / "stages").glob("pr*.yml"):
            path.write_text(re.sub(r"^pipeline:.*$", f"pipeline: {name}", path.read_text(), flags=re.MULTILINE))
        scope: dict[str, Any] = {}
        exec(source, scope)
        rendered = sealed(scope["get_pipeline"](), current_digests(name, self.folder))
        (folder / "definition.json").write_text(definition_text(rendered))

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
