"""Writes the JSON Schemas of the documents people meet: stage files, which editors check by it, and release.json.

Both come from the models that read those documents. ``--check`` writes nothing and fails where a file is not current.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.decisions.release import release_schema
from scripts.decisions.stage_settings import StageSettings
from scripts.errors import SettingsError
from scripts.gateways.instance_types import known_instance_types
from scripts.terminal.command_line import argument_parser, run

STAGE_SCHEMA = Path("stages/schema.json")
RELEASE_SCHEMA = Path("docs/release.schema.json")


def main(arguments: Sequence[str]) -> int:
    parser = argument_parser("scripts.repository.write_schemas", __doc__ or "")
    parser.add_argument("--check", action="store_true", help="fail where a file is not current; write nothing")
    chosen = parser.parse_args(arguments)
    for path, schema in ((STAGE_SCHEMA, stage_schema()), (RELEASE_SCHEMA, release_schema())):
        wanted = json.dumps(schema, indent=2) + "\n"
        current = path.read_text(encoding="utf-8") if path.exists() else ""
        if wanted != current and chosen.check:
            raise SettingsError(f"{path} is not current", next_command="python -m scripts.repository.write_schemas")
        if wanted != current:
            path.write_text(wanted, encoding="utf-8")
        print(f"{path} is current" if wanted == current else f"{path} written")
    return 0


def stage_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a stage file, instance types enumerated."""
    schema = StageSettings.model_json_schema()
    for part, use in (("Processing", "processing"), ("Inference", "inference")):
        schema["$defs"][part]["properties"]["instance_type"]["enum"] = sorted(known_instance_types()[use])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


if __name__ == "__main__":
    sys.exit(run(main))
