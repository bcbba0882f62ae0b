"""What the first day's steps found, as a page to paste into an issue: no account number, no mail address, no secret.

Pure: steps in, markdown out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Result = Literal["ok", "failed", "noted", "skipped"]

_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")
_ACCESS_KEY = re.compile(r"\b(?:AKIA|ASIA|AROA|AIDA|ABIA|ACCA)[A-Z0-9]{12,}\b")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SIGNED = re.compile(r"(https?://\S+?)\?\S*(?:Signature|Token)=\S+")
_LONG = re.compile(r"[A-Za-z0-9+/=_-]{120,}")  # session tokens; no name or digest is as long
_KEY_ID = re.compile(r"\bkey/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# As the verbs tell them ("CreateStack failed: Code: ..."), as the CLI and boto3 do, and as CloudFormation does.
_CODES = (
    re.compile(r"\b[A-Z]\w+ failed: ([A-Z][A-Za-z.]+):"),
    re.compile(r"An error occurred \(([A-Za-z.]+)\)"),
    re.compile(r"Error Code: ([A-Za-z.]+)"),
)
_DENIED = re.compile(r"\b([A-Z]\w+) is denied in account")
_SHOWN_LINES = 15


@dataclass(frozen=True)
class Taken:
    """One step, as it went. ``noted``: it was not as expected, and the day goes on all the same."""

    title: str
    command: str
    result: Result
    started: str = ""
    seconds: float = 0.0
    output: str = ""
    remark: str = ""


def masked(text: str, names: Mapping[str, str], secrets: Sequence[str] = ()) -> str:
    """``names``: what stands for an account's number, such as ``<dev>``. ``secrets``: texts that must never be told."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "<secret>")
    text = _SIGNED.sub(r"\1?<signed>", text)
    for account, name in names.items():
        text = text.replace(account, name)
    for pattern, shown in (
        (_ACCOUNT, "<account>"),
        (_ACCESS_KEY, "<access key>"),
        (_MAIL, "<mail>"),
        (_LONG, "<long>"),
    ):
        text = pattern.sub(shown, text)
    return _KEY_ID.sub("key/<id>", text)


def error_codes(output: str) -> list[str]:
    """The codes of AWS's errors in a step's output, in the order of their first appearance."""
    found = [(match.start(), match[1]) for pattern in _CODES for match in pattern.finditer(output)]
    found += [(match.start(), f"AccessDenied of {match[1]}") for match in _DENIED.finditer(output)]
    return list(dict.fromkeys(code for _, code in sorted(found)))


def page(heading: Mapping[str, str], steps: Sequence[Taken], remains: Sequence[str]) -> str:
    """The whole page; nothing is masked here."""
    lines = ["# First day on AWS", ""]
    lines += [f"- {name}: {value}" for name, value in heading.items()]
    counts = {result: sum(each.result == result for each in steps) for result in ("ok", "failed", "noted", "skipped")}
    lines += [f"- steps: {', '.join(f'{count} {result}' for result, count in counts.items() if count)}", ""]
    lines += ["| | step | result | seconds | started | AWS errors |", "|---|---|---|---|---|---|"]
    for number, each in enumerate(steps, 1):
        codes = ", ".join(error_codes(each.output)) or "none"
        told = [str(number), each.title, each.result, f"{each.seconds:.0f}", each.started, codes]
        lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in told)} |")
    for number, each in enumerate(steps, 1):
        lines += ["", f"## {number}. {each.title}: {each.result}", "", f"`{each.command}`"]
        lines += ["", each.remark] if each.remark else []
        shown = each.output.strip().splitlines()
        shown = shown if each.result == "failed" else shown[-_SHOWN_LINES:]
        lines += ["", "```", *(line.replace("```", "'''") for line in shown), "```"] if shown else []
    lines += ["", "## What remains", "", *(f"- {each}" for each in remains or ["nothing that this made"])]
    return "\n".join(lines) + "\n"
