"""Reads ``stages/toolchain.yml``, which a clone may lack, and says exactly what is wrong with it."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from scripts.decisions.toolchain_settings import FILE, ToolchainSettings
from scripts.errors import SettingsError
from scripts.workspace.pipelines import pipeline_names
from scripts.workspace.settings_document import read_settings, told_problems
from scripts.workspace.stage_files import STAGES

TOOLCHAIN_FILE = STAGES / f"{FILE}.yml"
SCHEMA = STAGES / f"{FILE}.schema.json"


def toolchain_settings(root: Path = Path()) -> ToolchainSettings:
    """The file's settings; those of an empty file where there is none."""
    path = root / TOOLCHAIN_FILE
    if not path.exists():
        return ToolchainSettings()
    document = read_settings(path)
    try:
        found = ToolchainSettings.model_validate(document.content)
    except ValidationError as error:
        raise told_problems(document, error, ToolchainSettings, str(SCHEMA)) from error
    names = pipeline_names(root)
    unknown = [name for name in found.pipelines if name not in names]
    if unknown:
        raise SettingsError(
            f"{document.places['pipelines', unknown[0]]}: there is no pipeline {unknown[0]}",
            found=[f"folders of pipelines/ with a pipeline.py: {', '.join(names) or 'none'}"],
            next_command=f"correct {path}",
        )
    return found
