"""What is read of a verifying execution, from a stage that is a handful of dictionaries."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from scripts.decisions.verification_record import VerificationRecord
from scripts.flows.read_scored_rows import scored_rows
from scripts.flows.stage_context import StageContext
from scripts.gateways.pipelines import Step
from tests.unit.scripts.releases import verification

JOB = "arn:aws:sagemaker:ap-southeast-2:550011223344:transform-job/t"
TRANSFORM = {
    "TransformInput": {"DataSource": {"S3DataSource": {"S3Uri": "s3://ours/run/features"}}},
    "TransformOutput": {"S3OutputPath": "s3://ours/run/predictions"},
    "DataProcessing": {"InputFilter": "$[1:]", "JoinSource": "Input"},
}
FILES = {
    "run/features/a.csv": ["r1,1,2", "r2,3,4"],
    "run/predictions/a.csv.out": ["r1,1,2,0.1", "r2,3,4,0.2"],
    "run/predictions/b.csv.out": ["r3,5,6,0.3"],
}


def stage(files: dict[str, list[str]], job: dict[str, Any] | None = None, sample: int = 1000) -> StageContext:
    def keys(bucket: str, prefix: str) -> list[tuple[str, int]]:
        return [(key, 1) for key in sorted(files) if key.startswith(prefix)]

    steps = [Step("Transform", "Succeeded", "", JOB, None, None)] if job else []
    context = SimpleNamespace(
        settings=SimpleNamespace(verification=SimpleNamespace(sample=sample, prediction=-1)),
        pipelines=SimpleNamespace(known_steps=lambda arn: steps, transform_job=lambda arn: job),
        objects=SimpleNamespace(keys=keys, first_lines=lambda bucket, key, count: files[key][:count]),
    )
    return cast(StageContext, context)


def record() -> VerificationRecord:
    return verification(predictions="s3://ours/run/predictions/")


def test_the_transform_job_tells_what_the_columns_are() -> None:
    found = scored_rows(stage(FILES, TRANSFORM), record())
    assert found is not None
    assert found.preprocessed == ("r1,1,2", "r2,3,4")
    assert found.predictions.lines == ("r1,1,2,0.1", "r2,3,4,0.2", "r3,5,6,0.3")
    assert (found.predictions.input_columns, found.predictions.has_record_ids) == (3, True)


def test_a_sample_is_taken_from_every_file() -> None:
    found = scored_rows(stage(FILES, TRANSFORM, sample=2), record())
    assert found is not None
    assert found.predictions.lines == ("r1,1,2,0.1", "r3,5,6,0.3")


def test_without_a_transform_job_the_predictions_are_read_and_have_no_record_id() -> None:
    found = scored_rows(stage(FILES), record())
    assert found is not None
    assert (len(found.predictions.lines), found.preprocessed, found.predictions.has_record_ids) == (3, (), False)


def test_there_is_nothing_where_nothing_ran_or_the_predictions_are_gone() -> None:
    assert scored_rows(stage(FILES), None) is None
    assert scored_rows(stage({}), record()) is None
