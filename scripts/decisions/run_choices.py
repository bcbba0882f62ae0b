"""What a person chooses for one run: parameters, another input, a date; checked against what the pipeline declares.

A run may choose only what stayed a parameter when the stage's values were bound. Pure; nothing is started here.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

from scripts.errors import UsageError

INPUT, DATE = "InputDataUrl", "RunDate"
_URL = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.+")
_WRITTEN = {
    "Integer": re.compile(r"[+-]?\d+"),
    "Float": re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?"),
    "Boolean": re.compile(r"true|false"),
}


@dataclass(frozen=True)
class RunChoices:
    """``parameters`` are ``Name=value`` with blanks between; ``input`` is an s3:// prefix that may hold {date}."""

    parameters: str | None = None
    input: str | None = None
    date: str | None = None


def chosen_values(choices: RunChoices, declared: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Parameter name -> value. Raises UsageError for what the pipeline does not declare or could not take."""
    known = {each["Name"]: each for each in declared}
    values = _parsed(choices.parameters or "")
    when = _date(choices.date)
    if choices.input is not None:
        values[INPUT] = _input(choices.input, when)
    if when is not None and DATE in known:
        values.setdefault(DATE, when)
    elif when is not None and "{date}" not in (choices.input or ""):
        raise UsageError(
            f"DATE={when} has no effect: the pipeline declares no parameter {DATE}, and INPUT holds no {{date}}",
            next_command='the same command with INPUT="s3://<bucket>/<prefix>/{date}/", or without DATE',
        )
    for name, value in values.items():
        _require_fit(name, value, known)
    return values


def _parsed(text: str) -> dict[str, str]:
    try:
        parts = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"PARAMETERS: {error}", next_command='PARAMETERS="Name=value Other=value"') from error
    values: dict[str, str] = {}
    for part in parts:
        name, equals, value = part.partition("=")
        if not name or not equals or name in values:
            twice = " is given twice" if name in values else " is not Name=value"
            raise UsageError(f"PARAMETERS: {part!r}{twice}", next_command='PARAMETERS="Name=value Other=value"')
        values[name] = value
    return values


def _date(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise UsageError(f"DATE: {text!r} is not a date such as 2026-01-31", next_command="DATE=2026-01-31") from error


def _input(text: str, when: str | None) -> str:
    if "{date}" in text and when is None:
        raise UsageError(
            "INPUT holds {date}, but no date is given", next_command="the same command with DATE=2026-01-31"
        )
    url = text.replace("{date}", when or "")
    if not _URL.fullmatch(url):
        raise UsageError(
            f"INPUT: {text!r} is not a prefix in S3", next_command="INPUT=s3://<bucket>/<prefix>/   # of data to score"
        )
    return url


def _require_fit(name: str, value: str, known: Mapping[str, Mapping[str, Any]]) -> None:
    if name not in known:
        near = get_close_matches(name, known, n=1, cutoff=0.6)
        raise UsageError(
            f"the pipeline has no parameter {name} to choose" + (f"; did you mean {near[0]}?" if near else ""),
            found=[f"parameters: {', '.join(sorted(known)) or 'none'}"],
            next_command="the same command with one of these",
        )
    kind = known[name].get("Type", "String")
    written = _WRITTEN.get(kind)
    if written and not written.fullmatch(value):
        raise UsageError(
            f"{name}={value!r} is not of type {kind}", next_command=f"the same command with another value of {name}"
        )
    allowed = known[name].get("EnumValues")
    if allowed and value not in [str(each) for each in allowed]:
        raise UsageError(
            f"{name}={value!r} is none of its values",
            found=[f"values: {', '.join(map(str, allowed))}"],
            next_command="the same command with one of these",
        )
