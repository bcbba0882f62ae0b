"""Filters and joins of a transform job: what of a record the model sees, and what of it stands beside the prediction.

Pure: records in, records out. CSV rows keep their own quoting; JSON is written without spaces.

https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localaws.core.json_paths import JsonPathError
from localaws.services.sagemaker.jobs.json_path import JsonPath
from localaws.services.sagemaker.jobs.splitting import lines_of

CSV = "text/csv"
JSON = "application/json"
JSON_LINES = ("application/jsonlines", "application/x-jsonlines")
_JOINABLE = (CSV, JSON, *JSON_LINES)
_FIELD = {"input": "SageMakerInput", "output": "SageMakerOutput"}


class DataProcessingError(ValueError):
    """A record that cannot be filtered or joined; ``number`` is its place in the object, from 1 (0: not one record)."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(f"record {number}: {reason}" if number else reason)
        self.number = number


@dataclass(frozen=True)
class DataProcessing:
    """The filters and the join of one job."""

    input_filter: JsonPath
    output_filter: JsonPath
    join: bool
    content_type: str
    accept: str
    one_document: bool

    @classmethod
    def from_request(cls, request: dict[str, Any]) -> DataProcessing:
        """From a CreateTransformJob request. ValueError names what does not go together."""
        wanted = request.get("DataProcessing", {})
        source, target = request["TransformInput"], request["TransformOutput"]
        found = cls(
            JsonPath.parse(wanted.get("InputFilter", "$") or "$"),
            JsonPath.parse(wanted.get("OutputFilter", "$") or "$"),
            wanted.get("JoinSource", "None") == "Input",
            media_type(source.get("ContentType")),
            media_type(target.get("Accept")),
            source.get("SplitType", "None") == "None" and media_type(source.get("ContentType")) == JSON,
        )
        if found.join:
            _refuse_wrong_join(found, source.get("SplitType", "None"), target.get("AssembleWith", "None"))
        _refuse_wrong_filter("InputFilter", found.input_filter, "ContentType", found.content_type)
        _refuse_wrong_filter("OutputFilter", found.output_filter, "Accept", found.accept)
        return found

    @property
    def changes_output(self) -> bool:
        """Whether responses must be taken apart into records at all."""
        return self.join or not self.output_filter.is_identity

    def filter_input(self, records: list[bytes]) -> list[bytes]:
        """What the model sees of each record."""
        if self.input_filter.is_identity:
            return records
        return _each(records, _filtering(self.input_filter, self.content_type), 1)

    def finish(self, originals: list[bytes], response: bytes, first: int) -> list[bytes]:
        """The output records of one request, of which ``originals`` were the records, the first being number ``first``
        (from 1). DataProcessingError where there are not as many as a join needs, or a filter finds nothing."""
        outputs = self._response_records(response, len(originals))
        if self.join:
            if len(outputs) != len(originals):
                raise DataProcessingError(
                    0,
                    f"the model answered {len(outputs)} records for the {len(originals)} records from number {first} "
                    "on; joining needs one for each",
                )
            join = _join_csv if self.accept == CSV else _join_json
            pairs = list(zip(originals, outputs, strict=True))
            outputs = [_numbered(join, pair, first + number) for number, pair in enumerate(pairs)]
        if self.output_filter.is_identity:
            return outputs
        return _each(outputs, _filtering(self.output_filter, self.accept), first)

    def _response_records(self, response: bytes, expected: int) -> list[bytes]:
        if self.accept == JSON and (self.one_document or expected == 1):
            return [response.strip()]
        return [line.rstrip(b"\r") for line in lines_of(response)]


def media_type(content_type: str | None) -> str:
    """``text/csv; charset=utf-8`` is ``text/csv``; absent is empty."""
    return (content_type or "").partition(";")[0].strip().lower()


def csv_fields(row: bytes) -> list[bytes]:
    """The fields of a row as they are written, quotes included."""
    fields = row.rstrip(b"\r").split(b",")
    if b'"' not in row:
        return fields
    whole: list[bytes] = []
    begun: list[bytes] = []
    for field in fields:
        begun.append(field)
        if sum(part.count(b'"') for part in begun) % 2 == 0:
            whole.append(b",".join(begun))
            begun = []
    return [*whole, b",".join(begun)] if begun else whole


def _filtering(path: JsonPath, kind: str) -> Callable[[bytes], bytes]:
    if kind == CSV:
        return lambda row: b",".join(path.columns(csv_fields(row)))
    return lambda document: _written(path.value(_read(document)))


def _join_csv(pair: tuple[bytes, bytes]) -> bytes:
    original, output = pair
    return original.rstrip(b"\r") + b"," + output


def _join_json(pair: tuple[bytes, bytes]) -> bytes:
    original, output = (_read(part) for part in pair)
    if isinstance(original, dict):
        return _written({**original, _FIELD["output"]: output})
    return _written({_FIELD["input"]: original, _FIELD["output"]: output})


def _each(records: list[bytes], change: Callable[[bytes], bytes], first: int) -> list[bytes]:
    return [_numbered(change, record, first + number) for number, record in enumerate(records)]


def _numbered(change: Callable[[Any], bytes], record: Any, number: int) -> bytes:
    try:
        return change(record)
    except JsonPathError as error:
        raise DataProcessingError(number, str(error)) from error


def _read(document: bytes) -> Any:
    try:
        return json.loads(document)
    except ValueError as error:
        shown = document[:80].decode(errors="replace")
        raise JsonPathError(f"{shown!r} is not JSON: {error}") from error


def _written(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _refuse_wrong_join(processing: DataProcessing, split_type: str, assemble_with: str) -> None:
    if processing.content_type != processing.accept or processing.accept not in _JOINABLE:
        raise ValueError(
            "JoinSource Input needs a ContentType and an Accept that are the same and one of "
            f"{', '.join(_JOINABLE[:3])}; they are {processing.content_type or 'absent'} and "
            f"{processing.accept or 'absent'}."
        )
    if split_type != assemble_with:
        raise ValueError(
            "JoinSource Input needs SplitType and AssembleWith to be the same; they are "
            f"{split_type} and {assemble_with}."
        )
    if processing.accept == CSV and split_type != "Line":
        raise ValueError(f"JoinSource Input of text/csv needs SplitType and AssembleWith Line; they are {split_type}.")


def _refuse_wrong_filter(member: str, path: JsonPath, type_member: str, kind: str) -> None:
    if path.is_identity:
        return
    if kind not in _JOINABLE:
        raise ValueError(f"{member} needs a {type_member} of {', '.join(_JOINABLE[:3])}; it is {kind or 'absent'}.")
    if kind == CSV and not path.selects_columns:
        raise ValueError(f"{member} {path.text} cannot select from text/csv: CSV is filtered by index only.")
