"""Renders a pipeline's definition in a process of its own.

The SageMaker SDK is needed only by pipelines that import it, and then in an environment of its own (``.venv-render``,
made on demand, or the interpreter that RENDER_PYTHON names). A pipeline that is a plain dict renders without it. What
is rendered is returned, and written by whoever asked for it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scripts.decisions.definition_freshness import rendered_from, uses_sdk
from scripts.errors import DefinitionError
from scripts.workspace.pipelines import PIN, pipeline_sources

ENVIRONMENT = Path(".venv-render")
TIMEOUT_SECONDS = 300
LAST_LINES = 12
Install = Callable[[Path, Path], int]
"""Brings an environment to what a requirements file pins; its exit code."""


def render(pipeline: str, install: Install, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The definition as the pipeline's sources give it now; ``install`` makes the environment with the SDK."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "definition.json"
        module = f"pipelines.{pipeline}.pipeline"
        command = [str(_interpreter(pipeline, install, environment)), "-m", "pipelines.get_pipeline_definition"]
        command += ["-n", module, "-f", str(written), "--record"]
        process = _run(command, module)
        if process.returncode or not written.exists():
            raise DefinitionError(
                f"{module} cannot be rendered.",
                found=process.stderr.strip().splitlines()[-LAST_LINES:],
                next_command=f"correct pipelines/{pipeline}/pipeline.py, then: make render",
            )
        return dict(json.loads(written.read_text(encoding="utf-8")))


def _run(command: list[str], module: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    except OSError as error:
        raise DefinitionError(
            f"{command[0]} cannot be run.", found=[str(error)], next_command="unset RENDER_PYTHON; make render"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise DefinitionError(
            f"Rendering {module} did not end within {TIMEOUT_SECONDS} s.", next_command=" ".join(command)
        ) from error


def _interpreter(pipeline: str, install: Install, environment: Mapping[str, str]) -> Path:
    if environment.get("RENDER_PYTHON"):
        return Path(environment["RENDER_PYTHON"])
    sources = pipeline_sources()
    if not uses_sdk(rendered_from(f"pipelines/{pipeline}/pipeline.py", sources), sources):
        return Path(sys.executable)
    code = install(ENVIRONMENT, Path(PIN))
    if code:
        raise DefinitionError(
            "The environment that renders pipelines could not be created.",
            found=[f"installing {PIN} ended with exit code {code}"],
            next_command=f"rm -rf {ENVIRONMENT}; make render",
        )
    return ENVIRONMENT / "bin" / "python"
