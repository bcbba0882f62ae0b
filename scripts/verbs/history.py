"""``history``: the releases that a stage has had, which is live, and its ledger: what was done there, newest first.

With --verify it checks the ledger instead: each entry must be there, unchanged, in its place and follow the one before.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from scripts.decisions.ledger import Entry, ledger_lines
from scripts.terminal.command_line import print_json, run, verb_parser
from scripts.terminal.next_commands import repeated

if TYPE_CHECKING:
    from scripts.flows.stage_context import StageContext

SHOWN = 20


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("history", __doc__ or "")
    parser.add_argument("--all", action="store_true", help=f"all of them, not the newest {SHOWN}")
    parser.add_argument("--verify", action="store_true", help="check the ledger (exit code 24: it is not whole)")
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 240 ms to import, and --help answers in 40 ms.
    from scripts.decisions.release_history import HEADER, history_rows, problems
    from scripts.decisions.ways_to_change import going_back
    from scripts.flows.ledger_entries import all_entries
    from scripts.flows.read_history import read_history
    from scripts.flows.stage_context import StageContext
    from scripts.terminal.tables import table

    context = StageContext.open(chosen.stage, chosen.pipeline)
    if chosen.verify:
        return _verify(context, chosen.output)
    kept, entries = read_history(context), all_entries(context)
    if chosen.output == "json":
        whole = {"stage": context.stage, "pipeline": context.settings.pipeline, "releases": [*map(asdict, kept)]}
        ledger = [each if isinstance(each, str) else each.model_dump(mode="json") for each in entries]
        print_json({**whole, "ledger": ledger})
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
    print("\n".join(["", *_ledger(entries, chosen.all)]))
    print(repeated("\n".join(advice), chosen.pipeline))
    return 0


def _ledger(entries: Sequence[Entry | str], every: bool) -> list[str]:
    shown = entries if every else entries[:SHOWN]
    lines = [f"Ledger, newest first: {len(entries)} entries"]
    for each in shown:
        lines += [f"  ! {each}"] if isinstance(each, str) else ledger_lines([each])
    return lines


def _verify(context: StageContext, output: str) -> int:
    # After the arguments: this takes 240 ms to import, and --help answers in 40 ms.
    from scripts.flows.ledger_entries import require_whole

    count, digest = require_whole(context)
    if output == "json":
        print_json({"stage": context.stage, "whole": True, "entries": count, "digest": digest})
    else:
        print(f"The ledger of {context.settings.pipeline} in {context.stage} is whole: {count} entries.")
        print(f"  the last one has sha256 {digest or '(none)'}")
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
