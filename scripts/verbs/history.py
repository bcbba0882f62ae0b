"""``history``: the releases that a stage has had, newest first, and which is live."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict

from scripts.terminal.command_line import print_json, run, verb_parser
from scripts.terminal.next_commands import repeated

SHOWN = 20


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("history", __doc__ or "")
    parser.add_argument("--all", action="store_true", help=f"all of them, not the newest {SHOWN}")
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 240 ms to import, and --help answers in 40 ms.
    from scripts.decisions.release_history import HEADER, history_rows, problems
    from scripts.decisions.ways_to_change import going_back
    from scripts.flows.read_history import read_history
    from scripts.flows.stage_context import StageContext
    from scripts.terminal.tables import table

    context = StageContext.open(chosen.stage, chosen.pipeline)
    kept = read_history(context)
    if chosen.output == "json":
        print_json({"stage": context.stage, "pipeline": context.settings.pipeline, "releases": [*map(asdict, kept)]})
        return 0
    print(f"{context.stage}  (pipeline {context.settings.pipeline}, account {context.settings.account})")
    if not kept:
        print(repeated(f"no release yet; next: {context.deploys}", chosen.pipeline))
        return 0
    shown = kept if chosen.all else kept[:SHOWN]
    print("\n".join(table(history_rows(shown), HEADER)))
    advice = [*problems(shown)]
    if len(shown) < len(kept):
        advice.append(f"and {len(kept) - len(shown)} older ones: make history STAGE={context.stage} ARGS=--all")
    advice.append(f"to go back: {going_back(context.stage, by_hand=context.settings.deployed_by_hand)}")
    print(repeated("\n".join(advice), chosen.pipeline))
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
