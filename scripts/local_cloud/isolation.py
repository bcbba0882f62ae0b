"""How far the embedded AWS can close jobs and builds in here, as ``localaws isolation`` tells. It changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from scripts.errors import LocalCloudError


@dataclass(frozen=True)
class Isolation:
    """``made_by`` what containers are made, ``complete`` where jobs can run in them; ``weaknesses`` in sentences."""

    made_by: str
    complete: bool
    weaknesses: tuple[str, ...]


def isolation() -> Isolation:
    """Raises LocalCloudError where localaws does not tell."""
    command = [str(Path(sys.executable).with_name("localaws")), "isolation", "--output", "json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        return read(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        raise LocalCloudError(
            "localaws does not tell how it closes jobs and builds in",
            found=[str(error)],
            next_command="make install   # then: localaws isolation",
        ) from error


def read(text: str) -> Isolation:
    """From what the command prints. ValueError or KeyError where it is something else."""
    told = json.loads(text)
    return Isolation(told["made_by"], "mount" in told["namespaces"], tuple(told["weaknesses"]))
