"""``plan``: show what ``deploy`` would do: which release, what is copied, the change set property by property.

It makes the same decision that deploy executes. For an existing stack, CloudFormation creates the change set; plan
shows it and deletes it again. Nothing else is created, copied or run.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.terminal.command_line import print_json, run, verb_parser
from scripts.terminal.next_commands import repeated
from scripts.terminal.progress import Progress
from scripts.verbs.plan_options import add_plan_options

if TYPE_CHECKING:
    from scripts.decisions.change_set import ResourceChange
    from scripts.decisions.deployment_plan import DeploymentPlan


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("plan", __doc__ or "")
    add_plan_options(parser)
    parser.add_argument("--file", type=Path, help="plan exactly the release that this file pins")
    parser.add_argument(
        "--evidence", metavar="FILE_OR_S3_URI", help="write the evidence for the approver to this file (HTML)"
    )
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 340 ms to import, and --help answers in 40 ms.
    from scripts.decisions.deployment_plan import plan_lines
    from scripts.flows.plan_release import plan_deployment, plan_pinned_release
    from scripts.flows.preview_change_set import preview_change_set
    from scripts.flows.release_store import release_in_file
    from scripts.flows.stage_context import StageContext
    from scripts.flows.write_evidence import require_target, write_evidence

    if chosen.evidence:
        require_target(chosen.evidence)
    pinned = release_in_file(chosen.file) if chosen.file else None
    pipeline = pinned.pipeline.name if pinned else chosen.pipeline
    context = StageContext.open(chosen.stage, pipeline)
    with Progress().step(f"Plan {chosen.stage}"):
        plan = (
            plan_pinned_release(context, pinned, unverified=chosen.unverified, roles=True)
            if pinned
            else plan_deployment(context, chosen.release, chosen.unverified, roles=True)
        )
        changes = preview_change_set(context, plan)
    if chosen.evidence:
        write_evidence(context, plan, chosen.evidence)
        print(f"Evidence: {chosen.evidence}", file=sys.stderr)
    if chosen.output == "json":
        print_json(_as_json(plan, changes))
    else:
        print(repeated("\n".join([*plan_lines(plan), *_change_lines(plan, changes)]), chosen.pipeline))
    return 0


def _change_lines(plan: DeploymentPlan, changes: tuple[ResourceChange, ...]) -> Iterator[str]:
    if changes:
        yield "Change set, property by property"
        yield from (f"  {line}" for change in changes for line in change.lines())
    elif plan.changes_stack and plan.stack is None:
        yield "The stack is new: every resource of the template is created with these parameters"
        yield from (f"    {each}" for each in plan.changes)


def _as_json(plan: DeploymentPlan, changes: tuple[ResourceChange, ...]) -> dict[str, object]:
    return {
        "stage": plan.stage,
        "release": {"from": plan.release_from, "to": plan.release.release_id},
        "model_package": {
            "from": plan.package_from,
            "to": plan.package.arn if plan.package else None,
            "source": plan.release.model_package.arn,
        },
        "promotes": plan.promotes,
        "copies": [asdict(each) | {"pinned": None} for each in plan.promotion.copies] if plan.promotes else [],
        "stack": {"name": plan.names.batch_stack, "changes": plan.changes_stack, "readiness": plan.readiness},
        "parameters": [asdict(each) for each in plan.changes],
        "change_set": [asdict(each) for each in changes],
        "verifies": plan.verifies,
        "drift": [asdict(each) for each in plan.drift],
        "repairs": bool(plan.repairs),
        "nothing_to_do": plan.nothing_to_do,
        "unverified": plan.unverified,
        "schedule": list(plan.schedule),
        "notes": list(plan.notes),
    }


if __name__ == "__main__":
    sys.exit(run(main))
