"""``unlock``: free a stage's lock from a command that has died without giving it back; says and records whose it was.

A lock whose holder is at work is never broken. Where that cannot be known, the lock must be an hour old, or --force.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from scripts.errors import UsageError
from scripts.terminal.command_line import print_json, run, verb_parser
from scripts.terminal.progress import Progress
from scripts.verbs.break_glass_options import add_break_glass_option, as_typed


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("unlock", __doc__ or "")
    parser.add_argument("--reason", help="why; kept in the ledger")
    parser.add_argument("--force", action="store_true", help="also a young lock of a holder nobody can ask after")
    add_break_glass_option(parser)
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 250 ms to import, and --help answers in 40 ms.
    from scripts.flows.break_glass import record_use, require_way
    from scripts.flows.one_at_a_time import break_lock, look
    from scripts.flows.stage_context import StageContext

    context = StageContext.open(chosen.stage, chosen.pipeline)
    require_way(context, "unlock", chosen.break_glass)
    reason = (chosen.reason if chosen.reason is not None else chosen.break_glass or "").strip()
    found, _, _ = look(context)
    if found is not None:
        if not reason:
            raise UsageError(
                "whoever breaks a lock says why", next_command=f'make unlock STAGE={context.stage} REASON="why"'
            )
        record_use(context, "unlock", as_typed("unlock", arguments), Progress())
        found = break_lock(context, reason, context.deployment_objects, force=chosen.force)
    told = found if isinstance(found, str) or found is None else found.sentence
    if chosen.output == "json":
        print_json({"stage": context.stage, "broken": found is not None, "holder": told})
    elif told is None:
        print(f"Nobody holds the lock of {context.stage}.")
    else:
        print(f"The lock of {context.stage} is free. It was held by: {told}")
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
