"""``reject``: show the evidence of the approval that waits, ask for a reason, and reject."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from scripts.terminal.command_line import run, verb_parser
from scripts.verbs.answer_options import add_answer_options, print_answer, reason_for


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("reject", __doc__ or "", stage=False)
    add_answer_options(parser)
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 280 ms to import, and --help answers in 30 ms.
    from scripts.flows.answer_approval import answer, open_question
    from scripts.flows.toolchain_context import ToolchainContext

    context = ToolchainContext(chosen.pipeline)
    codepipeline = context.codepipeline()
    question = open_question(context, codepipeline)
    summary = reason_for(question, codepipeline.command("reject"), chosen.summary)
    answer(codepipeline, question, "Rejected", summary)
    print_answer(question, "Rejected", summary, chosen.output)
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
