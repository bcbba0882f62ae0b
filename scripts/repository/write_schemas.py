"""Writes the JSON Schemas of the documents people meet: settings, which editors check by them, and release.json.

They come from the models that read those documents, and from what the templates
declare. ``--check`` writes nothing and fails where a file is not current.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from scripts.decisions.foundation import decided_names
from scripts.decisions.names import CODEPIPELINE_TEMPLATE, FOUNDATION_TEMPLATE, TOOLCHAIN_TEMPLATE
from scripts.decisions.record_schema import RecordSchema
from scripts.decisions.release import release_schema
from scripts.decisions.stage_settings import PIPELINE_SETTINGS, StageSettings
from scripts.decisions.toolchain import OF_PIPELINES, OF_STAGE_FILES
from scripts.decisions.toolchain_settings import ToolchainSettings
from scripts.errors import SettingsError
from scripts.gateways.instance_types import known_instance_types
from scripts.terminal.command_line import argument_parser, run
from scripts.workspace.template_files import template_parameters


def main(arguments: Sequence[str]) -> int:
    parser = argument_parser("scripts.repository.write_schemas", __doc__ or "")
    parser.add_argument("--check", action="store_true", help="fail where a file is not current; write nothing")
    chosen = parser.parse_args(arguments)
    for path, schema in SCHEMAS.items():
        wanted = json.dumps(schema(), indent=2) + "\n"
        current = path.read_text(encoding="utf-8") if path.exists() else ""
        if wanted != current and chosen.check:
            raise SettingsError(f"{path} is not current", next_command="python -m scripts.repository.write_schemas")
        if wanted != current:
            path.write_text(wanted, encoding="utf-8")
        print(f"{path} is current" if wanted == current else f"{path} written")
    return 0


def stage_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a stage file, instance types enumerated."""
    schema = _effective_settings()
    own = _pipeline_part(schema)
    schema["required"] = [name for name in schema["required"] if name not in PIPELINE_SETTINGS]
    described = schema["properties"]["foundation"]["description"]
    schema["properties"]["foundation"] = _parameters(FOUNDATION_TEMPLATE, decided_names(), described)
    schema["properties"]["pipelines"] = {
        "description": "What differs in this stage for one pipeline, by the name of its folder.",
        "type": "object",
        "additionalProperties": {"type": "object", "properties": own, "additionalProperties": False},
        "default": {},
    }
    return schema


def pipeline_settings_schema() -> dict[str, Any]:
    """The JSON Schema of a pipeline's settings.yml; nothing is required, since stage files may give it as well."""
    schema = _effective_settings()
    title = {"title": "PipelineSettings", "description": "A pipeline's settings in every stage."}
    return {**schema, **title, "properties": _pipeline_part(schema), "required": []}


def toolchain_schema() -> dict[str, Any]:
    """The JSON Schema of stages/toolchain.yml: what the templates declare, without what other settings decide."""
    fields = ToolchainSettings.model_fields
    codepipeline = _parameters(CODEPIPELINE_TEMPLATE, OF_PIPELINES, str(fields["codepipeline"].description))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ToolchainSettings",
        "description": (ToolchainSettings.__doc__ or "").strip(),
        "type": "object",
        "properties": {
            "toolchain": _parameters(TOOLCHAIN_TEMPLATE, OF_STAGE_FILES, str(fields["toolchain"].description)),
            "codepipeline": codepipeline,
            "pipelines": {
                "description": str(fields["pipelines"].description),
                "type": "object",
                "additionalProperties": {**codepipeline, "description": "Parameters of this pipeline's CodePipeline."},
                "default": {},
            },
        },
        "additionalProperties": False,
    }


def _parameters(template: str, decided: frozenset[str], description: str) -> dict[str, Any]:
    """What may be given of a template's parameters."""
    declared = template_parameters(Path(template))
    return {
        "description": description,
        "type": "object",
        "properties": {name: each.schema() for name, each in declared.items() if name not in decided},
        "additionalProperties": False,
        "default": {},
    }


def record_schema() -> dict[str, Any]:
    """The JSON Schema of a pipeline's schema.yml."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **RecordSchema.model_json_schema()}


def _effective_settings() -> dict[str, Any]:
    schema = StageSettings.model_json_schema()
    for part, use in (("Processing", "processing"), ("Inference", "inference")):
        schema["$defs"][part]["properties"]["instance_type"]["enum"] = sorted(known_instance_types()[use])
        # A file may give a part of it and leave the rest to the one below.
        schema["$defs"][part]["required"] = []
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _pipeline_part(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in schema["properties"].items() if name in PIPELINE_SETTINGS}


SCHEMAS: dict[Path, Callable[[], dict[str, Any]]] = {
    Path("stages/schema.json"): stage_schema,
    Path("stages/toolchain.schema.json"): toolchain_schema,
    Path("pipelines/settings.schema.json"): pipeline_settings_schema,
    Path("pipelines/schema.schema.json"): record_schema,
    Path("docs/release.schema.json"): release_schema,
}


if __name__ == "__main__":
    sys.exit(run(main))
