"""``verify``: run a stage's pipeline, check its output against the thresholds, and record the result.

prod takes only a release whose verification in preprod has passed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from scripts.terminal.command_line import argument_parser, print_json, run


def main(arguments: Sequence[str]) -> int:
    parser = argument_parser("scripts.verbs.verify", __doc__ or "")
    chosen = parser.parse_args(arguments)
    from scripts.flows.stage_context import StageContext

    context = StageContext.open(chosen.stage, chosen.pipeline)
    from scripts.flows.run_pipeline import deployed_stack
    from scripts.flows.verify_release import verify
    from scripts.terminal.progress import Progress
    from scripts.terminal.tables import predictions_table

    progress = Progress()
    stack = deployed_stack(context)
    with progress.step(f"Verify release {stack.parameters['ReleaseId']} in {context.stage}"):
        verification = verify(context, stack, progress)
    if chosen.output == "json":
        print_json(
            {
                "release_id": stack.parameters["ReleaseId"],
                "passed": True,
                "execution_arn": verification.execution_arn,
                "predictions": verification.output.location.uri,
                "figures": vars(verification.figures),
                "checks": [vars(check) for check in verification.checks],
            }
        )
        return 0
    print(f"Release {stack.parameters['ReleaseId']} is verified in {context.stage}")
    print("\n".join(f"  passed  {check.name}: {check.detail}" for check in verification.checks))
    print(f"  predictions: {verification.output.location.uri}")
    print("\n".join(f"  {line}" for line in predictions_table(verification.rows)))
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
