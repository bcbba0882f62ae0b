"""Reads a sample of what a verifying execution scored and predicted, as one stage's bucket still has it.

It only reads, and only the first rows of each file: what is too large to be read is sampled, as the verification does.
"""

from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from scripts.decisions.containers import s3_location
from scripts.decisions.prediction_comparison import Scored
from scripts.decisions.verification_record import VerificationRecord
from scripts.flows.run_pipeline import output_of
from scripts.flows.stage_context import StageContext

MOST_FILES = 50
PARALLEL_READS = 8


@dataclass(frozen=True)
class ScoredRows:
    """Rows of one execution: what the model was given, and what came out."""

    preprocessed: tuple[str, ...]
    predictions: Scored


def scored_rows(context: StageContext, record: VerificationRecord | None) -> ScoredRows | None:
    """Of the execution that ``record`` names; None where there is none, or where its predictions are gone.

    What only a transform job tells (which column is the record id, what it was given) is unknown without one.
    """
    if record is None:
        return None
    execution = record.execution_arn
    jobs = [each for each in context.pipelines.known_steps(execution) if ":transform-job/" in each.job_arn]
    job = context.pipelines.transform_job(jobs[-1].job_arn) if jobs else {}
    uri = record.predictions or output_of(context, execution).location.uri
    source = (job.get("TransformInput") or {}).get("DataSource", {}).get("S3DataSource", {}).get("S3Uri")
    preprocessed = _sample(context, source) if source else ()
    processing: dict[str, Any] = job.get("DataProcessing") or {}
    predictions = Scored(
        lines=_sample(context, uri),
        prediction=context.settings.verification.prediction,
        input_filter=processing.get("InputFilter", "$"),
        join_source=processing.get("JoinSource", "None"),
        input_columns=len(next(csv.reader(preprocessed[:1]), [])),
    )
    return ScoredRows(preprocessed, predictions) if predictions.lines else None


def _sample(context: StageContext, uri: str) -> tuple[str, ...]:
    location = s3_location(uri.rstrip("/") + "/")
    keys = [key for key, _ in context.objects.keys(location.bucket, location.key)][:MOST_FILES]
    each = -(-context.settings.verification.sample // max(len(keys), 1))
    with ThreadPoolExecutor(PARALLEL_READS) as pool:
        read = pool.map(lambda key: context.objects.first_lines(location.bucket, key, each), keys)
        return tuple(line for lines in read for line in lines)
