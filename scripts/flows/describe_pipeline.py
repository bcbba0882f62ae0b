"""Finds out what a new pipeline shall be: from what was given, from a sample of a team's data, by asking for the rest.

Everything is checked before anything is written, and nothing is written here.
"""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.decisions import columns as decide
from scripts.decisions.columns import Column, find_column, listed_columns
from scripts.decisions.schedule import parse_schedule
from scripts.decisions.stage_settings import GROUP_PATTERN, PIPELINE_PATTERN
from scripts.errors import UsageError
from scripts.flows.new_pipeline import NewPipeline
from scripts.terminal.questions import ask_for
from scripts.workspace.pipelines import pipeline_names
from scripts.workspace.sample_files import Sample, read_sample

SAMPLE_ROWS = 50


@dataclass(frozen=True)
class Wanted:
    """What the command line says of the new pipeline; None where it says nothing."""

    pipeline: str | None
    sample: Path | None
    columns: str | None
    record_id: str | None
    target: str | None
    predictions: str | None
    group: str | None
    schedule: str | None


def describe_pipeline(wanted: Wanted) -> NewPipeline:
    """The new pipeline. Raises UsageError for what cannot be, and for what is missing where nobody can be asked."""
    return _new(wanted, _name(wanted.pipeline))


def _name(given: str | None) -> str:
    """Raises UsageError for what cannot be a pipeline's folder."""

    name = given or ask_for("Name of the pipeline, e.g. churn", "", "PIPELINE")
    if not re.fullmatch(PIPELINE_PATTERN, name) or len(name) > 40 or keyword.iskeyword(name):
        near = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        good = near if re.fullmatch(PIPELINE_PATTERN, near) and not keyword.iskeyword(near) else "churn"
        raise UsageError(
            f'"{name}" cannot be a pipeline\'s name: at most 40 lower-case letters, digits and underscores',
            next_command=f"the same command with PIPELINE={good[:40]}",
        )
    if Path("pipelines", name).exists():
        found = f"pipelines: {', '.join(pipeline_names()) or 'none'}"
        raise UsageError(
            f"pipelines/{name} exists already",
            found=[found],
            next_command=f"choose another name, or: ls pipelines/{name}",
        )
    return name


def _new(wanted: Wanted, name: str) -> NewPipeline:

    sample, columns = _columns(wanted)
    guessed = decide.likely_record_id(columns)
    asked = wanted.record_id or ask_for(
        "Which column tells one record from another?", guessed.name if guessed else "", "RECORD_ID"
    )
    record_id = decide.find_column(columns, asked, "RECORD_ID")
    target = _target(wanted, columns)
    predictions = (
        decide.listed_predictions(wanted.predictions) if wanted.predictions else decide.likely_predictions(target)
    )
    group = wanted.group or ask_for("Model package group", name.replace("_", "-"), "GROUP")
    if not re.fullmatch(GROUP_PATTERN, group):
        raise UsageError(
            f'"{group}" cannot be a model package group: at most 63 letters, digits and hyphens',
            next_command=f"the same command with GROUP={name.replace('_', '-')}",
        )
    schedule = wanted.schedule or ask_for("Schedule", "1 day", "SCHEDULE")
    try:
        parse_schedule(schedule)
    except ValueError as error:
        raise UsageError(f"SCHEDULE: {error}", next_command='the same command with SCHEDULE="1 day"') from error
    schema = decide.schema_from(columns, record_id, target, predictions)
    rows = (
        sample.head(SAMPLE_ROWS, target.name if target else None)
        if sample
        else decide.made_up_rows(schema, SAMPLE_ROWS)
    )
    return NewPipeline(name, group, schedule, schema, columns, rows, rows_are_the_teams=sample is not None)


def _columns(wanted: Wanted) -> tuple[Sample | None, list[Column]]:

    if wanted.columns and wanted.sample:
        raise UsageError("SAMPLE and COLUMNS say the same twice", next_command="the same command with one of them")
    if wanted.columns:
        return None, listed_columns(wanted.columns)
    sample = read_sample(
        wanted.sample or Path(ask_for("File with some rows of your data (CSV or Parquet)", "", "SAMPLE"))
    )
    return sample, sample.columns


def _target(wanted: Wanted, columns: Sequence[Column]) -> Column | None:

    if wanted.target:
        return find_column(columns, wanted.target, "TARGET")
    if not sys.stdin.isatty() or wanted.predictions:
        return None
    answer = ask_for("Which column does the model predict? none: the file does not hold it", "none", "TARGET")
    return None if answer == "none" else find_column(columns, answer, "TARGET")
