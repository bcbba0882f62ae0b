"""``doctor``: check everything that a deployment needs, change nothing, and show what to do about all that is not ok.

Every check is made, whatever the others found, and is ok, wrong or unknown. Unknown is what could not be found out: AWS
refused to tell, or something wrong stands before it. Whether each role may make the calls of its work is asked of IAM's
simulation where the credentials may, else its policies are read.

On the embedded AWS it also tells how jobs and builds are closed in on this machine.

Without --stage it checks every stage, and what they share in dev. The exit code is 20 if a check is wrong, else 0; with
--strict it is 20 for one that is unknown too.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from scripts.decisions.readiness import Finding, summary
from scripts.errors import LocalCloudError, ReadinessError
from scripts.local_cloud.isolation import isolation
from scripts.terminal.command_line import print_json, run, verb_parser
from scripts.terminal.findings_table import findings_table
from scripts.terminal.progress import Progress


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("doctor", __doc__ or "")
    parser.add_argument("--strict", action="store_true", help="exit with 20 where a check is unknown, too")
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 280 ms to import, and --help answers in 30 ms.
    from scripts.flows.examine import examine, examine_toolchain
    from scripts.workspace.stage_files import stage_names

    progress = Progress()
    stages: list[str | None] = [chosen.stage] if chosen.stage else [*stage_names()] or [None]
    findings = [each for stage in stages for each in examine(stage, chosen.pipeline, progress)]
    if not chosen.stage and stage_names():
        findings += examine_toolchain(stage_names(), chosen.pipeline, progress)
    if os.environ.get("CLOUD") == "local":
        findings.append(_isolation())
    counted = {"wrong"} | ({"unknown"} if chosen.strict else set())
    failed = [each for each in findings if each.status in counted]
    if chosen.output == "json":
        print_json({"findings": [vars(each) for each in findings], "passed": not failed, "summary": summary(findings)})
    else:
        print("\n".join([*findings_table(findings), "", summary(findings)]))
    if failed:
        first = failed[0].next_command
        raise ReadinessError(
            f"{len(failed)} of {len(findings)} checks are not ok",
            found=[f"{each.where}: {each.what}: {each.found}" for each in failed],
            next_command=f"{first}{'; ' if '   # ' in first else '   # '}the first of them; then: make doctor",
        )
    return 0


def _isolation() -> Finding:
    """How far jobs and builds of the embedded AWS are closed in on this machine."""
    try:
        told = isolation()
    except LocalCloudError as error:
        return Finding(
            "local", "isolation", "unknown", f"{error.problem}: {'; '.join(error.found)}", error.next_command or ""
        )
    found = "; ".join([f"by {told.made_by}", *(f"weaker: {weakness}" for weakness in told.weaknesses)])
    if told.complete:
        return Finding("local", "isolation", "ok", found)
    return Finding(
        "local", "isolation", "wrong", found, "localaws isolation   # beside this Python; says what it needs"
    )


if __name__ == "__main__":
    sys.exit(run(main))
