"""An object on its way through a transform job: filtered, sent, joined and assembled."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.services.sagemaker.jobs.data_processing import DataProcessing, csv_fields
from localaws.services.sagemaker.jobs.transform_objects import ObjectTransform, TransformSettings

Handler = Callable[[bytes], bytes]


def job(kind: str = "text/csv", split: str = "Line", **options: Any) -> dict[str, Any]:
    source = {"ContentType": kind, "SplitType": split, **options.pop("source", {})}
    target = {"Accept": kind, "AssembleWith": "Line" if split == "Line" else "None", **options.pop("target", {})}
    return {"TransformInput": source, "TransformOutput": target, **options}


def run(content: bytes, request: dict[str, Any], handler: Handler = lambda body: body) -> bytes:
    transform = ObjectTransform(content, TransformSettings.from_job(request))
    return transform.output([handler(part.body) for part in transform.requests])


def sums(body: bytes) -> bytes:
    rows = [line.split(b",") for line in body.splitlines()]
    return b"".join(b"%d\n" % sum(int(field) for field in row) for row in rows)


rows = st.lists(st.lists(st.integers(-99, 99), min_size=3, max_size=3), min_size=1, max_size=30)


def csv(table: list[list[int]]) -> bytes:
    return b"".join(",".join(map(str, row)).encode() + b"\n" for row in table)


@given(st.binary(max_size=300), st.sampled_from(["MultiRecord", "SingleRecord"]))
def test_an_echoing_model_gives_the_object_back(content: bytes, strategy: str) -> None:
    expected = content if not content or content.endswith(b"\n") else content + b"\n"
    assert run(content, job(BatchStrategy=strategy)) == expected


@given(st.binary(max_size=300))
def test_an_object_that_is_not_split_travels_byte_for_byte(content: bytes) -> None:
    assert run(content, job(split="None", kind="application/octet-stream")) == content
    assert run(content, job(target={"AssembleWith": "None"})) == content


@pytest.mark.aws_rule(
    "A CSV join appends the prediction to its row; a JSON join adds it as SageMakerOutput",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html",
)
@given(rows, st.sampled_from(["MultiRecord", "SingleRecord"]))
def test_joining_appends_each_prediction_to_its_row(table: list[list[int]], strategy: str) -> None:
    processing = {"JoinSource": "Input"}
    joined = run(csv(table), job(BatchStrategy=strategy, DataProcessing=processing), sums)
    assert joined == csv([[*row, sum(row)] for row in table])


@given(rows)
def test_the_model_sees_the_filtered_row_and_the_output_keeps_the_whole(table: list[list[int]]) -> None:
    processing = {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"}
    assert run(csv(table), job(DataProcessing=processing), sums) == csv([[row[0], sum(row[1:])] for row in table])


@given(st.lists(st.text(alphabet='ab,"\n ', max_size=6), min_size=1, max_size=6))
def test_fields_of_a_quoted_row_keep_their_quotes(values: list[str]) -> None:
    quoted = ['"' + value.replace('"', '""') + '"' for value in values]
    assert csv_fields(",".join(quoted).encode()) == [field.encode() for field in quoted]


def test_joined_rows_end_with_line_ends_whether_or_not_the_model_writes_one() -> None:
    processing = {"JoinSource": "Input"}
    assert run(b"1\n2\n", job(DataProcessing=processing), lambda body: b"0\n1") == b"1,0\n2,1\n"


def test_a_join_of_json_lines_adds_the_output_to_objects() -> None:
    content = b'{"id":1,"x":[1,2]}\n[3,4]\n'
    processing = {"JoinSource": "Input"}
    joined = run(content, job("application/jsonlines", DataProcessing=processing), lambda body: b'{"y":0}\n{"y":1}\n')
    first, second = (json.loads(line) for line in joined.splitlines())
    assert first == {"id": 1, "x": [1, 2], "SageMakerOutput": {"y": 0}}
    assert second == {"SageMakerInput": [3, 4], "SageMakerOutput": {"y": 1}}


def test_a_whole_json_document_is_one_record() -> None:
    processing = {"InputFilter": "$.x", "JoinSource": "Input", "OutputFilter": "$['id','SageMakerOutput']"}
    seen: list[bytes] = []

    def handler(body: bytes) -> bytes:
        seen.append(body)
        return b'{\n "y": 3\n}'

    request = job("application/json", split="None", DataProcessing=processing)
    joined = run(b'{\n "id": 1,\n "x": [1, 2]\n}', request, handler)
    assert seen == [b"[1,2]"]
    assert json.loads(joined) == {"id": 1, "SageMakerOutput": {"y": 3}}


def test_gzip_is_decompressed_and_what_is_none_is_refused() -> None:
    request = job(source={"CompressionType": "Gzip"})
    assert run(gzip.compress(b"1,2\n"), request) == b"1,2\n"
    with pytest.raises(ValueError, match="not gzip"):
        run(b"1,2\n", request)


def test_a_model_that_answers_too_few_records_cannot_be_joined() -> None:
    with pytest.raises(ValueError, match="answered 1 records for the 2 records"):
        run(b"1\n2\n", job(DataProcessing={"JoinSource": "Input"}), lambda body: b"0\n")


@pytest.mark.parametrize(
    ("processing", "said"),
    [({"InputFilter": "$[5]"}, "record 2: .*index 5 of 2"), ({"OutputFilter": "$[5]"}, "record 2: .*index 5 of 2")],
)
def test_a_filter_out_of_range_names_the_record(processing: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        run(b"1,2,3,4,5,6\n1,2\n", job(DataProcessing=processing))


@pytest.mark.aws_rule(
    "A join needs output that is assembled by line and of the input's content type; filters have at most 63 characters",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html",
)
@pytest.mark.parametrize(
    ("request_of", "said"),
    [
        (job(DataProcessing={"JoinSource": "Input"}, target={"Accept": "application/json"}), "are the same"),
        (job(DataProcessing={"JoinSource": "Input"}, target={"AssembleWith": "None"}), "SplitType and AssembleWith"),
        (job("image/png", DataProcessing={"InputFilter": "$[1:]"}), "InputFilter needs a ContentType"),
        (job(DataProcessing={"OutputFilter": "$.id"}), "filtered by index only"),
        (job(DataProcessing={"InputFilter": "$..id"}), "cannot be read"),
    ],
)
def test_what_does_not_go_together_is_refused(request_of: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        DataProcessing.from_request(request_of)


def test_windows_line_ends_do_not_end_up_inside_a_joined_row() -> None:
    processing = {"JoinSource": "Input"}
    assert run(b"1,2\r\n3,4\r\n", job(DataProcessing=processing), sums) == b"1,2,3\n3,4,7\n"
