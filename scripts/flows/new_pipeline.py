"""Writes a new pipeline's folder: its schema, settings, steps, scripts, tests and a page about it; then renders it.

The folder appears at once and whole, or not at all. Nothing outside it is touched, and nothing is deployed.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scripts.decisions.columns import Column, columns_left_out, why_left_out
from scripts.decisions.record_schema import Feature, Prediction, RecordSchema
from scripts.errors import DeploymentError
from scripts.workspace.stage_files import load_stage, stage_names

TEMPLATE = Path(__file__).with_name("pipeline_template")
FILES = {
    "pipeline.py": "pipeline.py.jinja",
    "preprocess.py": "preprocess.py.jinja",
    "tests/test_preprocess.py": "test_preprocess.py.jinja",
    "settings.yml": "settings.yml.jinja",
    "schema.yml": "schema.yml.jinja",
    "README.md": "README.md.jinja",
}


@dataclass(frozen=True)
class NewPipeline:
    """All that makes a new pipeline; ``rows`` are CSV rows of its input, with a header line."""

    name: str
    group: str
    schedule: str
    schema: RecordSchema
    columns: Sequence[Column]
    rows: str
    rows_are_the_teams: bool

    @property
    def left_out(self) -> list[str]:
        """What became of the file's columns that can be no features."""
        return [why_left_out(column) for column in columns_left_out(self.columns)]


def write_pipeline(new: NewPipeline, root: Path = Path()) -> Path:
    """The folder, written. Raises SettingsError where the stages' settings do not go together with it."""
    folder = root / "pipelines" / new.name
    with tempfile.TemporaryDirectory(dir=root / "pipelines", prefix=".new-") as unfinished:
        whole = Path(unfinished) / new.name
        for name, content in _files(new).items():
            (whole / name).parent.mkdir(parents=True, exist_ok=True)
            (whole / name).write_text(content, encoding="utf-8")
        whole.rename(folder)
    _require_fit(folder)
    return folder


def _require_fit(folder: Path) -> None:
    """Take the folder back where a stage's settings do not go together with it, and raise what is wrong."""
    try:
        for stage in stage_names():
            load_stage(stage, pipeline=folder.name)
    except DeploymentError:
        shutil.rmtree(folder)
        raise


def _files(new: NewPipeline) -> dict[str, str]:
    files = {"__init__.py": f'"""The pipeline {new.name}; see README.md."""\n', "tests/__init__.py": ""}
    templates = Environment(
        loader=FileSystemLoader(TEMPLATE),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 (YAML and Markdown, no HTML; values are written as YAML by _line)
    )
    values = _values(new)
    files |= {name: templates.get_template(source).render(values) for name, source in FILES.items()}
    return {**files, "tests/sample.csv": new.rows}


def _values(new: NewPipeline) -> dict[str, Any]:
    known = {column.name: column for column in new.columns}
    return {
        "name": new.name,
        "group": new.group,
        "schedule": json.dumps(new.schedule),
        "schema": new.schema,
        "record_id": json.dumps(new.schema.record_id, ensure_ascii=False),
        "features": [(_line(feature), _comment(known.get(feature.name))) for feature in new.schema.features],
        "left_out": new.left_out,
        "predictions": [_line(each) for each in new.schema.predictions],
        "sample_note": ", of which you may want none in git" if new.rows_are_the_teams else ", made up from the schema",
    }


def _line(column: Feature | Prediction) -> str:
    """One line of YAML: ``{ name: age, type: integer }``."""
    value = {"name": column.name, "type": column.type, **column.model_dump(exclude_defaults=True)}
    numbers = {key: int(each) if isinstance(each, float) and each.is_integer() else each for key, each in value.items()}
    line = yaml.safe_dump(
        numbers, default_flow_style=True, sort_keys=False, width=float("inf"), allow_unicode=True
    ).strip()
    return f"{{ {line[1:-1]} }}"


def _comment(column: Column | None) -> str:
    if column is None or column.low is None or column.high is None:
        return ""
    return f"{column.low:g} to {column.high:g} in the sample"
