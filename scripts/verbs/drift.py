"""``drift``: compare what is live in a stage with what was released, property by property; change nothing.

It reads the stack's resources, the roles that they run by, and the bytes in the stage's bucket. It exits with 0 where
all is as released, and with 23 where something is not: then ``make deploy`` puts it back.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict

from scripts.decisions.drift import require_no_drift
from scripts.terminal.command_line import print_json, run, verb_parser
from scripts.terminal.progress import Progress


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("drift", __doc__ or "")
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 250 ms to import, and --help answers in 40 ms.
    from scripts.flows.read_drift import read_released_drift
    from scripts.flows.run_pipeline import deployed_stack
    from scripts.flows.stage_context import StageContext

    context = StageContext.open(chosen.stage, chosen.pipeline)
    with Progress().step(f"Compare {chosen.stage} with its release"):
        stack = deployed_stack(context)
        release_id = stack.parameters["ReleaseId"]
        drift = read_released_drift(context, stack)
    if chosen.output == "json":
        found = {
            "stage": context.stage,
            "release_id": release_id,
            "drift": bool(drift.differences),
        }
        print_json({**found, "differences": [asdict(each) for each in drift.differences]})
    elif not drift.differences:
        print(f"No drift: {context.stage} is as release {release_id} made it")
    require_no_drift(context.stage, release_id, drift.differences, by_hand=context.settings.deployed_by_hand)
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
