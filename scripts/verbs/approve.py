"""The verbs `approve` and `reject`: show the evidence, ask for a reason, answer, follow what comes of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from scripts.errors import ApprovalError, UsageError
from scripts.terminal.command_line import argument_parser, print_json, run

if TYPE_CHECKING:
    from scripts.flows.toolchain_context import ToolchainContext

PAGE = Path("build/evidence.html")
LONGEST_SUMMARY = 512  # PutApprovalResult's limit


def main(arguments: Sequence[str]) -> int:
    parser = argument_parser("scripts.verbs.approve", "Answer the approval that waits.", stage=False)
    parser.add_argument("answer", choices=["approve", "reject"])
    parser.add_argument("--summary", help="the reason, kept with the approval; asked for where it is left out")
    parser.add_argument("--no-follow", action="store_true", help="answer and return; do not follow the execution")
    chosen = parser.parse_args(arguments)

    from scripts.decisions.codepipeline_view import waiting_approval
    from scripts.flows.follow_codepipeline import follow
    from scripts.flows.toolchain_context import ToolchainContext

    context = ToolchainContext()
    codepipeline = context.codepipeline()
    structure, state = codepipeline.structure(), codepipeline.state()
    waiting = waiting_approval(structure, state, [])
    if waiting is None:
        raise ApprovalError(
            f"no approval of {codepipeline.name} waits for an answer", next_command="make codepipeline ARGS=--newest"
        )
    details = codepipeline.actions(waiting.execution_id)
    waiting = waiting_approval(structure, state, details) or waiting
    print(f"Execution {waiting.execution_id}, {waiting.pipeline_stage} / {waiting.action}", file=sys.stderr)
    print(f"  {waiting.custom_data}", file=sys.stderr)
    for line in _evidence(context, waiting.evidence_url):
        print(f"  {line}", file=sys.stderr)
    summary = (chosen.summary if chosen.summary is not None else _asked_summary(chosen.answer)).strip()
    if not summary:
        raise UsageError("an empty reason; nothing was answered", next_command=f'make {chosen.answer} SUMMARY="why"')
    if len(summary) > LONGEST_SUMMARY:
        raise UsageError(f"a summary has at most {LONGEST_SUMMARY} characters; this one has {len(summary)}")
    status = "Approved" if chosen.answer == "approve" else "Rejected"
    codepipeline.answer(waiting.pipeline_stage, waiting.action, waiting.token, status, summary)
    result = {"execution_id": waiting.execution_id, "status": status, "summary": summary}
    if chosen.output == "json":
        print_json(result)
    else:
        print(f"{status}: {summary}")
    if status == "Approved" and not chosen.no_follow:
        followed = follow(codepipeline, waiting.execution_id, answered=waiting.token)
        print(f"Execution {followed.execution_id} {followed.status}.", file=sys.stderr)
    return 0


def _asked_summary(answer: str) -> str:
    """The reason, asked for on the terminal; without one there is nobody to ask."""
    if not sys.stdin.isatty():
        raise UsageError("no reason given", next_command=f'make {answer} SUMMARY="why"')
    print(f"Reason to {answer} (kept with the approval): ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline()


def _evidence(context: ToolchainContext, url: str | None) -> list[str]:
    """The evidence as text, and the page beside it as a file here; the link alone where that leads elsewhere."""
    if not url:
        return []
    link = urlsplit(url)
    bucket, key = link.path.rsplit("/", 1)[-1], parse_qs(link.query).get("prefix", [""])[0]
    if "/s3/object/" not in link.path or not key:
        return [f"evidence: {url}"]
    text, page = context.read_object(bucket, f"{key}.txt"), context.read_object(bucket, key)
    if page is None:
        return [f"evidence: {url} (not there: s3://{bucket}/{key})"]
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page, encoding="utf-8")
    return [*(text or "").splitlines(), f"evidence as a page: {PAGE}   (s3://{bucket}/{key})"]


if __name__ == "__main__":
    sys.exit(run(main))
