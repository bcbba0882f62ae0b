"""``deploy``: bring a release to a stage, run its batch inference, check the output and show predictions.

preprod gets the newest Approved model package with the pipeline and templates of the working tree; prod gets the
release that preprod verified last. Run again with nothing changed it says so and changes nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scripts.terminal.command_line import argument_parser, print_json, run

if TYPE_CHECKING:
    from scripts.decisions.deployment_plan import DeploymentPlan
    from scripts.flows.deploy_plan import Deployment
    from scripts.flows.stage_context import StageContext
    from scripts.terminal.progress import Progress


def main(arguments: Sequence[str]) -> int:
    parser = argument_parser("scripts.verbs.deploy", __doc__ or "")
    add_plan_options(parser)
    chosen = parser.parse_args(arguments)
    from scripts.flows.stage_context import StageContext

    context = StageContext.open(chosen.stage, chosen.pipeline)
    from scripts.decisions.deployment_plan import plan_lines
    from scripts.flows.deploy_plan import deploy
    from scripts.flows.plan_release import plan_deployment
    from scripts.flows.run_pipeline import require_input
    from scripts.terminal.progress import Progress

    progress = Progress()
    with progress.step(f"Plan {chosen.stage}"):
        plan = plan_deployment(context, chosen.release, chosen.unverified)
        if plan.verifies:
            require_input(context)
    if plan.nothing_to_do:
        _report_nothing(context, plan, progress, chosen.output)
        return 0
    for line in plan_lines(plan):
        progress.line(line)
    deployment = deploy(context, plan, progress)
    _report(context, plan, deployment, progress, chosen.output)
    return 0


def add_plan_options(parser: Any) -> None:
    """The options that say which release; ``plan`` and ``deploy`` have the same."""
    import os

    parser.add_argument(
        "--release", metavar="ID", help="a release by its id, instead of the newest or the last verified"
    )
    parser.add_argument(
        "--unverified",
        action="store_true",
        default=os.environ.get("UNVERIFIED") == "1",
        help="take a release that preprod has not verified; this is recorded (also: UNVERIFIED=1)",
    )


def _report_nothing(context: StageContext, plan: DeploymentPlan, progress: Progress, output: str) -> None:
    assert plan.stack is not None
    assert plan.verification is not None
    if output == "json":
        print_json(
            {**_summary(context, plan, progress), "changed": False, "outputs": {plan.stack.name: plan.stack.outputs}}
        )
        return
    record = plan.verification.content
    print(f"Nothing changed: {plan.stage} has release {plan.release.release_id}, verified. Nothing was copied or run.")
    print(f"  model package  {plan.package_from}")
    print(f"  verified       {record.get('at')}, execution {record.get('execution_arn')}")
    print(f"  predictions    {record.get('predictions')}")
    print(f"  AWS calls: {context.accounts.call_count}, {progress.total:.1f} s")


def _report(
    context: StageContext, plan: DeploymentPlan, deployment: Deployment, progress: Progress, output: str
) -> None:
    verification = deployment.verification
    foundation = context.stacks.describe(context.names.foundation_stack)
    stacks = {each.name: each.outputs for each in (foundation, deployment.stack) if each is not None}
    if output == "json":
        print_json(
            {
                **_summary(context, plan, progress),
                "changed": True,
                "model_package": {"from": plan.package_from, "to": deployment.package_arn},
                "outputs": stacks,
                "execution_arn": verification.execution_arn if verification else None,
                "predictions": verification.output.location.uri if verification else None,
                "first_rows": verification.rows if verification else [],
                "checks": [vars(check) for check in verification.checks] if verification else [],
            }
        )
        return
    from scripts.terminal.tables import predictions_table, table

    print(f"\nRelease {plan.release.release_id} is live in {plan.stage}" + (" and verified." if verification else "."))
    package = plan.release.model_package
    rows = [
        ("release", f"{plan.release_from or '(none)'} -> {plan.release.release_id}"),
        ("model package", f"{plan.package_from or '(none)'} -> {deployment.package_arn}"),
        ("source", f"{package.arn} (version {package.version})"),
    ]
    if verification:
        rows += [("execution", verification.execution_arn), ("predictions", verification.output.location.uri)]
    print("\n".join(f"  {name:<14}{value}" for name, value in rows))
    for name, outputs in stacks.items():
        print(f"\nOutputs of {name}")
        print("\n".join(f"  {key:<24}{value}" for key, value in sorted(outputs.items())))
    if verification:
        print("\nFirst predictions")
        print("\n".join(f"  {line}" for line in predictions_table(verification.rows)))
        print("\nChecks")
        print(
            "\n".join(
                f"  {'passed' if each.passed else 'FAILED'}  {each.name}: {each.detail}" for each in verification.checks
            )
        )
    print("\nTime")
    print("\n".join(f"  {line}" for line in table([(title, f"{seconds:.1f} s") for title, seconds in progress.times])))
    print(f"  total {progress.total:.1f} s, AWS calls: {context.accounts.call_count}")


def _summary(context: StageContext, plan: DeploymentPlan, progress: Progress) -> dict[str, Any]:
    return {
        "stage": plan.stage,
        "release_id": plan.release.release_id,
        "release_from": plan.release_from,
        "unverified": plan.unverified,
        "aws_calls": context.accounts.call_count,
        "aws_calls_by_operation": dict(context.accounts.calls),
        "seconds": {title: round(seconds, 2) for title, seconds in progress.times},
    }


if __name__ == "__main__":
    sys.exit(run(main))
