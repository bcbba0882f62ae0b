"""What preprocessing says that it did: rows read, written and rejected, and the files that it did not read.

One ``report*.json`` a host, below the processing job's output named ``report``; the hosts' reports are added up. A
pipeline of one's own that writes such reports is counted by them, whatever its input looks like.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

OUTPUT = "report"
Count = Annotated[int, Field(ge=0)]


class FileRows(BaseModel):
    """One input file's rows."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    read: Count
    written: Count
    rejected: Count = 0


class PreprocessingReport(BaseModel):
    """One host's report, or those of all. ``files`` is None where it does not say which files it read."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    read: Count
    written: Count
    rejected: dict[str, Count] = {}
    files: dict[str, FileRows] | None = None
    unread: tuple[str, ...] = ()
    unread_allowed: bool = False
    ignored: tuple[str, ...] = ()
    max_rejected_fraction: Annotated[float, Field(ge=0, le=1)] | None = None


def is_report(name: str) -> bool:
    """Whether an object of this name, without its folders, is a host's report."""
    return name.startswith("report") and name.endswith(".json")


def read_report(content: bytes) -> PreprocessingReport | str:
    """A report, or why it is none."""
    try:
        return PreprocessingReport.model_validate_json(content, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc'])) or 'the document'}: {first['msg']}"


def combined(reports: Iterable[PreprocessingReport]) -> PreprocessingReport | None:
    """All hosts' reports as one; None where there is none. What is allowed is what every host allows."""
    every = list(reports)
    if not every:
        return None
    rejected: Counter[str] = Counter()
    files: dict[str, FileRows] = {}
    for each in every:
        rejected.update(each.rejected)
        files.update(each.files or {})
    fractions = [each.max_rejected_fraction for each in every]
    known = [fraction for fraction in fractions if fraction is not None]
    return PreprocessingReport(
        read=sum(each.read for each in every),
        written=sum(each.written for each in every),
        rejected=dict(sorted(rejected.items())),
        files=None if any(each.files is None for each in every) else files,
        unread=tuple(sorted({name for each in every for name in each.unread})),
        unread_allowed=all(each.unread_allowed for each in every),
        ignored=tuple(sorted({name for each in every for name in each.ignored})),
        max_rejected_fraction=min(known) if len(known) == len(fractions) else None,
    )


def not_in_report(report: PreprocessingReport, names: Iterable[str]) -> list[str]:
    """Which of these input files a report does not mention; none where it lists no files."""
    if report.files is None:
        return []
    told = {*report.files, *report.unread, *report.ignored}
    return [name for name in names if name not in told and not any(each.endswith(f"/{name}") for each in told)]
