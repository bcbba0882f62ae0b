"""Preprocess raw CSV files for batch inference: check, clean and reorder every row; fit nothing.

What has to be fitted (imputing, scaling) was fitted in training and travels inside the model, so that training and
inference cannot disagree. Runs in the processing job's container with the standard library alone, one process per
CPU, a row at a time: memory does not grow with the data.

Reads   /opt/ml/processing/input/**/*.csv   with a header line; columns in any order, further columns are ignored
Writes  /opt/ml/processing/output/**/*.csv  without a header: the record id, then the features in the model's order
        /opt/ml/processing/report/          report.json: rows read, written and rejected, with reasons
        /opt/ml/output/message              one line, which SageMaker shows as the job's ExitMessage

A row that cannot be scored is left out and reported. The job fails when a file's header is wrong, when there is nothing
to score, or when more rows are rejected than MAX_REJECTED_FRACTION (0 to 1) allows.
"""

from __future__ import annotations

import csv
import json
import math
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RECORD_ID = "record_id"
MEASUREMENTS = (
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave_points",
    "symmetry",
    "fractal_dimension",
)
FEATURES = (
    *(f"mean_{name}" for name in MEASUREMENTS),
    *(f"{name}_error" for name in MEASUREMENTS),
    *(f"worst_{name}" for name in MEASUREMENTS),
)

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none"})
DEFAULT_MAX_REJECTED_FRACTION = "0.05"
MOST_EXAMPLES = 20
LONGEST_MESSAGE = 1024  # bytes of the message that SageMaker keeps


class InputError(Exception):
    """The input cannot be preprocessed; the text says where and why."""


class RowError(Exception):
    """One row cannot be scored; the text says why, equal for all rows with the same fault."""


@dataclass
class FileReport:
    """What became of one file's rows. ``rejected`` counts by reason; ``examples`` are the first rejected rows."""

    file: str
    read: int = 0
    written: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, Any]] = field(default_factory=list)
    ignored_columns: list[str] = field(default_factory=list)


def main(base: Path = Path("/opt/ml"), environment: Mapping[str, str] = os.environ) -> int:
    """Preprocess everything under ``base``. Exit code 0, or 1 with a message that says why."""
    try:
        message = preprocess(base, max_rejected_fraction(environment))
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


def preprocess(base: Path, allowed_fraction: float) -> str:
    """Preprocess all files, write the report, and give one line about it. Raises InputError."""
    processing = base / "processing"
    host, hosts = _host(base)
    files = sorted(path for path in (processing / "input").rglob("*") if path.suffix.lower() == ".csv")
    if not files and hosts == 1:
        raise InputError("there is no .csv file in the input, so there is nothing to score")
    reports = _preprocess_files(processing, files)
    summary = _summary(host, reports)
    _write_report(processing / "report", host, summary)
    _require_enough(summary, allowed_fraction, hosts)
    rejected = sum(summary["rejected"].values())
    return f"{host}: {summary['read']} rows read, {summary['written']} written, {rejected} rejected"


def preprocess_file(source: Path, target: Path, name: str) -> FileReport:
    """Write the rows of one file that can be scored. Raises InputError for a wrong header or broken text."""
    report = FileReport(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open(encoding="utf-8-sig", newline="") as text, target.open("w", encoding="utf-8", newline="") as out:
        rows = csv.reader(text, strict=True)
        writer = csv.writer(out, lineterminator="\n")
        for row in _cleaned(rows, report):
            writer.writerow(row)
            report.written += 1
    if not report.written:
        target.unlink()  # an empty object is an error to the transform job
    print(f"{name}: {report.read} rows read, {report.written} written", flush=True)
    return report


def column_positions(header: Sequence[str], place: str) -> list[int]:
    """Where the record id and each feature stand in a row with this header. Raises InputError."""
    names = _normalised(header)
    wanted = (RECORD_ID, *FEATURES)
    missing = [name for name in wanted if name not in names]
    repeated = sorted({name for name in wanted if names.count(name) > 1})
    if missing or repeated:
        problems = []
        if missing:
            problems.append(f"lacks {len(missing)} of {len(wanted)} columns: {_some(missing)}")
        if repeated:
            problems.append(f"repeats {_some(repeated)}")
        raise InputError(f"{place}: the header {' and '.join(problems)}; it begins with {','.join(header)[:80]!r}")
    return [names.index(name) for name in wanted]


def clean_row(row: Sequence[str], width: int, positions: Sequence[int]) -> list[str]:
    """The record id and the features as text, missing ones empty. Raises RowError for a row that cannot be scored."""
    if len(row) != width:
        raise RowError("wrong number of fields")
    record_id, *values = [row[position].strip() for position in positions]
    if not record_id:
        raise RowError("no record id")
    if "\n" in record_id or "\r" in record_id:
        raise RowError("line break in the record id")
    features = [_clean_value(value, index) for index, value in enumerate(values)]
    if not any(features):
        raise RowError("no feature has a value")
    return [record_id, *features]


def _clean_value(value: str, index: int) -> str:
    """A measurement's text as it was given (no digit is lost), or "" where it is missing."""
    if value.lower() in MISSING:
        return ""
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or "_" in value:
        raise RowError(f"{FEATURES[index]} is not a number")
    if number < 0:
        raise RowError(f"{FEATURES[index]} is negative")
    return value


def max_rejected_fraction(environment: Mapping[str, str]) -> float:
    """The share of rows that may be rejected, by MAX_REJECTED_FRACTION. Raises InputError unless it is 0 to 1."""
    given = environment.get("MAX_REJECTED_FRACTION", DEFAULT_MAX_REJECTED_FRACTION)
    try:
        fraction = float(given)
    except ValueError:
        fraction = math.nan
    if not 0 <= fraction <= 1:
        raise InputError(f"MAX_REJECTED_FRACTION must be a number from 0 to 1, not {given!r}")
    return fraction


def _preprocess_files(processing: Path, files: Sequence[Path]) -> list[FileReport]:
    names = [path.relative_to(processing / "input").as_posix() for path in files]
    targets = [processing / "output" / name for name in names]
    workers = min(len(files), os.cpu_count() or 1)
    if workers < 2:
        return list(map(preprocess_file, files, targets, names))
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(preprocess_file, files, targets, names))


def _cleaned(rows: Any, report: FileReport) -> Iterator[list[str]]:
    """The rows that can be scored; all others are counted in the report."""
    try:
        header = next((row for row in rows if row), None)
        if header is None:
            raise InputError(f"{report.file} line 1: the file is empty; a header line was expected")
        positions = column_positions(header, f"{report.file} line {rows.line_num}")
        report.ignored_columns = sorted(set(_normalised(header)) - {RECORD_ID, *FEATURES})
        width = len(header)
        for row in rows:
            if not row:
                continue
            report.read += 1
            try:
                yield clean_row(row, width, positions)
            except RowError as error:
                _reject(report, rows.line_num, str(error))
    except csv.Error as error:
        raise InputError(f"{report.file} line {rows.line_num}: broken CSV: {error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{report.file} after line {rows.line_num}: not UTF-8 text: {error.reason}") from error


def _normalised(header: Sequence[str]) -> list[str]:
    return [name.strip().lower().replace(" ", "_") for name in header]


def _reject(report: FileReport, line: int, reason: str) -> None:
    report.rejected[reason] += 1
    if len(report.examples) < MOST_EXAMPLES:
        report.examples.append({"file": report.file, "line": line, "reason": reason})


def _summary(host: str, reports: Sequence[FileReport]) -> dict[str, Any]:
    rejected: Counter[str] = Counter()
    for report in reports:
        rejected.update(report.rejected)
    return {
        "host": host,
        "read": sum(report.read for report in reports),
        "written": sum(report.written for report in reports),
        "rejected": dict(sorted(rejected.items())),
        "examples": [example for report in reports for example in report.examples][:MOST_EXAMPLES],
        "ignored_columns": sorted({name for report in reports for name in report.ignored_columns}),
        "files": {
            report.file: {"read": report.read, "written": report.written, "rejected": sum(report.rejected.values())}
            for report in reports
        },
    }


def _require_enough(summary: Mapping[str, Any], allowed_fraction: float, hosts: int) -> None:
    read, rejected = summary["read"], sum(summary["rejected"].values())
    if not read and hosts == 1:
        raise InputError(f"the {len(summary['files'])} input files have headers but no rows")
    if rejected > allowed_fraction * read or (read and not summary["written"]):
        first = summary["examples"][0]
        raise InputError(
            f"{rejected} of {read} rows were rejected, more than MAX_REJECTED_FRACTION={allowed_fraction} allows;"
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


if __name__ == "__main__":
    # SAGEMAKER_BASE_DIR moves /opt/ml, as in SageMaker's own toolkits.
    sys.exit(main(Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))))
