"""What ``approve`` and ``reject`` share: the reason, where it comes from, and how the answer is told."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from scripts.errors import UsageError
from scripts.terminal.command_line import add_pipeline_option, print_json
from scripts.terminal.questions import ask_reason

if TYPE_CHECKING:
    from scripts.flows.answer_approval import OpenQuestion

LONGEST_SUMMARY = 512  # PutApprovalResult's limit


def add_answer_options(parser: argparse.ArgumentParser) -> None:
    add_pipeline_option(parser)
    parser.add_argument("--summary", help="the reason, stored with the approval; without it, the command asks")


def reason_for(question: OpenQuestion, command: str, given: str | None) -> str:
    """The reason that was given, or asked for now that the question was shown. Raises UsageError without one."""
    print("\n".join(question.lines), file=sys.stderr)
    again = f'{command} SUMMARY="why"'
    asked = f"Reason to {command.split()[1]} (kept with the approval)"
    summary = (given if given is not None else ask_reason(asked, again)).strip()
    if not summary:
        raise UsageError("the reason is empty; the approval was not answered", next_command=again)
    if len(summary) > LONGEST_SUMMARY:
        raise UsageError(f"the summary has {len(summary)} characters; the limit is {LONGEST_SUMMARY}")
    return summary


def print_answer(question: OpenQuestion, status: str, summary: str, output: str) -> None:
    if output == "json":
        print_json({"execution_id": question.approval.execution_id, "status": status, "summary": summary})
    else:
        print(f"{status}: {summary}")
