"""Puts a pipeline's sample where its stage looks for input, once, and only where nothing is and never was."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from scripts.decisions.canonical import canonical_json
from scripts.decisions.containers import s3_location
from scripts.decisions.record_schema import normalised
from scripts.decisions.stage_values import input_url
from scripts.flows.administrators import administrator
from scripts.flows.stage_context import StageContext
from scripts.gateways.artifacts import Objects
from scripts.workspace.pipelines import pipeline_names, sample_of
from scripts.workspace.record_schemas import schema_of
from scripts.workspace.stage_files import stage_names


def fill_stages() -> Iterator[tuple[str, str, str]]:
    """Give every pipeline that has a sample its first input in every stage: (stage, pipeline, where) of each.

    What the schema names and the sample lacks is said with it: a run fails for it, unless preprocess.py derives it.
    """
    for pipeline in pipeline_names():
        sample = sample_of(pipeline)
        for stage in stage_names() if sample.exists() else ():
            where = upload_first_input(StageContext.open(stage, pipeline), sample)
            if where:
                yield stage, pipeline, f"{where}{_lack(pipeline, sample)}"


def _lack(pipeline: str, sample: Path) -> str:
    schema = schema_of(pipeline)
    with sample.open(encoding="utf-8-sig", newline="") as file:
        header = {normalised(name) for name in next(csv.reader(file), [])}
    wanted = [schema.record_id, *schema.feature_names] if schema else []
    lacking = [name for name in wanted if normalised(name) not in header]
    if not lacking:
        return ""
    return f"; it lacks {', '.join(lacking)}: unless preprocess.py derives that, add it to {sample}"


def upload_first_input(context: StageContext, sample: Path) -> str | None:
    """Where the sample was put; None where the stage has input, or had the sample before."""
    # A stage's roles write no input: it is whoever prepares the account, as at bootstrap.
    objects, foundation = Objects(administrator(context)), context.foundation
    mark = f"sample-input/{context.settings.pipeline}.json"
    location = s3_location(input_url(context.settings, foundation))
    if objects.read(foundation.bucket, mark) is not None:
        return None
    is_empty = next(objects.keys(location.bucket, location.key), None) is None
    where = f"{location.uri.rstrip('/')}/{sample.name}" if is_empty else None
    if is_empty:
        key = f"{location.key.rstrip('/')}/{sample.name}"
        objects.write(location.bucket, key, sample.read_bytes(), foundation.kms_key_arn, "text/csv")
    # Last: a killed run looks again, and finds what it wrote.
    record = canonical_json({"at": datetime.now(UTC).isoformat(timespec="seconds"), "written_to": where})
    objects.write(foundation.bucket, mark, record.encode(), foundation.kms_key_arn)
    return where
