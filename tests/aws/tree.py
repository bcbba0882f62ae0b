"""A copy of this repository for one day: its own project name, its own stage files, and one tiny pipeline.

The clone itself is never changed. Accounts, region and network are those of the clone's stage files; the team's
pipelines, ``examples/`` and ``localaws/`` stay behind.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from scripts.decisions.stage_settings import StageSettings
from scripts.workspace.toolchain_file import toolchain_settings

ROOT = Path(__file__).parents[2]
PIPELINE = "first_day"
ROWS = 200
_LEFT_BEHIND = ("localaws", "examples", "pipelines", "stages")
_SETTINGS = {
    "model_package_group": "",
    "schedule": "1 day",
    "processing": {"instance_type": "ml.m5.large"},
    "inference": {"instance_type": "ml.m5.large"},
    "verification": {"minimum_rows": ROWS, "minimum": 0.0, "maximum": 1000.0},
    "transform": {"content_type": "text/csv", "accept": "text/csv", "split_type": "Line", "join_source": "Input"},
}


@dataclass(frozen=True)
class Tree:
    """``stages``: by name, the settings that the clone has for them."""

    folder: Path
    project: str
    stages: Mapping[str, StageSettings]

    @property
    def group(self) -> str:
        return f"{self.project}-models"

    @property
    def first(self) -> StageSettings:
        return next(iter(self.stages.values()))

    def bucket(self, stage: str) -> str:
        settings = self.stages[stage]
        return f"{self.project}-{stage}-{settings.account}-{settings.region}"

    def stack(self, stage: str) -> str:
        return f"{self.project}-{PIPELINE.replace('_', '-')}-{stage}"

    def write(self) -> None:
        """Everything but git: whoever needs a commit makes it."""
        _copy_files(self.folder)
        _copy_machinery(self.folder)
        pipeline = self.folder / "pipelines" / PIPELINE
        shutil.copytree(ROOT / "tests/aws/tiny_pipeline", pipeline, ignore=shutil.ignore_patterns("__pycache__"))
        (pipeline / "settings.yml").write_text(yaml.safe_dump({**_SETTINGS, "model_package_group": self.group}))
        for name, settings in self.stages.items():
            (self.folder / "stages" / f"{name}.yml").write_text(yaml.safe_dump(self._stage_file(name, settings)))
        boundary = toolchain_settings(ROOT).toolchain.get("PermissionsBoundaryArn")
        if boundary:
            bounded = {"toolchain": {"PermissionsBoundaryArn": boundary}}
            (self.folder / "stages/toolchain.yml").write_text(yaml.safe_dump(bounded))

    def _stage_file(self, name: str, settings: StageSettings) -> dict[str, object]:
        return {
            "account": settings.account,
            "dev_account": settings.dev_account,
            "region": settings.region,
            "project": {"name": self.project, "id": "p-firstday"},
            "pipeline": PIPELINE,
            "deployed_by_hand": settings is self.first,  # prod by its CodePipeline alone, as it should be
            "network": settings.network.model_dump(),
            "foundation": dict(settings.foundation),  # a permissions boundary, where the accounts ask for one
        }


def model_archive(version: int) -> bytes:
    """A model.tar.gz; each version has other weights."""
    served = (ROOT / "tests/aws/tiny_model/inference.py").read_bytes()
    files = {"weights.json": json.dumps([0.5, float(version)]).encode(), "code/inference.py": served}
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def input_rows() -> bytes:
    """A record id and two numbers a row, without a header."""
    return "".join(f"R{number:04},{number % 10},{number % 7}\n" for number in range(ROWS)).encode()


def _copy_files(folder: Path) -> None:
    """The files that git knows, as they are now."""
    apart = [f":!{name}" for name in _LEFT_BEHIND]
    names = subprocess.run(["git", "ls-files", "-z", ".", *apart], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, names.decode().split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)


def _copy_machinery(folder: Path) -> None:
    """What pipelines/ and stages/ have that is nobody's pipeline or stage."""
    for name in ("pipelines", "stages"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for path in (ROOT / name).iterdir():
            if path.is_file() and path.suffix != ".yml":
                shutil.copy2(path, folder / name / path.name)
    tabular = ROOT / "pipelines/tabular"
    shutil.copytree(tabular, folder / "pipelines/tabular", ignore=shutil.ignore_patterns("__pycache__"))
