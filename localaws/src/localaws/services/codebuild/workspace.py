"""The folders of one build: ``src`` (CODEBUILD_SRC_DIR), ``home`` (HOME), ``tmp`` and a scratch folder of its own.

The path depends on the project and not on the build, so that what a cache keeps (a Python environment, say, which
has paths written into it) is where it was; builds at the same time have different ones. On AWS the path is
``/codebuild/output/src<number>/src``.
"""

from __future__ import annotations

import re
import shutil
import uuid
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from localaws.services.codebuild.caches import LocalCache
from localaws.services.codebuild.records import BuildRecord

_RUNNING = "codebuild"
_CACHES = "codebuild-caches"


@dataclass
class Workspace:
    root: Path
    cache: LocalCache
    granted: dict[str, str] = field(default_factory=dict)  # the credentials' variables, to be revoked at the end

    @classmethod
    def create(cls, work_directory: Path, record: BuildRecord) -> Workspace:
        """New folders in the project's first place that no running build has."""
        project = _project_folder(record.account, record.region, record.id.rpartition(":")[0])
        base = work_directory.resolve() / _RUNNING / project
        base.mkdir(parents=True, exist_ok=True)
        for number in count(1):
            root = base / f"src{number}"
            try:
                root.mkdir()
            except FileExistsError:
                continue
            break
        workspace = cls(root, LocalCache(work_directory.resolve() / _CACHES / project, base))
        for folder in (workspace.source, workspace.home, workspace.temporary, workspace.node, workspace.scratch):
            folder.mkdir()
        return workspace

    def set_aside(self) -> Path:
        """Give the place to the next build; where the folders are now, to be removed."""
        aside = self.root.with_name(f"ended-{uuid.uuid4().hex}")
        self.root.rename(aside)
        return aside

    @property
    def source(self) -> Path:
        return self.root / "src"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def temporary(self) -> Path:
        return self.root / "tmp"

    @property
    def python(self) -> Path:
        return self.root / "python"

    @property
    def node(self) -> Path:
        return self.root / "node"

    @property
    def scratch(self) -> Path:
        return self.root / "agent"

    def secondary(self, name: str) -> Path:
        return self.root / f"secondary-{name}"


def cache_of(work_directory: Path, account: str, region: str, project: str) -> LocalCache:
    folder = _project_folder(account, region, project)
    return LocalCache(work_directory.resolve() / _CACHES / folder, work_directory.resolve() / _RUNNING / folder)


def remove_leftovers(work_directory: Path) -> None:
    """Remove the folders of builds that a former server was killed in; caches stay."""
    shutil.rmtree(work_directory / _RUNNING, ignore_errors=True)


def _project_folder(account: str, region: str, project: str) -> str:
    return f"{account}-{region}-{re.sub(r'[^A-Za-z0-9_-]', '_', project)}"
