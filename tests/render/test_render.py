"""The committed definitions are what the SageMaker SDK renders, byte for byte, without asking anybody.

Runs in the environment of requirements/render-test.txt, where the SDK is: ``tox run -e render``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.decisions.definition_binding import definition_text
from scripts.decisions.definition_freshness import sealed
from scripts.workspace.pipelines import current_digests, pipeline_names, read_definition

ROOT = Path(__file__).parents[2]

# Imported by Python before anything else: whoever opens a connection or looks a name up is written down and refused.
GUARD = """
import os, socket, traceback

def refuse(*arguments, **options):
    with open(os.environ["NETWORK_CALLS"], "a") as calls:
        calls.write(repr(arguments[-1:]) + "".join(traceback.format_stack(limit=8)))
    raise OSError("no network in this test")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
"""


@pytest.mark.parametrize("pipeline", pipeline_names(ROOT))
def test_the_committed_definition_is_what_rendering_gives_without_network(pipeline: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(GUARD)
    calls, written = tmp_path / "calls", tmp_path / "definition.json"
    command = [sys.executable, "-m", "pipelines.get_pipeline_definition", "-n", f"pipelines.{pipeline}.pipeline"]
    process = subprocess.run(
        [*command, "-f", str(written), "--record"],
        cwd=ROOT,
        # no credentials, no region, a home without settings: the machine of somebody who has never seen AWS
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONPATH": str(tmp_path),
            "NETWORK_CALLS": str(calls),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert not calls.exists(), calls.read_text()
    rendered = definition_text(sealed(json.loads(written.read_text(encoding="utf-8")), current_digests(pipeline, ROOT)))
    assert read_definition(pipeline, ROOT) == rendered
