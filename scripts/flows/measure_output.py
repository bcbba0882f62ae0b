"""Counts an execution's rows and predictions, and takes a sample of the predictions: what its checks are about.

Rows in are what preprocessing reports; where it reports nothing, the input's own records. Only reads. What cannot be
read is handed on by its name and never counted as nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

from scripts.decisions.containers import S3Location, s3_location
from scripts.decisions.data_rows import (
    Kind,
    UnreadableError,
    count_rows,
    is_ignored_input,
    is_ignored_output,
    kind_of_name,
    kind_of_type,
    rows,
)
from scripts.decisions.prediction_columns import PredictionColumn
from scripts.decisions.preprocessing_report import (
    OUTPUT,
    PreprocessingReport,
    combined,
    is_report,
    not_in_report,
    read_report,
)
from scripts.decisions.stage_values import input_url
from scripts.decisions.verification import Figures, Rows, figures
from scripts.flows.run_pipeline import Output
from scripts.flows.stage_context import StageContext

MOST_COUNTED_BYTES = 2 * 1024**3
PARALLEL_READS = 8
REJECTED_FRACTION = "MAX_REJECTED_FRACTION"


@dataclass(frozen=True)
class _Source:
    """An object whose rows are to be counted; ``kind`` is None where they cannot be."""

    bucket: str
    key: str
    name: str
    size: int
    kind: Kind | None
    each_value: bool = False


@dataclass(frozen=True)
class _Input:
    """What is known of the input's rows before the predictions are looked at."""

    read: int | None = None
    accepted: int | None = None
    report: PreprocessingReport | None = None
    unread: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def measure(
    context: StageContext, execution_arn: str, output: Output, columns: Iterable[PredictionColumn]
) -> tuple[Figures, list[str]]:
    """All figures of an execution that succeeded, and the sampled rows of its predictions."""
    jobs = [each.job_arn for each in context.pipelines.steps(execution_arn) if each.job_arn]
    transforms = [arn for arn in jobs if ":transform-job/" in arn]
    transform = context.pipelines.transform_job(transforms[-1]) if transforms else None
    until = jobs.index(transforms[-1]) if transforms else len(jobs)
    job = _reporting_job(context, [arn for arn in jobs[:until] if ":processing-job/" in arn])
    predictions = _predictions(context, output, transform, job)
    lines, broken = _sample(context, predictions)
    too_large = sum(each.size for each in predictions) > MOST_COUNTED_BYTES
    entered = _entered(context, job)
    if entered is None:
        too_large, entered = True, _Input()
    predicted, more = (None, []) if too_large else _counted(context, predictions)
    report = entered.report
    measured = figures(
        lines,
        tuple(columns),
        Rows(
            read=entered.read,
            accepted=entered.accepted,
            predicted=predicted if not more else None,
            files=len(predictions),
            rejected=report.rejected if report else {},
            allowed_rejected=_allowed(report, job),
            unread=entered.unread,
            unread_allowed=bool(report and report.unread_allowed),
            ignored=entered.ignored,
            unknown=tuple(dict.fromkeys([*entered.unknown, *broken, *more])),
            too_large=too_large,
        ),
    )
    return measured, lines


def reported_rows(context: StageContext, jobs: list[str]) -> PreprocessingReport | None:
    """What the last processing job of an execution reports, all hosts together; None where none reports anything."""
    job = _reporting_job(context, [arn for arn in jobs if ":processing-job/" in arn])
    where = _report_location(job)
    readings = map(read_report, _reports(context, where).values()) if where else []
    return combined(each for each in readings if not isinstance(each, str))


def _reporting_job(context: StageContext, arns: list[str]) -> dict[str, Any] | None:
    """The last of these processing jobs that has a report among its outputs."""
    for arn in reversed(arns):
        job = context.pipelines.processing_job(arn)
        if _report_location(job):
            return job
    return None


def _report_location(job: dict[str, Any] | None) -> S3Location | None:
    outputs = ((job or {}).get("ProcessingOutputConfig") or {}).get("Outputs", [])
    urls = [each["S3Output"]["S3Uri"] for each in outputs if each["OutputName"] == OUTPUT and each.get("S3Output")]
    return s3_location(urls[0].rstrip("/") + "/") if urls else None


def _entered(context: StageContext, job: dict[str, Any] | None) -> _Input | None:
    """The input's rows; None where they would have to be counted and are too large for that."""
    inputs = _inputs(context)
    data = [each for each in inputs if not is_ignored_input(each.name)]
    ignored = [each.name for each in inputs if is_ignored_input(each.name)]
    where = _report_location(job)
    contents = _reports(context, where) if where else {}
    reported = _reported(contents, [each.name for each in data], ignored) if contents else None
    if not context.settings.verification.equal_rows and (reported is None or reported.unknown):
        return _Input()  # nobody asks: preprocessing of one's own may read and report what cannot be read here
    if reported:
        return reported
    if sum(each.size for each in data) > MOST_COUNTED_BYTES:
        return None
    readable = [each for each in data if each.kind]
    unread = [each.name for each in data if not each.kind]
    read, broken = _counted(context, readable, context.settings.verification.input_header)
    return _Input(read, read, None, tuple(unread), tuple(ignored), tuple(broken))


def _reports(context: StageContext, where: S3Location) -> dict[str, bytes]:
    keys = [key for key, _ in context.objects.keys(where.bucket, where.key) if is_report(key.rsplit("/", 1)[-1])]
    return {f"s3://{where.bucket}/{key}": context.objects.read(where.bucket, key) or b"" for key in keys}


def _reported(contents: dict[str, bytes], names: list[str], ignored: list[str]) -> _Input:
    readings = {uri: read_report(content) for uri, content in contents.items()}
    wrong = [f"{uri} is not a preprocessing report: {each}" for uri, each in readings.items() if isinstance(each, str)]
    report = combined(each for each in readings.values() if not isinstance(each, str))
    if wrong or report is None:
        return _Input(unknown=tuple(wrong))
    unread = tuple(sorted({*report.unread, *not_in_report(report, names)}))
    read_after_all = report.files or {}
    passed_over = tuple(sorted({*report.ignored, *(name for name in ignored if name not in read_after_all)}))
    return _Input(report.read, report.written, report, unread, passed_over)


def _allowed(report: PreprocessingReport | None, job: dict[str, Any] | None) -> float | None:
    """The share of rows that may be rejected: by the report, else by what its job was started with."""
    if report is None or report.max_rejected_fraction is not None:
        return report.max_rejected_fraction if report else None
    try:
        return float(((job or {}).get("Environment") or {})[REJECTED_FRACTION])
    except (KeyError, ValueError):
        return None


def _inputs(context: StageContext) -> list[_Source]:
    location = s3_location(input_url(context.settings, context.foundation))
    default = _default_kind(context)
    return [
        _Source(location.bucket, key, name, size, kind_of_name(name, default))
        for key, size in context.objects.keys(location.bucket, location.key)
        for name in [key.removeprefix(location.key)]
    ]


def _predictions(
    context: StageContext, output: Output, transform: dict[str, Any] | None, job: dict[str, Any] | None
) -> list[_Source]:
    """The objects that hold predictions: those of the transform job, or all of the execution's but the reports."""
    default, answer = _default_kind(context), transform or {}
    accepts = answer.get("TransformOutput", {}).get("Accept")
    split = answer.get("TransformInput", {}).get("SplitType", "None")
    each_value = answer.get("BatchStrategy") == "SingleRecord" and split != "None"
    reports = _report_location(job) if transform is None else None
    found = []
    for key, size in output.objects:
        name = key.removeprefix(output.location.key)
        if is_ignored_output(name) or (reports and key.startswith(reports.key)):
            continue
        kind = kind_of_type(accepts, default) if transform else kind_of_name(name, default)
        found.append(_Source(output.location.bucket, key, name, size, kind, each_value))
    return found


def _default_kind(context: StageContext) -> Kind:
    """Of what neither a name nor a content type tells: a prediction found by a member is of JSON."""
    return "jsonlines" if isinstance(context.settings.verification.prediction, str) else "csv"


def _sample(context: StageContext, sources: list[_Source]) -> tuple[list[str], list[str]]:
    """Rows of all files, as many as the stage wants, and what could not be read."""
    wanted = context.settings.verification.sample
    each = -(-wanted // max(len(sources), 1))

    def first(source: _Source) -> list[str] | str:
        if source.kind is None:
            return _unreadable(source, "its content type is not read here")
        try:
            with context.objects.opened(source.bucket, source.key) as stream:
                return list(islice(rows(stream, source.kind, source.each_value), each))
        except UnreadableError as error:
            return _unreadable(source, str(error))

    with ThreadPoolExecutor(PARALLEL_READS) as pool:
        found = list(pool.map(first, [source for source in sources if source.size]))
    lines = [line for part in found if isinstance(part, list) for line in part]
    return lines[:wanted], [part for part in found if isinstance(part, str)]


def _counted(context: StageContext, sources: list[_Source], header: bool = False) -> tuple[int, list[str]]:
    """How many rows these have, each without its header line, and what could not be read."""

    def count(source: _Source) -> int | str:
        if source.kind is None:
            return _unreadable(source, "its content type is not read here")
        try:
            with context.objects.opened(source.bucket, source.key) as stream:
                counted = count_rows(stream, source.kind, source.each_value)
        except UnreadableError as error:
            return _unreadable(source, str(error))
        return max(counted - 1, 0) if header and source.kind == "csv" else counted

    with ThreadPoolExecutor(PARALLEL_READS) as pool:
        found = list(pool.map(count, [source for source in sources if source.size]))
    return sum(each for each in found if isinstance(each, int)), [each for each in found if isinstance(each, str)]


def _unreadable(source: _Source, reason: str) -> str:
    return f"s3://{source.bucket}/{source.key}: {reason}"
