"""Writes ``stages/schema.json``, by which editors check and complete stage files, from the settings' own model.

``--check`` writes nothing and fails where the file differs from what would be written.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.command_line import argument_parser, run
from scripts.errors import SettingsError

SCHEMA = Path("stages/schema.json")


def main(arguments: Sequence[str]) -> int:
    parser = argument_parser("scripts.stage_schema", "Write the JSON Schema of the stage files.", stage=False)
    parser.add_argument("--check", action="store_true", help="fail where the file is not current; write nothing")
    chosen = parser.parse_args(arguments)
    wanted = json.dumps(stage_schema(), indent=2) + "\n"
    current = SCHEMA.read_text() if SCHEMA.exists() else ""
    if chosen.check and wanted != current:
        raise SettingsError(
            f"{SCHEMA} is not what the settings' model says", next_command="python -m scripts.stage_schema"
        )
    if wanted != current:
        SCHEMA.write_text(wanted)
    print(f"{SCHEMA} is current" if wanted == current else f"{SCHEMA} written")
    return 0


def stage_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a stage file, instance types enumerated."""
    from scripts.decisions.stage_settings import StageSettings
    from scripts.gateways.instance_types import known_instance_types

    schema = StageSettings.model_json_schema()
    for part, use in (("Processing", "processing"), ("Inference", "inference")):
        schema["$defs"][part]["properties"]["instance_type"]["enum"] = sorted(known_instance_types()[use])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


if __name__ == "__main__":
    sys.exit(run(main))
