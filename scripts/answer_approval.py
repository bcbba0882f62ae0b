"""The verbs `approve` and `reject`: show the evidence, ask for a reason, answer, follow what comes of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from scripts.command_line import argument_parser, print_json, run
from scripts.errors import ApprovalError, UsageError

if TYPE_CHECKING:
    from scripts.toolchain_context import ToolchainContext

LONGEST_SUMMARY = 512  # PutApprovalResult's limit


def main(arguments: Sequence[str]) -> int:
    parser = argument_parser("scripts.answer_approval", "Answer the approval that waits.", stage=False)
    parser.add_argument("answer", choices=["approve", "reject"])
    parser.add_argument("--summary", help="the reason, kept with the approval; asked for where it is left out")
    parser.add_argument("--no-follow", action="store_true", help="answer and return; do not follow the execution")
    chosen = parser.parse_args(arguments)

    from scripts.decisions.codepipeline_view import waiting_approval
    from scripts.following_codepipeline import follow
    from scripts.toolchain_context import ToolchainContext

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
    summary = chosen.summary or _asked_summary(chosen.answer)
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
    summary = sys.stdin.readline().strip()
    if not summary:
        raise UsageError("an empty reason; nothing was answered", next_command=f'make {answer} SUMMARY="why"')
    return summary


def _evidence(context: ToolchainContext, url: str | None) -> list[str]:
    """The evidence as text, from beside the page that the approval links to; the link alone where that is elsewhere."""
    if not url:
        return []
    link = urlsplit(url)
    bucket, key = link.path.rsplit("/", 1)[-1], parse_qs(link.query).get("prefix", [""])[0]
    text = context.read_object(bucket, f"{key}.txt") if "/s3/object/" in link.path and key else None
    return [*(text or "").splitlines(), f"evidence: {url}", *([f"  = s3://{bucket}/{key}"] if text else [])]


if __name__ == "__main__":
    sys.exit(run(main))
