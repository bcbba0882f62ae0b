"""``rollback``: deploy an earlier release of a stage again, from the stage's own bucket; nothing is promoted or run.

Without a release it goes back to the one that passed its verification before the newest. Where people deploy, or with a
broken glass, it changes the stack itself; else the CodePipeline rolls its pipeline stage back, as an execution that it
shows.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from scripts.decisions.ways_to_change import verifying
from scripts.terminal.command_line import print_json, run, verb_parser
from scripts.terminal.progress import Progress
from scripts.verbs.break_glass_options import add_break_glass_option, as_typed

if TYPE_CHECKING:
    from scripts.decisions.rollback import Rollback
    from scripts.flows.stage_context import StageContext


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("rollback", __doc__ or "")
    parser.add_argument("--release", metavar="ID", help="the release to go back to; make history shows them")
    parser.add_argument("--unverified", action="store_true", help="also one that has not passed here; recorded")
    parser.add_argument("--reason", help="why; kept in the ledger")
    add_break_glass_option(parser)
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 250 ms to import, and --help answers in 40 ms.
    from scripts.decisions.rollback import rollback_lines
    from scripts.flows.break_glass import record_use, require_way
    from scripts.flows.one_at_a_time import one_at_a_time, require_unchanged
    from scripts.flows.rollback_release import plan_rollback, roll_back
    from scripts.flows.stage_context import StageContext

    context = StageContext.open(chosen.stage, chosen.pipeline)
    if chosen.break_glass is None and not context.settings.deployed_by_hand:
        return _by_codepipeline(context, chosen.release, chosen.output)
    require_way(context, "rollback", chosen.break_glass)
    progress = Progress()
    with progress.step(f"Plan going back in {context.stage}"):
        plan = plan_rollback(context, chosen.release, unverified=chosen.unverified)
    if plan.nothing_to_do:
        _report(context, plan, chosen.output, changed=False)
        return 0
    for line in rollback_lines(plan):
        progress.line(line)
    record_use(context, "rollback", as_typed("rollback", arguments), progress, plan.release_id)
    reason = chosen.reason if chosen.reason is not None else chosen.break_glass
    with one_at_a_time(context, "rollback", context.deployment_objects, progress):
        require_unchanged(context, plan.stack)
        with progress.step(f"Bring {plan.stack.name} back to release {plan.release_id}"):
            roll_back(context, plan, reason, progress)
    _report(context, plan, chosen.output, changed=True)
    return 0


def _report(context: StageContext, plan: Rollback, output: str, *, changed: bool) -> None:
    if output == "json":
        print_json(
            {
                "stage": context.stage,
                "changed": changed,
                "release_id": plan.release_id,
                "release_from": plan.from_release,
                "aws_calls": context.accounts.call_count,
                "aws_calls_by_operation": dict(context.accounts.calls),
            }
        )
    elif not changed:
        print(f"Nothing changed: {context.stage} has release {plan.release_id} already.")
    else:
        print(f"Release {plan.release_id} is live in {context.stage} again, in place of {plan.from_release}.")
        print(f"  AWS calls: {context.accounts.call_count}; nothing was promoted or run")
        way = verifying(context.stage, by_hand=context.settings.deployed_by_hand)
        print(f"  next:  {way}   # runs it on today's input")


def _by_codepipeline(context: StageContext, wanted: str | None, output: str) -> int:
    # After the arguments: this takes 250 ms to import, and --help answers in 40 ms.
    from scripts.flows.follow_codepipeline import follow
    from scripts.flows.rollback_execution import start_rollback
    from scripts.flows.rollback_release import find_former
    from scripts.flows.toolchain_context import ToolchainContext

    progress = Progress()
    codepipeline = ToolchainContext(context.settings.pipeline).codepipeline()
    release_id = str(find_former(context, wanted).entry.release_id)
    execution = start_rollback(context, codepipeline, release_id, progress)
    print(f"Execution {execution} of {codepipeline.name} goes back to release {release_id}", file=sys.stderr)
    followed = follow(codepipeline, execution)
    if output == "json":
        print_json({"stage": context.stage, "release_id": release_id, "execution": execution})
    else:
        print(f"Execution {execution} {followed.status}: {context.stage} has release {release_id} again.")
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
