"""Records of an object and the requests made of them: nothing is lost, nothing grows faster than the input."""

from __future__ import annotations

import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.services.sagemaker.jobs.batching import RecordTooLargeError, batches, part
from localaws.services.sagemaker.jobs.splitting import MalformedObjectError, split

MAGIC = struct.pack("<I", 0xCED7230A)


def recordio(*payloads: bytes) -> bytes:
    return b"".join(MAGIC + struct.pack("<I", len(data)) + data + b"\0" * (-len(data) % 4) for data in payloads)


def tfrecord(*payloads: bytes) -> bytes:
    return b"".join(struct.pack("<QI", len(data), 0) + data + struct.pack("<I", 0) for data in payloads)


@pytest.mark.aws_rule(
    "SplitType and BatchStrategy decide which records a request has",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformInput.html",
)
@given(st.binary(max_size=400), st.sampled_from(["None", "Line"]), st.integers(100, 500))
def test_multi_record_requests_together_are_the_object(content: bytes, split_type: str, limit: int) -> None:
    records = split(content, split_type)
    if any(len(record) > limit for record in records.payloads):
        with pytest.raises(RecordTooLargeError):
            list(batches(records, "MultiRecord", limit))
        return
    requests = list(batches(records, "MultiRecord", limit))
    assert b"".join(request.body for request in requests) == content
    assert sum(request.count for request in requests) == len(records)


@pytest.mark.aws_rule(
    "SplitType and BatchStrategy decide which records a request has",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformInput.html",
)
@given(st.lists(st.binary(min_size=1, max_size=40).filter(lambda line: b"\n" not in line), max_size=20))
def test_single_record_requests_are_the_lines_without_their_ends(lines: list[bytes]) -> None:
    content = b"".join(line + b"\n" for line in lines)
    requests = list(batches(split(content, "Line"), "SingleRecord", 0))
    assert [request.body for request in requests] == lines
    assert [request.first for request in requests] == list(range(len(lines)))


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=10), st.sampled_from([recordio, tfrecord]))
def test_framed_records_are_stripped_one_by_one_and_kept_together(payloads: list[bytes], frame: object) -> None:
    assert callable(frame)
    content = frame(*payloads)
    records = split(content, "RecordIO" if frame is recordio else "TFRecord")
    assert records.payloads == payloads
    assert b"".join(request.body for request in batches(records, "MultiRecord", 0)) == content


def test_a_record_in_parts_is_one_record_with_the_magic_between_them() -> None:
    def in_part(flag: int, data: bytes) -> bytes:
        return MAGIC + struct.pack("<I", flag << 29 | len(data)) + data

    records = split(in_part(1, b"abcd") + in_part(2, b"efgh") + in_part(3, b"ijkl") + recordio(b"next"), "RecordIO")
    assert records.payloads == [b"abcd" + MAGIC + b"efgh" + MAGIC + b"ijkl", b"next"]


@pytest.mark.parametrize(
    ("split_type", "content", "said"),
    [
        ("RecordIO", b"1,2,3\n4,5,6\n", "no record at byte 0"),
        ("RecordIO", recordio(b"abcd") + MAGIC, "header at byte 12 is cut off"),
        ("RecordIO", recordio(b"abcdefgh")[:-2], "byte 0 is cut off"),
        ("TFRecord", tfrecord(b"abcdefgh")[:-2], "byte 0 is cut off"),
        ("TFRecord", b"short", "byte 0 is cut off"),
    ],
)
def test_broken_framing_is_named_with_its_byte(split_type: str, content: bytes, said: str) -> None:
    with pytest.raises(MalformedObjectError, match=said):
        split(content, split_type)


@pytest.mark.aws_rule(
    "A request of MultiRecord is filled up to MaxPayloadInMB",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html",
)
@given(st.lists(st.integers(0, 30), max_size=60), st.integers(31, 90))
def test_no_request_exceeds_the_limit_and_none_could_take_another_record(sizes: list[int], limit: int) -> None:
    records = split(b"".join(b"x" * size + b"\n" for size in sizes), "Line")
    requests = list(batches(records, "MultiRecord", limit))
    assert all(len(request.body) <= limit for request in requests)
    for request in requests[:-1]:
        following = records.framed[request.first + request.count]
        assert len(request.body) + len(following) > limit


@pytest.mark.aws_rule(
    "A record larger than MaxPayloadInMB fails its file",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html",
)
@pytest.mark.parametrize("strategy", ["SingleRecord", "MultiRecord"])
def test_a_record_of_the_limit_passes_and_one_byte_more_is_named(strategy: str) -> None:
    limit = 1024 * 1024
    assert len(list(batches(split(b"a\n" + b"x" * limit + b"\n", "Line"), strategy, limit))) == 2
    with pytest.raises(RecordTooLargeError, match=r"record 2 has 1048577 bytes.*1 MB"):
        list(batches(split(b"a\n" + b"x" * (limit + 1), "Line"), strategy, limit))


def test_a_limit_of_zero_is_none() -> None:
    assert len(list(batches(split(b"x" * 20_000_000, "None"), "MultiRecord", 0))) == 1


def test_part_of_the_records_is_a_request_of_its_own() -> None:
    records = split(b"a\nb\nc\n", "Line")
    assert part(records, 1, 2, "MultiRecord").body == b"b\nc\n"
    assert part(records, 1, 1, "SingleRecord").body == b"b"


def test_batching_is_linear() -> None:
    def seconds(lines: int) -> float:
        content = b"1,2,3\n" * lines
        started = time.perf_counter()
        assert sum(request.count for request in batches(split(content, "Line"), "MultiRecord", 6 * 1024**2)) == lines
        return time.perf_counter() - started

    seconds(1000)
    assert seconds(200_000) < 60 * max(seconds(20_000), 0.001)
