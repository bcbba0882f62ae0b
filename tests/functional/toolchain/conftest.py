"""A small CodePipeline under the name that the verbs look for: a source, an approval, a build."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.functional.conftest import DEV, PREPROD, REGION
from tests.functional.scripts.site import ROOT
from tests.functional.server_process import ServerProcess
from tests.functional.toolchain.workshop import Workshop, action
from tests.functional.warm_python import run_verb

BUILDSPEC = """
version: 0.2
phases:
  build:
    commands: [echo measuring the model, "{command}"]
"""

STAGE = f"""
account: "{PREPROD}"
dev_account: "{DEV}"
region: {REGION}
project: {{ name: replaced-by-the-environment, id: p-desk }}
pipeline: berths
model_package_group: models
processing: {{ instance_type: ml.m5.large }}
inference: {{ instance_type: ml.m5.large }}
"""


@dataclass
class Desk:
    """Where a verb is called from: a folder with stage files, and the environment that leads to the CodePipeline."""

    workshop: Workshop
    folder: Path
    environment: dict[str, str]

    def command(self, verb: str, *arguments: str) -> list[str]:
        return [sys.executable, "-m", f"scripts.verbs.{verb}", *arguments]

    def run(self, verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_verb(verb, arguments, self.folder, self.environment, 60)

    def declare(self, command: str = "true", *, rolls_back: bool = False) -> str:
        """Create the CodePipeline, whose build runs ``command`` after the approval; the id of its first execution."""
        project = self.workshop.project("work", BUILDSPEC.format(command=command))
        approval = action(
            "Approval",
            "Manual",
            runOrder=1,
            timeoutInMinutes=60,
            configuration={
                "CustomData": "Release of #{Source.VersionId}",
                "ExternalEntityLink": "https://example.com/evidence",
            },
        )
        build = action("Build", "CodeBuild", runOrder=2, inputs=["Source"], configuration={"ProjectName": project})
        self.workshop.put_source({"a.txt": "a"})
        declaration = self.workshop.declare([approval, build], executionMode="QUEUED")
        if rolls_back:
            declaration["stages"][1]["onFailure"] = {"result": "ROLLBACK"}
        return self.workshop.create(declaration)

    def follow_advice(self, stderr: str) -> subprocess.CompletedProcess[str]:
        """Run the command that the output names as the next one."""
        line = next(line for line in stderr.splitlines() if line.strip().startswith("next:"))
        target, *variables = shlex.split(line.partition("next:")[2].partition("#")[0])[1:]
        (arguments,) = [each.removeprefix("ARGS=") for each in variables if each.startswith("ARGS=")] or [""]
        return self.run(target, *shlex.split(arguments))

    def mend(self, command: str) -> None:
        """Give the build another command."""
        source = {"type": "CODEPIPELINE", "buildspec": BUILDSPEC.format(command=command)}
        self.workshop.client("codebuild").update_project(name=f"{self.workshop.name}-work", source=source)


@pytest.fixture
def desk(client: Callable[..., Any], server: ServerProcess, unique: str, tmp_path: Path) -> Desk:
    for folder in ("stages", "pipelines/berths"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "stages/preprod.yml").write_text(STAGE)
    (tmp_path / "pipelines/berths/pipeline.py").touch()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "AWS_ENDPOINT_URL": server.endpoint_url,
        "AWS_ACCESS_KEY_ID": DEV,
        "AWS_SECRET_ACCESS_KEY": server.secret(DEV),
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAGEMAKER_PROJECT_NAME": unique,
    }
    return Desk(Workshop.open(client, f"{unique}-berths"), tmp_path, environment)
