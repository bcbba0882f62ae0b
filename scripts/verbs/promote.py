"""``promote``: carry a release into a stage's account: its model package, its definition, and all that it pins.

What is there already is used again. The stack is left as it is: ``deploy``, or the CodePipeline, changes that.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.terminal.command_line import argument_parser, print_json, run


def main(arguments: Sequence[str]) -> int:
    parser = argument_parser("scripts.verbs.promote", __doc__ or "")
    parser.add_argument("--file", type=Path, default=Path("release.json"), help="the release to promote")
    parser.add_argument("--release", metavar="ID", help="a release by its id, instead of the file's")
    parser.add_argument("--plan-digest", metavar="DIGEST", help="refuse unless the plan is still this approved one")
    chosen = parser.parse_args(arguments)
    from scripts.flows.stage_context import StageContext

    context = StageContext.open(chosen.stage, chosen.pipeline)
    from scripts.flows.deploy_plan import record_intention, upload
    from scripts.flows.make_release import find_release, release_in_file
    from scripts.flows.plan_release import FIRST_STAGE, plan_pinned_release
    from scripts.flows.promote_package import promote
    from scripts.terminal.progress import Progress
    from scripts.verbs.build_variable import record_build_variables

    places = [context] if context.stage == FIRST_STAGE else [context.sibling(FIRST_STAGE), context]
    release = find_release(chosen.release, places, chosen.file) if chosen.release else release_in_file(chosen.file)
    if release.pipeline.name != context.settings.pipeline:
        context = StageContext.open(chosen.stage, release.pipeline.name)
    progress = Progress()
    with progress.step(f"Promote release {release.release_id} to {context.stage}"):
        plan = plan_pinned_release(context, release)
        if chosen.plan_digest:
            _require_approved_plan(plan, chosen.plan_digest)
        arn = promote(context, plan.promotion, plan.package, progress)
        upload(context, plan.uploads)
        record_intention(context, plan)
    key = plan.parameters["PipelineDefinitionS3Key"]
    record_build_variables({"MODEL_PACKAGE_NAME": arn, "PIPELINE_DEFINITION_S3_KEY": key})
    reused = plan.package is not None
    if chosen.output == "json":
        print_json(
            {"release_id": release.release_id, "model_package_arn": arn, "reused": reused, "definition_key": key}
        )
    else:
        print(f"{arn} ({'was there already' if reused else 'registered now'})")
        print(f"s3://{context.foundation.bucket}/{key}")
    return 0


def _require_approved_plan(plan: object, approved: str) -> None:
    """Raises ApprovalError where what would be deployed is not what was approved."""
    from scripts.decisions.deployment_plan import DeploymentPlan
    from scripts.decisions.evidence import plan_digest
    from scripts.errors import ApprovalError

    assert isinstance(plan, DeploymentPlan)
    if plan_digest(plan) != approved:
        raise ApprovalError(
            f"{plan.stage} is not as it was when this was approved; nothing is deployed",
            found=[f"approved plan {approved}, plan now {plan_digest(plan)}", f"live release {plan.release_from}"],
            next_command="make codepipeline   (plans again, and asks for a new approval)",
        )


if __name__ == "__main__":
    sys.exit(run(main))
