"""What a transform job's filters and join need of its content types, its splitting and its assembling. Pure.

https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html
"""

from __future__ import annotations

import re
from typing import Final

from scripts.decisions.job_requests import UNKNOWN, JobRequest
from scripts.decisions.limit_findings import GUIDE, LimitFinding, Rule, member

_CSV = "text/csv"
_JOINABLE = (_CSV, "application/json", "application/jsonlines", "application/x-jsonlines")
# The operators that the guide lists: $ .name * ['a','b'] [1,3] [-1] [s:e].
_INDEX = r"(0|-?[1-9]\d{0,14})"
_PART = rf"({_INDEX}?:{_INDEX}?|{_INDEX})"
_COLUMNS = rf"\[{_PART}(,{_PART})*\]"
_NAME = r"'[^'\\\x00-\x1f]+'"
_CSV_PATH = re.compile(rf"\$({_COLUMNS}|\[\*\]|\.\*)?")
_PATH = re.compile(rf"\$(\.?{_COLUMNS}|\.?\[{_NAME}(,{_NAME})*\]|\[\*\]|\.\*|\.[\w-]+)*")


def _joined_types(request: JobRequest) -> LimitFinding | None:
    content_type = member(request, "TransformInput", "ContentType", "")
    accept = member(request, "TransformOutput", "Accept", "")
    if not _joins(request) or UNKNOWN in (content_type, accept):
        return None
    if _media(content_type) == _media(accept) and _media(accept) in _JOINABLE:
        return None
    return LimitFinding(
        request.step,
        ("transform.join_source", "transform.content_type", "transform.accept"),
        f"ContentType {content_type or '(none)'}, Accept {accept or '(none)'}",
        "JoinSource Input needs a ContentType and an Accept that are the same, and CSV, JSON or JSON Lines",
        f"{GUIDE}batch-transform-data-processing.html",
    )


def _joined_lines(request: JobRequest) -> LimitFinding | None:
    split = member(request, "TransformInput", "SplitType", "None")
    assemble = member(request, "TransformOutput", "AssembleWith", "None")
    accept = member(request, "TransformOutput", "Accept", "")
    if not _joins(request) or UNKNOWN in (split, assemble, accept):
        return None
    csv = _media(accept) == _CSV
    if split == assemble and (split == "Line" or not csv):
        return None
    needs = "SplitType and AssembleWith Line" if csv else "SplitType and AssembleWith to be the same"
    return LimitFinding(
        request.step,
        ("transform.join_source", "transform.split_type"),
        f"SplitType {split}, AssembleWith {assemble}",
        f"JoinSource Input of {_media(accept) or 'records'} needs {needs}",
        f"{GUIDE}batch-transform-data-processing.html",
    )


def _filters(request: JobRequest) -> LimitFinding | None:
    """A filter reads CSV, JSON or JSON Lines, and of CSV it can only choose columns by their index."""
    return _filter(request, "InputFilter", "TransformInput", "ContentType") or _filter(
        request, "OutputFilter", "TransformOutput", "Accept"
    )


def _filter(request: JobRequest, name: str, group: str, type_member: str) -> LimitFinding | None:
    path, kind = member(request, "DataProcessing", name, "$"), member(request, group, type_member, "")
    if UNKNOWN in (path, kind) or path in ("", "$"):
        return None
    media = _media(kind)
    if media not in _JOINABLE:
        rule = f"{name} needs a {type_member} of CSV, JSON or JSON Lines"
    elif media == _CSV and not _CSV_PATH.fullmatch(path):
        rule = f"{name} of text/csv chooses columns by index alone, as $[0,5:] does"
    elif not _PATH.fullmatch(path):
        rule = f"{name} is made of $ .name * ['a','b'] [1,3] [-1] [s:e] alone"
    else:
        return None
    return LimitFinding(
        request.step,
        (
            f"transform.{'input' if name == 'InputFilter' else 'output'}_filter",
            f"transform.{'content_type' if type_member == 'ContentType' else 'accept'}",
        ),
        f"{name} {path}, {type_member} {kind or '(none)'}",
        rule,
        f"{GUIDE}batch-transform-data-processing.html",
    )


def _joins(request: JobRequest) -> bool:
    return bool(member(request, "DataProcessing", "JoinSource", "None") == "Input")


def _media(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


DATA_PROCESSING_RULES: Final[tuple[Rule, ...]] = (_joined_types, _joined_lines, _filters)
