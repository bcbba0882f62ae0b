"""``render``: write each definition.json whose sources changed; with ``--check`` only say which are stale.

The SageMaker SDK is needed only when something is to be rendered, and then in an environment of its own
(``.venv-render``, made on demand, or the interpreter that RENDER_PYTHON names). A pipeline that is a plain dict
renders without it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.decisions.definition_binding import definition_text
from scripts.decisions.definition_freshness import definition_freshness, rendered_from, sealed, uses_sdk
from scripts.errors import DefinitionError
from scripts.terminal import command_line
from scripts.verbs.install import install
from scripts.workspace.pipelines import (
    PIN,
    current_digests,
    definition_path,
    not_fresh,
    pipeline_names,
    pipeline_sources,
    read_definition,
    require_pipeline,
    stage_regions,
)

ENVIRONMENT = Path(".venv-render")
TIMEOUT_SECONDS = 300
LAST_LINES = 12


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when all is fresh now, 10 when a definition is stale (--check) or cannot be rendered."""
    parser = command_line.argument_parser("scripts.verbs.render", __doc__ or "", stage=False)
    parser.add_argument("--pipeline", help="a folder in pipelines/; left out: all")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a definition is not fresh")
    parser.add_argument("--force", action="store_true", help="render even what is fresh")
    options = parser.parse_args(arguments)
    if options.pipeline:
        require_pipeline(options.pipeline)
    names = [options.pipeline] if options.pipeline else pipeline_names()
    results = [_check(name) if options.check else _render(name, options.force) for name in names]
    if options.output == "json":
        command_line.print_json({"definitions": results})
    else:
        for result in results:
            print(f"{result['path']}: {result['state']}")
    return 0


def _check(pipeline: str) -> dict[str, Any]:
    freshness = definition_freshness(read_definition(pipeline), current_digests(pipeline))
    if not freshness.is_fresh:
        raise not_fresh(pipeline, freshness)
    return _result(pipeline, "fresh")


def _render(pipeline: str, force: bool) -> dict[str, Any]:
    digests = current_digests(pipeline)
    freshness = definition_freshness(read_definition(pipeline), digests)
    if freshness.is_fresh and not force:
        return _result(pipeline, "fresh")
    path = definition_path(pipeline)
    print(f"Rendering {path}: {'; '.join(freshness.reasons) or 'asked for'} ...", file=sys.stderr)
    text = definition_text(sealed(render(pipeline), digests))
    unfinished = path.with_suffix(".json.unfinished")
    unfinished.write_bytes(text.encode())
    unfinished.replace(path)
    return _result(pipeline, "rendered")


def render(pipeline: str, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The definition as the pipeline's sources give it now, rendered in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "definition.json"
        module = f"pipelines.{pipeline}.pipeline"
        command = [str(_interpreter(pipeline, environment)), "-m", "pipelines.get_pipeline_definition"]
        command += ["-n", module, "-f", str(written), "--regions", *stage_regions()]
        try:
            process = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
        except OSError as error:
            raise DefinitionError(
                f"{command[0]} cannot be run.", found=[str(error)], next_command="unset RENDER_PYTHON; make render"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise DefinitionError(
                f"Rendering {module} did not end within {TIMEOUT_SECONDS} s.", next_command=" ".join(command)
            ) from error
        if process.returncode or not written.exists():
            raise DefinitionError(
                f"{module} cannot be rendered.",
                found=process.stderr.strip().splitlines()[-LAST_LINES:],
                next_command=f"correct pipelines/{pipeline}/pipeline.py, then: make render",
            )
        return dict(json.loads(written.read_text(encoding="utf-8")))


def _interpreter(pipeline: str, environment: Mapping[str, str]) -> Path:
    if environment.get("RENDER_PYTHON"):
        return Path(environment["RENDER_PYTHON"])
    sources = pipeline_sources()
    if not uses_sdk(rendered_from(f"pipelines/{pipeline}/pipeline.py", sources), sources):
        return Path(sys.executable)
    code = install(ENVIRONMENT, Path(PIN))
    if code:
        raise DefinitionError(
            "The environment that renders pipelines could not be made.",
            found=[f"installing {PIN} ended with exit code {code}"],
            next_command=f"rm -rf {ENVIRONMENT}; make render",
        )
    return ENVIRONMENT / "bin" / "python"


def _result(pipeline: str, state: str) -> dict[str, Any]:
    return {"pipeline": pipeline, "path": str(definition_path(pipeline)), "state": state}


if __name__ == "__main__":
    sys.exit(command_line.run(main))
