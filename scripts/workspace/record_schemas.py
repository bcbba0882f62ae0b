"""Reads ``pipelines/<pipeline>/schema.yml`` and says exactly what is wrong with it. Nothing here calls AWS."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from scripts.decisions.record_schema import RecordSchema
from scripts.workspace.settings_document import SettingsDocument, read_settings, told_problems

FILE = "schema.yml"


def schema_path(pipeline: str, root: Path = Path()) -> Path:
    return root / "pipelines" / pipeline / FILE


def read_schema(path: Path) -> RecordSchema:
    """Raises SettingsError that tells every problem with its line."""
    document: SettingsDocument = read_settings(path)
    try:
        return RecordSchema.model_validate(document.content)
    except ValidationError as error:
        raise told_problems(document, error, RecordSchema, "pipelines/schema.schema.json") from error


def schema_of(pipeline: str, root: Path = Path()) -> RecordSchema | None:
    """The pipeline's schema; None for a pipeline that has none."""
    path = schema_path(pipeline, root)
    return read_schema(path) if path.exists() else None
