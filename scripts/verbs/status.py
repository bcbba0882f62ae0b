"""``status``: what is live in every stage, and how it goes: release, model package, executions, schedule, alarms."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from scripts.terminal.command_line import argument_parser, print_json, run

if TYPE_CHECKING:
    from scripts.decisions.status import StageStatus
    from scripts.flows.stage_context import StageContext

SHOWN_EXECUTIONS = 5


def main(arguments: Sequence[str]) -> int:
    parser = argument_parser("scripts.verbs.status", __doc__ or "")
    chosen = parser.parse_args(arguments)
    from dataclasses import asdict

    from scripts.decisions.status import comparison, status_lines
    from scripts.flows.stage_context import StageContext
    from scripts.workspace.stage_files import stage_names

    names = [chosen.stage] if chosen.stage else stage_names()
    stages = [_status(StageContext.open(name, chosen.pipeline)) for name in names]
    if chosen.output == "json":
        print_json({"stages": [asdict(each) for each in stages], "comparison": comparison(stages)})
        return 0
    for each in stages:
        print("\n".join(status_lines(each)))
    sentence = comparison(stages)
    if sentence:
        print(sentence)
    return 0


def _status(context: StageContext) -> StageStatus:
    """A stage without a foundation is a status, not a failure; every other failed read is one."""
    from scripts.decisions.status import StageStatus
    from scripts.errors import FoundationError
    from scripts.flows.plan_release import verification_record
    from scripts.gateways.monitoring import alarms, rule

    stage, account = context.stage, context.settings.account
    try:
        context.foundation  # noqa: B018 (raises where there is none)
    except FoundationError as error:
        return StageStatus(stage, account, problem=f"{error.problem}; next: {error.next_command}")
    stack = context.stacks.describe(context.names.batch_stack)
    if stack is None or "ReleaseId" not in stack.parameters:
        return StageStatus(stage, account, stack_status=stack.status if stack else None)
    release_id = stack.parameters["ReleaseId"]
    record = verification_record(context, release_id)
    schedule = rule(context.account, stack.outputs["RuleName"]) if "RuleName" in stack.outputs else None
    return StageStatus(
        stage=stage,
        account=account,
        stack_status=stack.status,
        release_id=release_id,
        model_package=stack.parameters.get("ModelPackageName"),
        verified=record.passed if record else None,
        schedule=f"{schedule.expression} {schedule.state}" if schedule else None,
        executions=tuple(
            {
                "arn": each.arn,
                "name": each.display_name,
                "status": each.status,
                "started": each.started.isoformat(timespec="seconds") if each.started else "",
            }
            for each in context.pipelines.newest(context.names.sagemaker_pipeline, SHOWN_EXECUTIONS)
        ),
        alarms=tuple(
            vars(each) for each in alarms(context.account, context.stacks.resources(stack.id, "AWS::CloudWatch::Alarm"))
        ),
    )


if __name__ == "__main__":
    sys.exit(run(main))
