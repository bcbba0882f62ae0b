"""``plan``: show what ``deploy`` would do: which release, what is copied, the change set property by property.

It makes the very decision that deploy executes. For a stack that exists it has CloudFormation make the change set,
shows it and deletes it again; nothing else is created, copied or run.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.terminal.command_line import argument_parser, print_json, run

if TYPE_CHECKING:
    from scripts.decisions.change_set import ResourceChange
    from scripts.decisions.deployment_plan import DeploymentPlan
    from scripts.flows.stage_context import StageContext


def main(arguments: Sequence[str]) -> int:
    from scripts.verbs.deploy import add_plan_options

    parser = argument_parser("scripts.verbs.plan", __doc__ or "")
    add_plan_options(parser)
    parser.add_argument("--file", type=Path, help="plan exactly the release that this file pins")
    parser.add_argument("--evidence", metavar="FILE_OR_S3_URI", help="write the evidence for the approver there (HTML)")
    chosen = parser.parse_args(arguments)
    from scripts.flows.make_release import release_in_file
    from scripts.flows.stage_context import StageContext

    pinned = release_in_file(chosen.file) if chosen.file else None
    context = StageContext.open(chosen.stage, pinned.pipeline.name if pinned else chosen.pipeline)
    from scripts.decisions.deployment_plan import plan_lines
    from scripts.flows.plan_release import plan_deployment, plan_pinned_release
    from scripts.terminal.progress import Progress

    with Progress().step(f"Plan {chosen.stage}"):
        plan = (
            plan_pinned_release(context, pinned, unverified=chosen.unverified)
            if pinned
            else plan_deployment(context, chosen.release, chosen.unverified)
        )
        changes = _change_set(context, plan)
    if chosen.evidence:
        _write_evidence(context, plan, chosen.evidence)
    if chosen.output == "json":
        print_json(_as_json(plan, changes))
        return 0
    print("\n".join(plan_lines(plan)))
    if changes:
        print("Change set, property by property")
        print("\n".join(f"  {line}" for change in changes for line in change.lines()))
    elif plan.changes_stack and plan.stack is None:
        print("The stack is new: every resource of the template is created with these parameters")
        print("\n".join(f"    {each}" for each in plan.changes))
    return 0


def _write_evidence(context: StageContext, plan: DeploymentPlan, target: str) -> None:
    """The page, to a file or into the dev account; and what the approval says of it, for the CodePipeline."""
    from scripts.decisions.containers import s3_location
    from scripts.flows.collect_evidence import collect_evidence
    from scripts.flows.plan_release import FIRST_STAGE
    from scripts.terminal.evidence_page import evidence_lines, evidence_page
    from scripts.verbs.build_variable import record_build_variables

    evidence = collect_evidence(context, context.sibling(FIRST_STAGE), plan)
    page = evidence_page(evidence).encode()
    lines = "\n".join(evidence_lines(evidence)).encode() + b"\n"
    if target.startswith("s3://"):
        location = s3_location(target)
        context.dev_objects.write(location.bucket, location.key, page, None, "text/html; charset=utf-8")
        context.dev_objects.write(location.bucket, f"{location.key}.txt", lines, None, "text/plain; charset=utf-8")
    else:
        Path(target).write_bytes(page)
    record_build_variables({"PLAN_SUMMARY": evidence.summary, "PLAN_DIGEST": evidence.plan_digest})
    print(f"Evidence: {target}", file=sys.stderr)


def _change_set(context: StageContext, plan: DeploymentPlan) -> tuple[ResourceChange, ...]:
    """The change set of a stack that exists, made and deleted again.

    A package that is not registered yet stands in it under the ARN it will most likely get.
    """
    if plan.readiness != "update" or not plan.changes_stack:
        return ()
    from scripts.flows.deploy_plan import stack_request

    request = stack_request(plan, plan.package.arn if plan.package else _next_arn(context, plan))
    change_set = context.stacks.make_change_set(request)
    if not change_set.empty:
        context.stacks.delete_change_set(request.name, request.change_set)
    return change_set.changes


def _next_arn(context: StageContext, plan: DeploymentPlan) -> str:
    group, names = plan.promotion.group, plan.names
    versions = context.registry.versions(group) if context.registry.has_group(group) else []
    number = max((each.version for each in versions), default=0) + 1
    return f"arn:{names.partition}:sagemaker:{names.region}:{names.account}:model-package/{group.lower()}/{number}"


def _as_json(plan: DeploymentPlan, changes: tuple[ResourceChange, ...]) -> dict[str, object]:
    from dataclasses import asdict

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
        "nothing_to_do": plan.nothing_to_do,
        "unverified": plan.unverified,
    }


if __name__ == "__main__":
    sys.exit(run(main))
