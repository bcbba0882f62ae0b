"""What a row of data is, by the content's type, and which objects are data at all.

Rows are records: of CSV by CSV's rules (a line break in quotes ends none; LF, CRLF and CR do), of JSON lines each
line, of JSON each value or each element of a list. Blank lines are none. What is compressed with gzip is read through
it. Nothing is guessed: what is neither of these raises UnreadableError, and whoever counts says so.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Literal, cast

Kind = Literal["csv", "jsonlines", "json"]

MIB = 1024 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_LOOKED_AT = 64 * 1024
_BY_ENDING: dict[str, Kind] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".json": "json",
    ".jsonl": "jsonlines",
    ".jsonlines": "jsonlines",
    ".ndjson": "jsonlines",
}
_BY_TYPE: dict[str, Kind] = {
    "text/csv": "csv",
    "text/plain": "csv",
    "application/json": "json",
    "application/jsonlines": "jsonlines",
    "application/x-jsonlines": "jsonlines",
    "application/jsonl": "jsonlines",
    "application/x-ndjson": "jsonlines",
}
_MARKERS = ("_SUCCESS", "_committed", "_started", "_metadata", "_common_metadata")


class UnreadableError(ValueError):
    """An object's rows cannot be told; the text says why."""


def is_ignored_input(name: str) -> bool:
    """Whether a file below the input prefix is no data: hidden, a marker or a note of whoever wrote the data."""
    *folders, base = name.split("/")
    return not base or base.startswith((".", "_", "README")) or any(each.startswith((".", "_")) for each in folders)


def is_ignored_output(name: str) -> bool:
    """Whether an object among the predictions is none. Those of a transform job end in .out, whatever they are of."""
    *folders, base = name.split("/")
    if not base or "_temporary" in folders or base.endswith((".crc", "_$folder$")) or base.startswith(_MARKERS):
        return True
    return base.startswith(".") and not base.endswith(".out")


def kind_of_name(name: str, default: Kind) -> Kind | None:
    """By a file name's ending, ``default`` where it has none; None for every other, such as Parquet."""
    base = name.rsplit("/", 1)[-1].lower().removesuffix(".gz")
    _, dot, ending = base.rpartition(".")
    return _BY_ENDING.get(f".{ending}") if dot else default


def kind_of_type(content_type: str | None, default: Kind) -> Kind | None:
    """By a content type, ``default`` where none is said; None for every other, such as a serialized array."""
    return _BY_TYPE.get(content_type.split(";")[0].strip().lower()) if content_type else default


def rows(stream: BinaryIO, kind: Kind, each_value: bool = False) -> Iterator[str]:
    """The text of every row, each readable by itself. Raises UnreadableError.

    ``each_value``: a list in JSON is one row, as a request of a single record is answered; else its elements are rows.
    """
    try:
        text = _opened(stream, _LOOKED_AT)
        if kind == "csv":
            yield from map(_csv_text, _csv_rows(text))
        elif kind == "jsonlines":
            yield from (line.rstrip("\r\n") for line in text if line.strip())
        else:
            yield from (_json_text(each) for each in _json_rows(text.read(), each_value))
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UnreadableError(f"broken gzip: {error}") from error
    except csv.Error as error:
        raise UnreadableError(f"broken CSV: {error}") from error


def count_rows(stream: BinaryIO, kind: Kind, each_value: bool = False) -> int:
    """How many rows a stream has. Raises UnreadableError."""
    if kind != "csv":
        return sum(1 for _ in rows(stream, kind, each_value))
    try:
        return sum(1 for _ in _csv_rows(_opened(stream, MIB)))
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UnreadableError(f"broken gzip: {error}") from error
    except csv.Error as error:
        raise UnreadableError(f"broken CSV: {error}") from error


def _opened(stream: BinaryIO, ahead: int) -> io.TextIOWrapper:
    raw = io.BufferedReader(cast(io.RawIOBase, stream), ahead)
    if raw.peek(2)[:2] == _GZIP_MAGIC:
        raw = io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=raw)), ahead)
    if b"\0" in raw.peek(_LOOKED_AT)[:_LOOKED_AT]:
        raise UnreadableError("it is not text: it holds null bytes")
    return io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="")


def _csv_rows(text: io.TextIOWrapper) -> Iterator[list[str]]:
    return (row for row in csv.reader(text) if len(row) > 1 or (row and row[0].strip()))


def _csv_text(row: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(row)  # its line end, CRLF, is what makes it quote a line break
    return line.getvalue().removesuffix("\r\n")


def _json_text(value: Any) -> str:
    """One line; halves of characters, which UTF-8 cannot write, become question marks."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")


def _json_rows(text: str, each_value: bool) -> Iterator[Any]:
    for value in _json_values(text):
        if isinstance(value, list) and not each_value:
            yield from value
        elif isinstance(value, dict) and isinstance(value.get("predictions"), list):
            # each in its own answer, so that a path such as predictions.0.score finds it
            yield from ({"predictions": [element]} for element in value["predictions"])
        else:
            yield value


def _json_values(text: str) -> Iterator[Any]:
    decoder, at = json.JSONDecoder(), 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at == len(text):
            return
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise UnreadableError(f"broken JSON: {error}") from error
        yield value
