"""``deploy``: deploy a release to a stage, run its batch inference, check the output and show predictions.

preprod gets the newest Approved model package with the pipeline and templates of the working tree; prod gets the
release that preprod verified last. What somebody changed by hand since is put back, and said. If nothing changed
since the last run, it says so and changes nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from scripts.terminal.command_line import print_json, run, verb_parser
from scripts.terminal.progress import Progress
from scripts.terminal.tables import checks_lines, predictions_table, table
from scripts.verbs.break_glass_options import add_break_glass_option, as_typed
from scripts.verbs.plan_options import add_plan_options

if TYPE_CHECKING:
    from scripts.decisions.deployment_plan import DeploymentPlan
    from scripts.flows.deploy_plan import Deployment
    from scripts.flows.stage_context import StageContext
    from scripts.flows.verify_release import Verification

Outputs = Mapping[str, Mapping[str, str]]


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("deploy", __doc__ or "")
    add_plan_options(parser)
    add_break_glass_option(parser)
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 300 ms to import, and --help answers in 30 ms.
    from scripts.decisions.deployment_plan import plan_lines, told_lines
    from scripts.flows.break_glass import record_use, require_way
    from scripts.flows.deploy_plan import deploy
    from scripts.flows.one_at_a_time import free_of_the_dead, one_at_a_time, require_unchanged
    from scripts.flows.plan_release import plan_deployment
    from scripts.flows.run_pipeline import require_input
    from scripts.flows.stage_context import StageContext
    from scripts.flows.switch_schedule import switched_by_hand

    context = StageContext.open(chosen.stage, chosen.pipeline)
    require_way(context, "deploy", chosen.break_glass)
    progress = Progress()
    with progress.step(f"Plan {chosen.stage}"):
        plan = plan_deployment(context, chosen.release, chosen.unverified)
        if plan.verifies:
            require_input(context)
    if plan.nothing_to_do:
        for line in told_lines(plan):
            progress.line(line)
        free_of_the_dead(context, "deploy", progress)
        _report_nothing(context, plan, progress, chosen.output)
        return 0
    for line in plan_lines(plan):
        progress.line(line)
    record_use(context, "deploy", as_typed("deploy", arguments), progress, plan.release.release_id)
    with one_at_a_time(context, "deploy", context.deployment_objects, progress):
        require_unchanged(context, plan.stack)
        deployment = deploy(context, plan, progress)
    foundation = context.stacks.describe(context.names.foundation_stack)
    outputs = {each.name: each.outputs for each in (foundation, deployment.stack) if each is not None}
    by_hand = switched_by_hand(context, deployment.stack)
    if chosen.output == "json":
        told = {"schedule_by_hand": by_hand}
        print_json({**_summary(context, plan, progress), **_result(plan, deployment, outputs), **told})
    else:
        _report(plan, deployment, outputs, by_hand)
        _report_time(context, progress)
    return 0


def _report_nothing(context: StageContext, plan: DeploymentPlan, progress: Progress, output: str) -> None:
    assert plan.stack is not None
    assert plan.verification.record is not None
    if output == "json":
        print_json(
            {**_summary(context, plan, progress), "changed": False, "outputs": {plan.stack.name: plan.stack.outputs}}
        )
        return
    record = plan.verification.record
    print(f"Nothing changed: {plan.stage} has release {plan.release.release_id}, verified. Nothing was copied or run.")
    print(f"  model package  {plan.package_from}")
    print(f"  verified       {record.at}, execution {record.execution_arn}")
    print(f"  predictions    {record.predictions}")
    print(f"  AWS calls: {context.accounts.call_count}, {progress.total:.1f} s")


def _report(plan: DeploymentPlan, deployment: Deployment, outputs: Outputs, by_hand: Sequence[str]) -> None:
    verification = deployment.verification
    print(f"\nRelease {plan.release.release_id} is live in {plan.stage}" + (" and verified." if verification else "."))
    package = plan.release.model_package
    rows = [
        ("release", f"{plan.release_from or '(none)'} -> {plan.release.release_id}"),
        ("model package", f"{plan.package_from or '(none)'} -> {deployment.package_arn}"),
        ("source", f"{package.arn} (version {package.version})"),
    ]
    if plan.repairs:
        rows.append(("put back", f"{len(plan.repairs)} changed by hand: {', '.join(_repaired(plan))}"))
    if verification:
        rows += [("execution", verification.execution_arn), ("predictions", verification.output.location.uri)]
    print("\n".join(f"  {name:<14}{value}" for name, value in rows))
    for name, values in outputs.items():
        print(f"\nOutputs of {name}")
        print("\n".join(f"  {key:<24}{value}" for key, value in sorted(values.items())))
    for line in by_hand:
        print(f"\n! the schedule is {line}")
    if verification:
        _report_verification(verification)


def _repaired(plan: DeploymentPlan) -> list[str]:
    return sorted({each.resource for each in plan.repairs})


def _report_verification(verification: Verification) -> None:
    print("\nFirst predictions")
    print("\n".join(f"  {line}" for line in predictions_table(verification.rows, verification.schema)))
    print("\nChecks")
    print("\n".join(f"  {line}" for line in checks_lines(verification.checks)))


def _report_time(context: StageContext, progress: Progress) -> None:
    print("\nTime")
    print("\n".join(f"  {line}" for line in table([(title, f"{seconds:.1f} s") for title, seconds in progress.times])))
    print(f"  total {progress.total:.1f} s, AWS calls: {context.accounts.call_count}")


def _result(plan: DeploymentPlan, deployment: Deployment, outputs: Outputs) -> dict[str, Any]:
    verification = deployment.verification
    return {
        "changed": True,
        "model_package": {"from": plan.package_from, "to": deployment.package_arn},
        "outputs": outputs,
        "execution_arn": verification.execution_arn if verification else None,
        "predictions": verification.output.location.uri if verification else None,
        "first_rows": verification.rows if verification else [],
        "checks": [vars(check) for check in verification.checks] if verification else [],
    }


def _summary(context: StageContext, plan: DeploymentPlan, progress: Progress) -> dict[str, Any]:
    return {
        "stage": plan.stage,
        "release_id": plan.release.release_id,
        "release_from": plan.release_from,
        "unverified": plan.unverified,
        "repaired": [asdict(each) for each in plan.repairs],
        "drift": [asdict(each) for each in plan.told],
        "aws_calls": context.accounts.call_count,
        "aws_calls_by_operation": dict(context.accounts.calls),
        "seconds": {title: round(seconds, 2) for title, seconds in progress.times},
    }


if __name__ == "__main__":
    sys.exit(run(main))
