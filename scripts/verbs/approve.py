"""``approve``: show the evidence of the approval that waits, ask for a reason, approve, and follow to the end."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from scripts.terminal.command_line import run, verb_parser
from scripts.verbs.answer_options import add_answer_options, print_answer, reason_for


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("approve", __doc__ or "", stage=False)
    add_answer_options(parser)
    parser.add_argument("--no-follow", action="store_true", help="answer and return; do not follow the execution")
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 280 ms to import, and --help answers in 30 ms.
    from scripts.flows.answer_approval import answer, open_question
    from scripts.flows.follow_codepipeline import follow
    from scripts.flows.toolchain_context import ToolchainContext

    context = ToolchainContext(chosen.pipeline)
    codepipeline = context.codepipeline()
    question = open_question(context, codepipeline)
    summary = reason_for(question, codepipeline.command("approve"), chosen.summary)
    answer(codepipeline, question, "Approved", summary)
    print_answer(question, "Approved", summary, chosen.output)
    if not chosen.no_follow:
        followed = follow(codepipeline, question.approval.execution_id, answered=question.approval.token)
        print(f"Execution {followed.execution_id} {followed.status}.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
