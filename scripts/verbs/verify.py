"""``verify``: run a stage's pipeline, check its output against the thresholds, and record the result.

prod accepts only a release that passed its verification in preprod.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from scripts.terminal.command_line import print_json, run, verb_parser
from scripts.terminal.progress import Progress
from scripts.terminal.tables import checks_lines, predictions_table
from scripts.verbs.break_glass_options import add_break_glass_option, as_typed

if TYPE_CHECKING:
    from scripts.flows.verify_release import Verification


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("verify", __doc__ or "")
    add_break_glass_option(parser)
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 250 ms to import, and --help answers in 40 ms.
    from scripts.flows.break_glass import record_use, require_way
    from scripts.flows.found_live import record_found_live
    from scripts.flows.one_at_a_time import give_back_of_execution
    from scripts.flows.run_pipeline import deployed_stack, require_input
    from scripts.flows.stage_context import StageContext
    from scripts.flows.verify_release import verify

    context = StageContext.open(chosen.stage, chosen.pipeline)
    require_way(context, "verify", chosen.break_glass)
    progress = Progress()
    stack = deployed_stack(context)
    release_id = stack.parameters["ReleaseId"]
    require_input(context)
    record_use(context, "verify", as_typed("verify", arguments), progress, release_id)
    try:
        with progress.step(f"Verify release {release_id} in {context.stage}"):
            record_found_live(context, stack)
            verification = verify(context, stack, progress)
    finally:
        give_back_of_execution(context, context.verifier_objects, progress)
    if chosen.output == "json":
        print_json(_as_json(release_id, verification))
        return 0
    print(f"Release {release_id} is verified in {context.stage}")
    print("\n".join(f"  {line}" for line in checks_lines(verification.checks)))
    print(f"  predictions: {verification.output.location.uri}")
    print("\n".join(f"  {line}" for line in predictions_table(verification.rows, verification.schema)))
    return 0


def _as_json(release_id: str, verification: Verification) -> dict[str, Any]:
    return {
        "release_id": release_id,
        "passed": True,
        "execution_arn": verification.execution_arn,
        "predictions": verification.output.location.uri,
        "figures": asdict(verification.figures),
        "checks": [vars(check) for check in verification.checks],
    }


if __name__ == "__main__":
    sys.exit(run(main))
