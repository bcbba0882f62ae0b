"""``doctor``: check everything that a deployment needs, change nothing, and show a fix for each failure.

Without --stage it checks every stage. The exit code is 0 if no check fails. A check that could not be made is shown as
unknown and does not count as a failure.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from scripts.errors import ReadinessError
from scripts.terminal.command_line import print_json, run, verb_parser
from scripts.terminal.tables import table


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("doctor", __doc__ or "")
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 280 ms to import, and --help answers in 30 ms.
    from scripts.flows.readiness_checks import examine
    from scripts.workspace.stage_files import stage_names

    stages: list[str | None] = [chosen.stage] if chosen.stage else [*stage_names()] or [None]
    findings = [each for stage in stages for each in examine(stage, chosen.pipeline)]
    failed = [each for each in findings if each.state == "fail"]
    if chosen.output == "json":
        print_json({"findings": [vars(each) for each in findings], "passed": not failed})
    else:
        rows = [(each.stage, each.state, each.subject, each.detail) for each in findings]
        print("\n".join(table(rows, ("stage", "", "what", "found"), widest=110)))
    if failed:
        raise ReadinessError(
            f"{len(failed)} of {len(findings)} checks failed",
            found=[f"{each.stage}: {each.subject}: {each.detail}; fix: {each.fix}" for each in failed],
            next_command="apply the fixes in this order, then: make doctor",
        )
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
