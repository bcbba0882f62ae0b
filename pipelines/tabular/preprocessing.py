"""Preprocesses raw CSV files for batch inference by a schema: checks, cleans and reorders every row; fits nothing.

What has to be fitted (imputing, scaling) was fitted in training and travels inside the model, so that training and
inference cannot disagree. Runs in the processing job's container with the standard library alone, one process per
CPU, a row at a time: memory does not grow with the data.

Reads   /opt/ml/processing/input/**/*.csv, *.csv.gz   with a header line; columns in any order, others are ignored
Writes  /opt/ml/processing/output/**/*.csv  without a header: the record id, then the features in the model's order
        /opt/ml/processing/report/          report.json: rows read, written and rejected, with reasons; files unread
        /opt/ml/output/message              one line, which SageMaker shows as the job's ExitMessage

A row that cannot be scored is left out and reported. The job fails when a file's header is wrong, when there is nothing
to score, when more rows are rejected than MAX_REJECTED_FRACTION (0 to 1) allows, and when a file is no CSV, unless
UNREAD_FILES is "allow".
"""

from __future__ import annotations

import csv
import json
import math
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pipelines.tabular.input_files import InputFiles, find_input, open_text, output_name
from pipelines.tabular.schema import InvalidValueError, Schema, normalised, positions

DEFAULT_MAX_REJECTED_FRACTION = "0.05"
MOST_EXAMPLES = 20
LONGEST_MESSAGE = 1024  # bytes of the message that SageMaker keeps

Derive = Callable[[dict[str, str]], Mapping[str, str]]
"""Gives further columns of a row, as text by their names, from those of the file; see ``preprocess``."""


class InputError(Exception):
    """The input cannot be preprocessed; the text says where and why."""


class RowError(Exception):
    """One row cannot be scored; the text says why, equal for all rows with the same fault."""


@dataclass(frozen=True)
class Limits:
    """What a run allows: the share of rows that may be rejected, and whether files may be left unread."""

    rejected_fraction: float
    unread_files: bool

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Limits:
        """By MAX_REJECTED_FRACTION and UNREAD_FILES. Raises InputError for what is neither."""
        given = environment.get("MAX_REJECTED_FRACTION", DEFAULT_MAX_REJECTED_FRACTION)
        try:
            fraction = float(given)
        except ValueError:
            fraction = math.nan
        if not 0 <= fraction <= 1:
            raise InputError(f"MAX_REJECTED_FRACTION must be a number from 0 to 1, not {given!r}")
        unread = environment.get("UNREAD_FILES", "fail")
        if unread not in ("fail", "allow"):
            raise InputError(f'UNREAD_FILES must be "fail" or "allow", not {unread!r}')
        return cls(fraction, unread == "allow")


@dataclass
class FileReport:
    """What became of one file's rows. ``rejected`` counts by reason; ``examples`` are the first rejected rows."""

    file: str
    read: int = 0
    written: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, Any]] = field(default_factory=list)
    ignored_columns: list[str] = field(default_factory=list)


def run(
    schema: Schema,
    derive: Derive | None = None,
    base: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> int:
    """A script's whole life: preprocess everything under ``base``. Exit code 0, or 1 with a message that says why."""
    # SAGEMAKER_BASE_DIR moves /opt/ml, as in SageMaker's own toolkits.
    base = base or Path(environment.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
    try:
        message = preprocess(base, schema, Limits.of(environment), derive)
    except InputError as error:
        _write_message(base, str(error))
        print(f"Preprocessing failed: {error}", file=sys.stderr)
        return 1
    except Exception as error:
        _write_message(base, f"{type(error).__name__}: {error}")
        raise
    _write_message(base, message)
    print(message)
    return 0


def preprocess(base: Path, schema: Schema, limits: Limits, derive: Derive | None = None) -> str:
    """Preprocess all files, write the report, and give one line about it. Raises InputError.

    ``derive`` gets a row's columns by their normalised names and gives further ones, which the schema may name like
    those of the file; ValueError from it rejects the row with its text.
    """
    processing = base / "processing"
    host, hosts = _host(base)
    files = find_input(processing / "input")
    _say_what_is_not_read(files)
    if not files.read and not files.unread and hosts == 1:
        raise InputError("there is no .csv file in the input, so there is nothing to score")
    reports = _preprocess_files(processing, files.read, schema, derive)
    summary = _summary(host, reports, files, limits)
    _write_report(processing / "report", host, summary)
    _require_enough(summary, limits, hosts)
    rejected = sum(summary["rejected"].values())
    return f"{host}: {summary['read']} rows read, {summary['written']} written, {rejected} rejected"


def preprocess_file(source: Path, target: Path, name: str, schema: Schema, derive: Derive | None = None) -> FileReport:
    """Write the rows of one file that can be scored. Raises InputError for a wrong header or broken text."""
    report = FileReport(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    with open_text(source) as text, target.open("w", encoding="utf-8", newline="") as out:
        rows = csv.reader(text, strict=True)
        writer = csv.writer(out, lineterminator="\n")
        for row in _cleaned(rows, report, schema, derive):
            writer.writerow(row)
            report.written += 1
    if not report.written:
        target.unlink()  # an empty object is an error to the transform job
    print(f"{name}: {report.read} rows read, {report.written} written", flush=True)
    return report


def clean_row(values: Sequence[str], schema: Schema) -> list[str]:
    """The record id and the features as text, in the schema's order, missing ones empty.

    Raises RowError for a row that cannot be scored.
    """
    record_id, *given = (value.strip() for value in values)
    if not record_id:
        raise RowError("no record id")
    if "\n" in record_id or "\r" in record_id:
        raise RowError("line break in the record id")
    features = []
    for feature, value in zip(schema.features, given, strict=True):
        if schema.is_missing(value):
            if not feature.missing:
                raise RowError(f"{feature.name} is missing")
            features.append("")
            continue
        try:
            features.append(feature.clean(value))
        except InvalidValueError as problem:
            raise RowError(str(problem)) from None
    if not any(features):
        raise RowError("no feature has a value")
    return [record_id, *features]


def _say_what_is_not_read(files: InputFiles) -> None:
    for kind, names in (("ignored, no data", files.ignored), ("NOT READ, no CSV", files.unread)):
        for name in names:
            print(f"{name}: {kind}", flush=True)


def _preprocess_files(
    processing: Path, names: Sequence[str], schema: Schema, derive: Derive | None
) -> list[FileReport]:
    sources = [processing / "input" / name for name in names]
    targets = _targets(processing / "output", names)
    work = partial(preprocess_file, schema=schema, derive=derive)
    workers = min(len(names), os.cpu_count() or 1)
    if workers < 2:
        return list(map(work, sources, targets, names))
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(work, sources, targets, names))


def _targets(folder: Path, names: Sequence[str]) -> list[Path]:
    targets = [folder / output_name(name) for name in names]
    for target in targets:
        if targets.count(target) > 1:
            raise InputError(f"{target.name} is there twice, compressed and not: one would overwrite the other")
    return targets


def _cleaned(rows: Any, report: FileReport, schema: Schema, derive: Derive | None) -> Iterator[list[str]]:
    """The rows that can be scored; all others are counted in the report."""
    try:
        header = next((row for row in rows if row), None)
        if header is None:
            raise InputError(f"{report.file} line 1: the file is empty; a header line was expected")
        place = f"{report.file} line {rows.line_num}"
        pick = _by_position(header, schema, place) if derive is None else _by_name(header, schema, derive, place)
        report.ignored_columns = _ignored(header, schema) if derive is None else []
        for row in rows:
            if not row:
                continue  # a blank line
            report.read += 1
            try:
                if len(row) != len(header):
                    raise RowError("wrong number of fields")
                yield clean_row(pick(row), schema)
            except RowError as error:
                _reject(report, rows.line_num, str(error))
    except csv.Error as error:
        raise InputError(f"{report.file} line {rows.line_num}: broken CSV: {error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{report.file} after line {rows.line_num}: not UTF-8 text: {error.reason}") from error
    except EOFError as error:
        raise InputError(f"{report.file} after line {rows.line_num}: the compressed file is cut off") from error
    except OSError as error:
        raise InputError(f"{report.file}: {error}") from error


def _by_position(header: Sequence[str], schema: Schema, place: str) -> Callable[[Sequence[str]], list[str]]:
    """What picks the schema's columns out of a row of this file. Raises InputError for a header that lacks some."""
    found, missing, repeated = positions(schema, header)
    if missing or repeated:
        raise InputError(f"{place}: {_header_problem(header, schema, missing, repeated)}")
    return lambda row: [row[position] for position in found]


def _by_name(header: Sequence[str], schema: Schema, derive: Derive, place: str) -> Callable[[Sequence[str]], list[str]]:
    names = [normalised(name) for name in header]

    def pick(row: Sequence[str]) -> list[str]:
        columns = dict(zip(names, (value.strip() for value in row), strict=True))
        try:
            columns |= {normalised(name): value for name, value in derive(columns).items()}
        except ValueError as error:
            raise RowError(str(error)) from None
        missing = [name for name in schema.columns if normalised(name) not in columns]
        if missing:
            raise InputError(f"{place}: {_header_problem(header, schema, missing, [])}")
        return [columns[normalised(name)] for name in schema.columns]

    return pick


def _header_problem(header: Sequence[str], schema: Schema, missing: Sequence[str], repeated: Sequence[str]) -> str:
    problems = []
    if missing:
        problems.append(f"lacks {len(missing)} of {len(schema.columns)} columns: {_some(missing)}")
    if repeated:
        problems.append(f"repeats {_some(repeated)}")
    return f"the header {' and '.join(problems)}; it begins with {','.join(header)[:80]!r}"


def _ignored(header: Sequence[str], schema: Schema) -> list[str]:
    return sorted({normalised(name) for name in header} - {normalised(name) for name in schema.columns})


def _reject(report: FileReport, line: int, reason: str) -> None:
    report.rejected[reason] += 1
    if len(report.examples) < MOST_EXAMPLES:
        report.examples.append({"file": report.file, "line": line, "reason": reason})


def _summary(host: str, reports: Sequence[FileReport], files: InputFiles, limits: Limits) -> dict[str, Any]:
    rejected: Counter[str] = Counter()
    for report in reports:
        rejected.update(report.rejected)
    return {
        "host": host,
        "read": sum(report.read for report in reports),
        "written": sum(report.written for report in reports),
        "rejected": dict(sorted(rejected.items())),
        "max_rejected_fraction": limits.rejected_fraction,
        "examples": [example for report in reports for example in report.examples][:MOST_EXAMPLES],
        "ignored_columns": sorted({name for report in reports for name in report.ignored_columns}),
        "files": {
            report.file: {"read": report.read, "written": report.written, "rejected": sum(report.rejected.values())}
            for report in reports
        },
        "unread": list(files.unread),
        "unread_allowed": limits.unread_files,
        "ignored": list(files.ignored),
    }


def _require_enough(summary: Mapping[str, Any], limits: Limits, hosts: int) -> None:
    read, rejected, unread = summary["read"], sum(summary["rejected"].values()), summary["unread"]
    if unread and not limits.unread_files:
        raise InputError(
            f"{len(unread)} files of the input are no CSV and were not read: {_some(unread)};"
            " take them away, or set the parameter UnreadFiles to allow"
        )
    if not read and hosts == 1:
        raise InputError(f"the {len(summary['files'])} input files have headers but no rows")
    if rejected > limits.rejected_fraction * read or (read and not summary["written"]):
        first = summary["examples"][0]
        raise InputError(
            f"{rejected} of {read} rows were rejected, more than"
            f" MAX_REJECTED_FRACTION={limits.rejected_fraction} allows;"
            f" the first: {first['file']} line {first['line']}: {first['reason']}"
        )


def _host(base: Path) -> tuple[str, int]:
    """This host's name and how many there are."""
    path = base / "config" / "resourceconfig.json"
    if not path.exists():
        return "algo-1", 1
    config = json.loads(path.read_text(encoding="utf-8"))
    return str(config["current_host"]), len(config["hosts"])


def _write_report(folder: Path, host: str, summary: Mapping[str, Any]) -> None:
    """``report.json``; further hosts add their name, since all upload to one prefix."""
    folder.mkdir(parents=True, exist_ok=True)
    name = "report.json" if host == "algo-1" else f"report-{host}.json"
    (folder / name).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")


def _write_message(base: Path, message: str) -> None:
    path = base / "output" / "message"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(message.encode("utf-8")[:LONGEST_MESSAGE].decode("utf-8", "ignore").encode("utf-8"))


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")
