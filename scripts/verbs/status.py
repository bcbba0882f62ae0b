"""``status``: what is live in every stage, and how it goes: release, model package, executions, schedule, alarms."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict

from scripts.decisions.status import comparison, status_lines
from scripts.terminal.command_line import print_json, run, verb_parser
from scripts.terminal.next_commands import repeated


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("status", __doc__ or "")
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 240 ms to import, and --help answers in 40 ms.
    from scripts.flows.read_status import read_status
    from scripts.flows.stage_context import StageContext
    from scripts.workspace.stage_files import stage_names

    names = [chosen.stage] if chosen.stage else stage_names()
    stages = [read_status(StageContext.open(name, chosen.pipeline)) for name in names]
    if chosen.output == "json":
        print_json({"stages": [asdict(each) for each in stages], "comparison": comparison(stages)})
        return 0
    for each in stages:
        print(repeated("\n".join(status_lines(each)), chosen.pipeline))
    sentence = comparison(stages)
    if sentence:
        print(repeated(sentence, chosen.pipeline))
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
