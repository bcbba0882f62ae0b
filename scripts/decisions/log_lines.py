"""Log lines of an execution as people read them: which step and host wrote them, when, and which of them are shown.

Pure: CloudWatch Logs' own names and numbers in, lines out. Reading and following are done elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scripts.errors import UsageError

# https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
JOB_LOG_GROUPS = {"processing-job": "/aws/sagemaker/ProcessingJobs", "transform-job": "/aws/sagemaker/TransformJobs"}
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_AGE = re.compile(r"([1-9]\d{0,5})([smhd])")
_STARTED_AT = re.compile(r"-\d{10,13}(?=/|$)")


@dataclass(frozen=True)
class LogSource:
    """Where a step logs: all streams of ``group`` whose names begin with ``prefix``. ``step`` is shown."""

    step: str
    group: str
    prefix: str


@dataclass(frozen=True)
class LogLine:
    """One line. ``timestamp`` is CloudWatch's: milliseconds since 1970."""

    timestamp: int
    step: str
    host: str
    text: str

    def __str__(self) -> str:
        where = f"{self.step}/{self.host}" if self.host else self.step
        return f"{where}  {self.text}"

    def as_json(self) -> dict[str, str]:
        at = datetime.fromtimestamp(self.timestamp / 1000, UTC).isoformat(timespec="milliseconds")
        return {"at": at, "step": self.step, "host": self.host, "message": self.text}


def job_source(step: str, job_arn: str) -> LogSource | None:
    """Where a step's job logs; None for a step that runs no job, which logs nothing."""
    kind, _, name = job_arn.rpartition(":")[2].partition("/")
    return LogSource(step, JOB_LOG_GROUPS[kind], f"{name}/") if kind in JOB_LOG_GROUPS else None


def host_of(source: LogSource, stream: str) -> str:
    """The host that writes a stream, without the moment at which it began: ``algo-1`` of ``job/algo-1-1790000000``."""
    return _STARTED_AT.sub("", stream.removeprefix(source.prefix).strip("/")) if source.prefix.endswith("/") else ""


def require_step(wanted: str | None, steps: Sequence[str], subject: str) -> None:
    """Raises UsageError, with the steps there are, for one that is none of them."""
    if wanted and not any(is_step(wanted, each) for each in steps):
        raise UsageError(
            f'{subject} has no step "{wanted}"',
            found=[f"steps: {', '.join(steps) or 'none'}"],
            next_command=f"the same command with STEP={steps[0]}" if steps else "the same command without STEP",
        )


def is_step(wanted: str | None, name: str) -> bool:
    """Whether ``wanted`` means this step: by its name, or by the last part of it (Promote of Prod/Promote)."""
    return not wanted or wanted in (name, name.rpartition("/")[2])


def since(text: str, now: datetime) -> int:
    """The moment that ``--since`` means, in milliseconds: an age (30s, 10m, 2h, 1d) or a time (ISO 8601; else UTC).

    Raises ValueError, with one sentence, for anything else.
    """
    age = _AGE.fullmatch(text)
    if age:
        return int((now - timedelta(**{_UNITS[age[2]]: int(age[1])})).timestamp() * 1000)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f'"{text}" is neither an age (30s, 10m, 2h, 1d) nor a time (2026-11-25T03:00)') from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def in_order(lines: Iterable[LogLine], last: int | None = None) -> list[LogLine]:
    """By time, of one moment as they came; the ``last`` ones alone where a number is given."""
    ordered = sorted(lines, key=lambda each: each.timestamp)
    return ordered if last is None else ordered[-last:]
