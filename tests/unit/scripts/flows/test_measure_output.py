"""What is counted of an execution: rows by preprocessing's report or by the input's records, predictions by theirs."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, BinaryIO, cast

import pytest

from scripts.decisions.containers import S3Location
from scripts.decisions.prediction_columns import columns_of
from scripts.decisions.stage_settings import Verification
from scripts.decisions.verification import Figures
from scripts.flows.measure_output import measure
from scripts.flows.run_pipeline import Output
from scripts.flows.stage_context import StageContext
from scripts.gateways.pipelines import Step
from tests.unit.scripts.releases import BUCKET, SETTINGS

JOB, FEATURES, TRANSFORM = (
    f"arn:aws:sagemaker:ap-southeast-2:1:{kind}"
    for kind in ("processing-job/preprocess", "processing-job/features", "transform-job/transform")
)
REPORT = "predictions/e1/report/"
PREDICTIONS = "predictions/e1/predictions/"
REPORTED = {
    "host": "algo-1",
    "read": 100,
    "written": 99,
    "rejected": {"radius is not a number": 1},
    "files": {"a.csv": {"read": 100, "written": 99, "rejected": 1}},
}


class Bucket:
    """A stage's bucket in memory."""

    def __init__(self, content: dict[str, bytes]) -> None:
        self.content = content
        self.opens: list[str] = []

    def keys(self, bucket: str, prefix: str) -> Iterator[tuple[str, int]]:
        assert bucket == BUCKET
        return iter([(key, len(body)) for key, body in sorted(self.content.items()) if key.startswith(prefix)])

    def read(self, bucket: str, key: str) -> bytes | None:
        return self.content.get(key)

    @contextmanager
    def opened(self, bucket: str, key: str) -> Iterator[BinaryIO]:
        self.opens.append(key)
        yield io.BytesIO(self.content[key])


class Execution:
    """An execution that preprocesses, with or without a report, and then transforms."""

    def __init__(self, content: dict[str, bytes], accept: str = "text/csv", **settings: Any) -> None:
        self.bucket = Bucket({f"input/{name}": body for name, body in content.items()})
        self.settings = SETTINGS.model_copy(update={"verification": Verification(**settings)})
        self.environment: dict[str, str] = {}
        self.outputs = ["features", "report"]
        self.accept = accept
        self.strategy = "MultiRecord"
        self.jobs = [JOB, TRANSFORM]

    def reports(self, *documents: Any) -> Execution:
        for number, document in enumerate(documents):
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.bucket.content[f"{REPORT}report{number or ''}.json"] = body
        return self

    def predicts(self, body: bytes, name: str = "a.csv.out") -> Execution:
        self.bucket.content[PREDICTIONS + name] = body
        return self

    def figures(self) -> Figures:
        prefix = PREDICTIONS if TRANSFORM in self.jobs else "predictions/e1/"
        output = Output(S3Location(BUCKET, prefix), tuple(self.bucket.keys(BUCKET, prefix)))
        context = SimpleNamespace(
            settings=self.settings,
            foundation=SimpleNamespace(bucket=BUCKET),
            objects=self.bucket,
            pipelines=SimpleNamespace(
                steps=lambda arn: [Step(arn, "Succeeded", "", arn, datetime.now(UTC), None) for arn in self.jobs],
                processing_job=self._processing_job,
                transform_job=lambda arn: {
                    "BatchStrategy": self.strategy,
                    "TransformInput": {"SplitType": "Line"},
                    "TransformOutput": {"Accept": self.accept, "AssembleWith": "Line"},
                },
            ),
        )
        return measure(cast(StageContext, context), "e1", output, columns_of(self.settings.verification))[0]

    def _processing_job(self, arn: str) -> dict[str, Any]:
        names = self.outputs if arn == JOB else ["features"]
        outputs = [
            {"OutputName": name, "S3Output": {"S3Uri": f"s3://{BUCKET}/predictions/e1/{name}"}} for name in names
        ]
        return {"Environment": self.environment, "ProcessingOutputConfig": {"Outputs": outputs}}


def csv_rows(count: int) -> bytes:
    return b"".join(b"%d,0.5\n" % number for number in range(count))


def test_rows_are_what_preprocessing_reports_and_the_input_is_not_read() -> None:
    execution = Execution({"a.csv": b"whatever"}).reports(REPORTED).predicts(csv_rows(99))
    execution.environment["MAX_REJECTED_FRACTION"] = "0.05"
    found = execution.figures()
    assert (found.input_rows, found.accepted_rows, found.output_rows) == (100, 99, 99)
    assert (found.rejected, found.allowed_rejected) == ({"radius is not a number": 1}, 0.05)
    assert (found.unread, found.unknown, found.sampled) == ((), (), 99)
    assert not any(key.startswith("input/") for key in execution.bucket.opens)


def test_every_hosts_report_counts() -> None:
    both = Execution({"a.csv": b""}).reports(REPORTED, {**REPORTED, "host": "algo-2", "max_rejected_fraction": 0.1})
    found = both.predicts(csv_rows(198)).figures()
    assert (found.input_rows, found.accepted_rows, found.output_rows) == (200, 198, 198)


def test_a_file_that_preprocessing_never_saw_is_named_as_unread() -> None:
    content = {"a.csv": b"", "b.csv.gz": b"", ".a.csv.crc": b"", "_SUCCESS": b"", "README.txt": b""}
    found = Execution(content).reports(REPORTED).predicts(csv_rows(99)).figures()
    assert found.unread == ("b.csv.gz",)
    assert found.ignored == (".a.csv.crc", "README.txt", "_SUCCESS")


def test_what_preprocessing_says_of_unread_files_is_handed_on() -> None:
    told = {**REPORTED, "unread": ["b.parquet"], "unread_allowed": True, "ignored": ["notes.md"]}
    found = Execution({"a.csv": b"", "b.parquet": b"", "notes.md": b""}).reports(told).figures()
    assert (found.unread, found.unread_allowed, found.ignored) == (("b.parquet",), True, ("notes.md",))


@pytest.mark.parametrize("body", [b"{", b"[]", json.dumps({**REPORTED, "written": "many"}).encode()])
def test_a_report_that_cannot_be_read_is_no_count(body: bytes) -> None:
    found = Execution({"a.csv": csv_rows(1)}).reports(body).predicts(csv_rows(1)).figures()
    assert (found.input_rows, found.accepted_rows) == (None, None)
    assert "report.json is not a preprocessing report" in found.unknown[0]


def test_the_report_is_of_the_last_processing_step_before_the_transform_that_has_one() -> None:
    execution = Execution({"a.csv": b""}).reports(REPORTED).predicts(csv_rows(99))
    execution.jobs = [JOB, FEATURES, TRANSFORM, FEATURES]
    assert execution.figures().accepted_rows == 99


def test_without_a_report_the_inputs_own_records_are_counted() -> None:
    table = b'id,note\n1,"a\n\nb"\r\n\r\n2,c\n'
    content = {
        "a.csv": table,
        "b.csv.gz": gzip.compress(table),
        "c.jsonl": b'{"a": 1}\n\n{"a": 2}',
        "empty.csv": b"",
        "_SUCCESS": b"",
        "d.parquet": b"PAR1",
        "e.csv": b"\0\0",
    }
    found = Execution(content, input_header=True).predicts(csv_rows(6)).figures()
    assert (found.input_rows, found.output_rows) == (6, 6)
    assert (found.unread, found.ignored) == (("d.parquet",), ("_SUCCESS",))
    assert found.unknown == (f"s3://{BUCKET}/input/e.csv: it is not text: it holds null bytes",)


def test_without_a_report_nobody_counts_rows_that_nobody_asks_for() -> None:
    found = Execution({"d.parquet": b"PAR1\0"}, equal_rows=False).predicts(csv_rows(3)).figures()
    assert (found.input_rows, found.output_rows, found.unread, found.unknown) == (None, 3, (), ())


def test_where_nobody_asks_for_rows_a_report_of_another_form_is_nobodys_concern() -> None:
    execution = Execution({"a.csv": b"1"}, equal_rows=False).reports({"rows": 3}).predicts(csv_rows(3))
    assert execution.figures().unknown == ()


def test_predictions_are_records_of_the_jobs_content_type() -> None:
    body = b'{"score": 0.5, "text": "a\\nb"}\n\n{"score": 0.7}\n'
    found = Execution({}, "application/jsonlines", prediction="score", minimum=0.0).predicts(body).figures()
    assert (found.output_rows, found.sampled, found.invalid, found.mean) == (2, 2, 0, 0.6)
    many = Execution({}, "application/json", prediction="predictions.0.score", minimum=0.0)
    found = many.predicts(b'{"predictions": [{"score": 1}, {"score": 2}]}\n{"predictions": [{"score": 3}]}').figures()
    assert (found.output_rows, found.mean) == (3, 2.0)


def test_a_list_is_one_prediction_where_each_request_was_one_record() -> None:
    execution = Execution({}, "application/json", prediction="0", equal_rows=False)
    assert execution.predicts(b"[0.1, 0.9]\n[0.2, 0.8]\n").figures().output_rows == 4
    execution.strategy = "SingleRecord"
    assert execution.figures().output_rows == 2


def test_blank_lines_and_markers_are_no_predictions_and_compressed_ones_are_read() -> None:
    execution = Execution({}).predicts(gzip.compress(b'1,"a\nb",0.5\n\n2,c,0.5\n')).predicts(b"", "_SUCCESS")
    found = execution.figures()
    assert (found.output_rows, found.output_files, found.sampled) == (2, 1, 2)


def test_predictions_of_a_type_that_is_not_read_are_no_count() -> None:
    found = Execution({}, "application/x-npy").predicts(b"\x93NUMPY").figures()
    assert found.output_rows is None
    assert found.unknown == (f"s3://{BUCKET}/{PREDICTIONS}a.csv.out: its content type is not read here",)


def test_without_a_transform_job_the_execution_s_files_but_its_reports_are_predictions() -> None:
    execution = Execution({"a.csv": b""}).reports(REPORTED).predicts(csv_rows(99), "a.csv")
    execution.jobs = [JOB]
    found = execution.figures()
    assert (found.accepted_rows, found.output_rows, found.output_files) == (99, 99, 1)
