"""``schedule``: switch a stage's schedule off or on, with a reason; deployments keep it so until it is switched again.

The switch changes the stack's parameter ScheduleState alone; a rule that somebody has switched by hand follows it. Runs
that have begun go on; ``run`` still works.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, cast

from scripts.decisions.schedule_switch import LONGEST_REASON
from scripts.errors import UsageError
from scripts.terminal.command_line import print_json, run, verb_parser
from scripts.terminal.next_commands import repeated
from scripts.terminal.progress import Progress
from scripts.terminal.questions import ask_reason
from scripts.verbs.break_glass_options import add_break_glass_option, as_typed

if TYPE_CHECKING:
    from scripts.decisions.schedule_switch import State


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("schedule", __doc__ or "")
    parser.add_argument("--state", type=_state, required=True, metavar="on|off", help="what to switch it to")
    parser.add_argument("--reason", help="why; kept with the switch; without it, the command asks")
    add_break_glass_option(parser)
    chosen = parser.parse_args(arguments)
    wanted: State = chosen.state
    # After the arguments: this takes 260 ms to import, and --help answers in 40 ms.
    from scripts.decisions.ledger import Event
    from scripts.decisions.ways_to_change import switching
    from scripts.flows.break_glass import record_use, require_way
    from scripts.flows.ledger_entries import record
    from scripts.flows.one_at_a_time import after_the_execution, free_of_the_dead
    from scripts.flows.stage_context import StageContext
    from scripts.flows.switch_schedule import match_rule, standing_of, switch_schedule, switches_anything

    context = StageContext.open(chosen.stage, chosen.pipeline)
    require_way(context, "schedule", chosen.break_glass)
    standing = standing_of(context, wanted)
    by_hand = context.settings.deployed_by_hand
    again = switching(context.stage, wanted, by_hand=by_hand)
    given = chosen.reason if chosen.reason is not None else chosen.break_glass
    reason = "" if standing.is_recorded(wanted) else _reason(given, wanted, again)
    progress = Progress()
    switch, changed = standing.switch, False
    if switches_anything(context, standing, wanted):  # whoever changes nothing breaks no glass
        record_use(context, "schedule", as_typed("schedule", arguments), progress)
        with progress.step(f"Switch the schedule of {context.names.sagemaker_pipeline} {wanted}"):
            objects = context.deployment_objects
            if not standing.is_recorded(wanted):
                record(context, objects, Event("schedule", reason=reason, details=(wanted,)))
            alone = partial(after_the_execution, context, "schedule", objects, progress)
            switch, changed = switch_schedule(context, standing, wanted, reason, progress, alone)
            changed = match_rule(context, progress) or changed
    else:
        free_of_the_dead(context, "schedule", progress)
    if chosen.output == "json":
        print_json({"stage": context.stage, "changed": changed, "switch": asdict(switch) if switch else None})
    else:
        told = switch.sentence if switch else "on; nobody has ever switched it"
        print(f"The schedule of {context.names.sagemaker_pipeline} is {told}" + ("" if changed else "   (no change)"))
        if wanted == "off":
            again = switching(context.stage, "on", by_hand=by_hand)
            print(f"  deployments keep it off; next:  {repeated(again, chosen.pipeline)}")
    return 0


def _state(text: str) -> State:
    if text.lower() not in ("on", "off"):
        raise argparse.ArgumentTypeError(f'"{text}" is neither ON nor OFF: make schedule STAGE=<stage> OFF')
    return cast("State", text.lower())


def _reason(given: str | None, wanted: State, again: str) -> str:
    reason = (given if given is not None else ask_reason(f"Reason to switch it {wanted} (kept with it)", again)).strip()
    if not reason:
        raise UsageError("the reason is empty; nothing was switched", next_command=again)
    if len(reason) > LONGEST_REASON:
        raise UsageError(f"the reason has {len(reason)} characters; the limit is {LONGEST_REASON}", next_command=again)
    return reason


if __name__ == "__main__":
    sys.exit(run(main))
